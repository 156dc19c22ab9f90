// Manifests: what a schema was compiled to. They make the next compile able to say what changed and why, tell `run`
// which recipe to use, and tell `gc` what is still wanted. Nothing else depends on them: artifacts are found by digest.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/contexts.h"
#include "compiler/recipe.h"
#include "runtime/store/store.h"

namespace pml::runtime {

/// A segment after its context: a node of the tree that contexts form (compiler/contexts.h).
struct ManifestNode {
  std::int32_t parent = compiler::kNone;  // index of the node before it in its chain, which stands before it here
  std::string module;                     // path; empty for the schema's own text
  std::string kind;                       // "bos", "static", "default", "standin"
  std::int32_t number = 0;                // of the segments of this module and kind, counted from 0
  Slot first = 0;
  std::int32_t num_tokens = 0;
  std::string text_digest;  // of the token IDs alone
  Digest digest{};          // of the artifact
  std::string context;      // kind of context; empty: not an artifact of its own, stands in contexts only

  bool is_artifact() const { return !context.empty(); }
};

struct Manifest {
  std::string schema;  // name
  std::string source;  // absolute path of the file that was compiled
  std::string recipe;  // to_json(Recipe)
  std::string kv_type;
  std::string compute;
  std::string context;  // kind, for elements whose documents do not say
  Slot end = 0;
  std::vector<ManifestNode> nodes;  // numbered as those of compiler::Contexts

  std::size_t num_artifacts() const;
};

/// The name of a schema's manifest: it follows from the schema's text and the model.
std::string manifest_name(const ast::Schema& schema, const std::string& model_fingerprint);

/// `digests`: of the nodes of `contexts`; `otherwise`: the kind that they were declared with.
Manifest make_manifest(const compiler::Layout& layout, const compiler::Contexts& contexts, ast::ContextKind otherwise,
                       const std::vector<Digest>& digests, const compiler::Recipe& recipe, std::string source);

std::string to_json(const Manifest& manifest);
/// Nothing if the text is not a manifest.
std::optional<Manifest> read_manifest(const std::string& text);

struct StoredManifest {
  std::filesystem::path name;    // below the store's folder
  std::int64_t compiled_at = 0;  // nanoseconds since 1970
  std::uint64_t size_bytes = 0;
  Manifest manifest;
};

/// All manifests of the store, the most recently compiled first. Files that are no manifests are passed over.
std::vector<StoredManifest> read_manifests(const Store& store);
/// The most recent one that was compiled from the file `source`, else that of a schema of that name; null if there
/// is none.
const StoredManifest* latest_manifest(const std::vector<StoredManifest>& manifests, const std::string& schema,
                                      const std::string& source);

}  // namespace pml::runtime
