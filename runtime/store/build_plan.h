// What a compile has to encode, and why: the difference between what a schema declares and what the store holds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/store/manifest.h"
#include "runtime/store/store.h"

namespace pml::runtime {

enum class EncodeReason {
  fresh,    // the schema had no such segment, or the store has lost its file
  edited,   // its text is another
  context,  // what stands before it, or where it stands, is another
  recipe,   // another model, KV type, ...
  damaged,  // its file is broken
};
/// "new", "edited", "context", "recipe", "damaged".
std::string_view to_string(EncodeReason reason);

struct BuildStep {
  compiler::ChainId node = 0;
  EncodeReason reason = EncodeReason::fresh;
  std::string detail;  // for people: what changed; may be empty
};

struct BuildPlan {
  /// By their place in the tree of contexts: parents first, siblings side by side (they are encoded together), and what
  /// is below one of them before what is below the next, so that an encoder needs little more than one chain in memory.
  std::vector<BuildStep> steps;
  std::int64_t num_tokens = 0;  // that go through the model: of the steps, and of contexts that are not stored
};

/// Opens and checks every artifact that `manifest` names. `shape` is that of the model's KV, `before` what was
/// compiled last (null: nothing). Damaged files are warned about by the store.
BuildPlan plan_build(const Store& store, const Manifest& manifest, const KvShape& shape, const Manifest* before);

}  // namespace pml::runtime
