// Manifests: what a schema was compiled to. They make the next compile able to say what changed and why, tell `run`
// which recipe to use, and tell `gc` what is still wanted. Nothing else depends on them: artifacts are found by digest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "compiler/contexts.h"
#include "compiler/recipe.h"
#include "compiler/repair.h"
#include "compiler/standins.h"
#include "runtime/store/artifact_file.h"

namespace pml::runtime {

using compiler::Digest;
using compiler::Slot;

/// A segment after its context: a node of the tree that contexts form (compiler/contexts.h).
struct ManifestNode {
  std::int32_t parent = compiler::kNone;  // index of the node before it in its chain, which stands before it here
  std::string module;                     // path; empty for the schema's own text
  std::string kind;                       // "bos", "static", "default", "standin", "value"
  std::int32_t number = 0;                // of the segments of this module and kind, counted from 0
  Slot first = 0;                         // in its chain (compiler/contexts.h)
  std::int32_t num_tokens = 0;
  std::string text_digest;  // of the token IDs alone
  Digest digest{};          // of the artifact
  std::string context;      // kind of context; empty: not an artifact of its own, stands in contexts only
  std::string scaffold;     // of the context: its name or number; empty: none
  /// What computing each token anew is worth (ranking.h), the largest of the schema being kMostWorth; empty: not
  /// measured.
  std::vector<std::int32_t> worth;

  static constexpr std::int32_t kMostWorth = 65535;

  bool is_artifact() const { return !context.empty(); }
};

/// A file that a manifest's text was compiled from.
struct CompiledSource {
  std::string path;              // absolute
  std::int64_t compiled_at = 0;  // nanoseconds since 1970
};

struct Manifest {
  std::string schema;                         // name
  std::string source;                         // absolute path of the file that was compiled last
  std::vector<CompiledSource> other_sources;  // files of the same text that were compiled before it, the latest first
  std::string recipe;                         // to_json(Recipe)
  std::string kv_type;
  std::string weights;
  std::string context;  // kind, for elements whose documents do not say
  std::string layout;   // "preserve", "pack"
  Slot end = 0;
  std::vector<ManifestNode> nodes;                // numbered as those of compiler::Contexts
  std::vector<compiler::StandinChoice> standins;  // of typical contexts

  std::size_t num_artifacts() const;
};

/// Copies of a schema share a manifest; it remembers this many besides the one that was compiled last.
inline constexpr std::size_t kMaxOtherSources = 15;

/// Notes what was measured.
void set_ranking(Manifest& manifest, const compiler::Ranking& ranking);
/// Notes what was measured before of the same artifacts.
void keep_ranking(Manifest& manifest, const Manifest& before);
compiler::Ranking ranking_of(const Manifest& manifest);

/// The name of a schema's manifest: it follows from the schema's text and the model.
std::string manifest_name(const ast::Schema& schema, const std::string& model_fingerprint);

/// `digests`: of the nodes of `contexts`; `otherwise`: the kind that they were declared with.
Manifest make_manifest(const compiler::Layout& layout, const compiler::Contexts& contexts, ast::ContextKind otherwise,
                       const compiler::Standins& standins, const std::vector<Digest>& digests,
                       const compiler::Recipe& recipe, std::string source);

/// What the file of the artifact of a node says. `digests`: of the nodes of `contexts`; `recipe`: to_json(Recipe).
ArtifactMetadata make_metadata(const compiler::Layout& layout, const compiler::Contexts& contexts,
                               const std::vector<Digest>& digests, std::string recipe, compiler::ChainId node);

/// An entry of a recipe in JSON; empty if it has none of that name that is a string.
std::string recipe_entry(const std::string& recipe, const char* name);

}  // namespace pml::runtime
