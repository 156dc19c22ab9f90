// Manifests: what a schema was compiled to. They make the next compile able to say what changed and why, and
// tell `run` which recipe to use. Nothing else depends on them: artifacts are found by digest.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/contexts.h"
#include "compiler/recipe.h"
#include "runtime/store/store.h"

namespace pml::runtime {

struct ManifestSegment {
  std::string module;  // path; empty for the schema's own text
  std::string kind;    // "static", "default", "bos"
  std::int32_t number = 0;  // of the segments of this module and kind, counted from 0
  Slot first = 0;
  std::int32_t num_tokens = 0;
  std::string text_digest;  // of the token IDs alone
  std::string digest;       // of the artifact
  std::string context;      // kind
};

struct Manifest {
  std::string schema;
  std::string recipe;  // to_json(Recipe)
  std::string kv_type;
  std::string context;  // kind, for elements whose documents do not say
  Slot end = 0;
  std::vector<ManifestSegment> segments;
};

/// The name of a schema's manifest: it follows from the schema's text and the model.
std::string manifest_name(const ast::Schema& schema, const std::string& model_fingerprint);

/// `digests`: of the nodes of `contexts`; `otherwise`: the kind that they were declared with.
Manifest make_manifest(const compiler::Layout& layout, const compiler::Contexts& contexts,
                       ast::ContextKind otherwise, const std::vector<Digest>& digests,
                       const compiler::Recipe& recipe);

std::string to_json(const Manifest& manifest);
/// Nothing if the text is not a manifest.
std::optional<Manifest> read_manifest(const std::string& text);

/// The most recent manifest of a schema of that name, for comparison.
std::optional<Manifest> latest_manifest(const Store& store, const std::string& schema);

enum class EncodeReason { fresh, edited, context, recipe, damaged };
/// "new", "edited", "context", "recipe", "damaged".
std::string_view to_string(EncodeReason reason);
/// Why a segment of `now` has no artifact yet, given what was compiled before.
EncodeReason reason_to_encode(const ManifestSegment& now, const std::string& recipe,
                              const std::optional<Manifest>& before);

}  // namespace pml::runtime
