// What a compile has to encode, and why: the difference between what a schema declares and what the store holds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/store/manifest.h"

namespace pml::runtime {

enum class EncodeReason {
  fresh,    // the schema had no such segment
  edited,   // its text is another
  context,  // what stands before it, or where it stands, is another
  recipe,   // another model, KV type, ...
  damaged,  // it was compiled before, and its file is broken or gone
};
/// "new", "edited", "context", "recipe", "damaged".
std::string_view to_string(EncodeReason reason);

struct BuildStep {
  compiler::ChainId node = 0;
  EncodeReason reason = EncodeReason::fresh;
  std::string detail;  // for people: what changed; may be empty
};

struct BuildPlan {
  /// Depth first in the tree of contexts, so that an encoder needs no more than one chain in memory.
  std::vector<BuildStep> steps;
  std::int64_t num_tokens = 0;  // that go through the model: of the steps, and of contexts that are not stored
  std::int64_t size_bytes = 0;  // of the keys and values that the store gets
};

/// Opens and checks every artifact that `manifest` names. `shape` is that of the model's KV, `before` what was
/// compiled last (null: nothing). Damaged files are warned about by the store.
BuildPlan plan_build(const Store& store, const Manifest& manifest, const KvShape& shape, const Manifest* before);

}  // namespace pml::runtime
