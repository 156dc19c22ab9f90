#include "runtime/store/manifest.h"

#include <algorithm>
#include <map>

#include "compiler/json_file.h"

namespace pml::runtime {

using compiler::SegmentKind;

std::size_t Manifest::num_artifacts() const {
  return static_cast<std::size_t>(
      std::count_if(nodes.begin(), nodes.end(), [](const ManifestNode& node) { return node.is_artifact(); }));
}

void set_ranking(Manifest& manifest, const compiler::Ranking& ranking) {
  float most = 0.0F;
  for (const std::vector<float>& worth : ranking) {
    for (const float value : worth) most = std::max(most, value);
  }
  for (std::size_t id = 0; id < ranking.size() && most > 0.0F; ++id) {
    manifest.nodes[id].worth.clear();
    for (const float value : ranking[id]) {
      manifest.nodes[id].worth.push_back(static_cast<std::int32_t>(value / most * ManifestNode::kMostWorth));
    }
  }
}

void keep_ranking(Manifest& manifest, const Manifest& before) {
  std::map<Digest, const ManifestNode*> known;
  for (const ManifestNode& node : before.nodes) known.emplace(node.digest, &node);
  for (ManifestNode& node : manifest.nodes) {
    const auto found = known.find(node.digest);
    if (node.worth.empty() && found != known.end()) node.worth = found->second->worth;
  }
}

compiler::Ranking ranking_of(const Manifest& manifest) {
  compiler::Ranking ranking;
  for (const ManifestNode& node : manifest.nodes) ranking.emplace_back(node.worth.begin(), node.worth.end());
  return ranking;
}

std::string manifest_name(const ast::Schema& schema, const std::string& model_fingerprint) {
  return "schemas/" + compiler::to_hex(compiler::sha256("pml-manifest-2\n" + model_fingerprint + "\n" + dump(schema))) +
         ".json";
}

Manifest make_manifest(const compiler::Layout& layout, const compiler::Contexts& contexts, ast::ContextKind otherwise,
                       const compiler::Standins& standins, const std::vector<Digest>& digests,
                       const compiler::Recipe& recipe, std::string source) {
  std::map<std::pair<std::string_view, SegmentKind>, std::int32_t> counts;
  std::vector<std::int32_t> numbers;
  std::vector<std::string> text_digests;
  for (const compiler::Segment& segment : layout.segments) {
    numbers.push_back(counts[{layout.elements[segment.element].path, segment.kind}]++);
    text_digests.push_back(compiler::to_hex(compiler::sha256(
        {reinterpret_cast<const char*>(segment.tokens.data()), segment.tokens.size() * sizeof(compiler::TokenId)})));
  }
  Manifest manifest;
  manifest.schema = layout.schema;
  manifest.source = std::move(source);
  manifest.recipe = to_json(recipe);
  manifest.kv_type = recipe.kv_type;
  manifest.weights = recipe.weights;
  manifest.context = to_string(otherwise);
  manifest.layout = to_string(layout.kind);
  manifest.end = layout.end;
  manifest.standins = describe_standins(layout, standins);
  for (std::size_t id = 0; id < contexts.nodes.size(); ++id) {
    const compiler::SegmentId segment_id = contexts.nodes[id].segment;
    const compiler::Segment& segment = layout.segments[segment_id];
    ManifestNode& node = manifest.nodes.emplace_back();
    node.parent = contexts.nodes[id].parent;
    node.module = layout.elements[segment.element].path;
    node.kind = to_string(segment.kind);
    node.number = numbers[segment_id];
    node.first = contexts.nodes[id].first;
    node.num_tokens = static_cast<std::int32_t>(segment.tokens.size());
    node.text_digest = text_digests[segment_id];
    node.digest = digests[id];
  }
  for (const auto& artifacts : contexts.artifacts) {
    for (const compiler::DeclaredArtifact& artifact : artifacts) {
      ManifestNode& node = manifest.nodes[artifact.node];
      node.context = to_string(artifact.kind);
      if (artifact.scaffold == compiler::kNone) continue;
      const std::string& name = contexts.scaffolds[artifact.scaffold].name;
      node.scaffold = name.empty() ? std::to_string(artifact.scaffold + 1) : name;
    }
  }
  return manifest;
}

ArtifactMetadata make_metadata(const compiler::Layout& layout, const compiler::Contexts& contexts,
                               const std::vector<Digest>& digests, std::string recipe, compiler::ChainId node) {
  const compiler::Segment& segment = layout.segments[contexts.nodes[node].segment];
  ArtifactMetadata metadata;
  metadata.digest = digests[node];
  metadata.recipe = std::move(recipe);
  metadata.tokens = segment.tokens;
  metadata.origin = metadata.first = contexts.nodes[node].first;
  for (auto at = contexts.nodes[node].parent; at != compiler::kNone; at = contexts.nodes[at].parent) {
    metadata.context.push_back(digests[at]);
    metadata.origin = contexts.nodes[at].first;
  }
  std::reverse(metadata.context.begin(), metadata.context.end());
  return metadata;
}

std::string recipe_entry(const std::string& recipe, const char* name) {
  const auto json = compiler::parse_json(recipe);
  return json ? std::string(compiler::string_member(*json, name)) : "";
}

}  // namespace pml::runtime
