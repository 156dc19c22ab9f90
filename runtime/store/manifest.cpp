#include "runtime/store/manifest.h"

#include <sys/stat.h>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>

#include "compiler/json_file.h"

namespace pml::runtime {

using compiler::SegmentKind;

namespace {

/// Flat, and of types that this version knows: what a manifest says is used to encode.
bool is_recipe(const nlohmann::json& json) {
  if (!json.is_object()) return false;
  for (const auto& [name, value] : json.items()) {
    if (!value.is_string() && !(name == "encoder" && value.is_number_integer())) return false;
  }
  const auto is_one_of = [&](const char* name, std::initializer_list<const char*> known) {
    const std::string type = json.value(name, "");
    return std::any_of(known.begin(), known.end(), [&](const char* candidate) { return type == candidate; });
  };
  return is_one_of("kv_type", {"f16", "f32", "bf16"}) && is_one_of("compute", {"f32", "bf16"});
}

}  // namespace

std::size_t Manifest::num_artifacts() const {
  return static_cast<std::size_t>(
      std::count_if(nodes.begin(), nodes.end(), [](const ManifestNode& node) { return node.is_artifact(); }));
}

std::string manifest_name(const ast::Schema& schema, const std::string& model_fingerprint) {
  return "schemas/" + compiler::to_hex(compiler::sha256("pml-manifest-2\n" + model_fingerprint + "\n" + dump(schema))) +
         ".json";
}

Manifest make_manifest(const compiler::Layout& layout, const compiler::Contexts& contexts, ast::ContextKind otherwise,
                       const std::vector<Digest>& digests, const compiler::Recipe& recipe, std::string source) {
  std::map<std::pair<std::string_view, SegmentKind>, std::int32_t> counts;
  std::vector<std::int32_t> numbers;
  std::vector<std::string> text_digests;
  for (const compiler::Segment& segment : layout.segments) {
    numbers.push_back(counts[{layout.elements[segment.element].path, segment.kind}]++);
    text_digests.push_back(compiler::to_hex(compiler::sha256(
        {reinterpret_cast<const char*>(segment.tokens.data()), segment.tokens.size() * sizeof(TokenId)})));
  }
  Manifest manifest;
  manifest.schema = layout.schema;
  manifest.source = std::move(source);
  manifest.recipe = to_json(recipe);
  manifest.kv_type = recipe.kv_type;
  manifest.compute = recipe.compute;
  manifest.context = to_string(otherwise);
  manifest.end = layout.end;
  for (std::size_t id = 0; id < contexts.nodes.size(); ++id) {
    const compiler::SegmentId segment_id = contexts.nodes[id].segment;
    const compiler::Segment& segment = layout.segments[segment_id];
    ManifestNode& node = manifest.nodes.emplace_back();
    node.parent = contexts.nodes[id].parent;
    node.module = layout.elements[segment.element].path;
    node.kind = to_string(segment.kind);
    node.number = numbers[segment_id];
    node.first = segment.first;
    node.num_tokens = static_cast<std::int32_t>(segment.tokens.size());
    node.text_digest = text_digests[segment_id];
    node.digest = digests[id];
  }
  for (const auto& artifacts : contexts.artifacts) {
    for (const compiler::DeclaredArtifact& artifact : artifacts) {
      manifest.nodes[artifact.node].context = to_string(artifact.kind);
    }
  }
  return manifest;
}

std::string to_json(const Manifest& manifest) {
  nlohmann::json segments = nlohmann::json::array();
  for (const ManifestNode& node : manifest.nodes) {
    segments.push_back({{"parent", node.parent},
                        {"module", node.module},
                        {"kind", node.kind},
                        {"number", node.number},
                        {"first", node.first},
                        {"num_tokens", node.num_tokens},
                        {"text_digest", node.text_digest},
                        {"digest", compiler::to_hex(node.digest)},
                        {"context", node.context}});
  }
  return nlohmann::json{{"schema", manifest.schema},
                        {"source", manifest.source},
                        {"recipe", nlohmann::json::parse(manifest.recipe)},
                        {"context", manifest.context},
                        {"layout", {{"kind", "preserve"}, {"end", manifest.end}}},
                        {"segments", std::move(segments)}}
             .dump(1, ' ', false, nlohmann::json::error_handler_t::replace) +
         "\n";
}

std::optional<Manifest> read_manifest(const std::string& text) {
  const auto parsed = compiler::parse_json_object(text);
  if (!parsed) return std::nullopt;
  const nlohmann::json& json = *parsed;
  try {
    if (!is_recipe(json.at("recipe")) || !json.at("segments").is_array()) return std::nullopt;
    Manifest manifest;
    manifest.schema = json.at("schema").get<std::string>();
    manifest.source = json.at("source").get<std::string>();
    manifest.recipe = json.at("recipe").dump();
    manifest.kv_type = json.at("recipe").at("kv_type").get<std::string>();
    manifest.compute = json.at("recipe").at("compute").get<std::string>();
    manifest.context = json.at("context").get<std::string>();
    manifest.end = json.at("layout").at("end").get<Slot>();
    if (manifest.context != "isolated" && manifest.context != "guaranteed") return std::nullopt;
    for (const auto& entry : json.at("segments")) {
      const auto digest = compiler::from_hex(entry.at("digest").get<std::string>());
      ManifestNode node{entry.at("parent").get<std::int32_t>(),
                        entry.at("module").get<std::string>(),
                        entry.at("kind").get<std::string>(),
                        entry.at("number").get<std::int32_t>(),
                        entry.at("first").get<Slot>(),
                        entry.at("num_tokens").get<std::int32_t>(),
                        entry.at("text_digest").get<std::string>(),
                        digest.value_or(Digest{}),
                        entry.at("context").get<std::string>()};
      const bool is_chain =
          node.parent >= compiler::kNone && node.parent < static_cast<std::int32_t>(manifest.nodes.size());
      if (!digest || !is_chain || node.first < 0 || node.num_tokens <= 0) return std::nullopt;
      manifest.nodes.push_back(std::move(node));
    }
    return manifest;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

std::vector<StoredManifest> read_manifests(const Store& store) {
  namespace fs = std::filesystem;
  std::vector<StoredManifest> manifests;
  std::error_code error;
  for (fs::directory_iterator at(store.folder() / "schemas", error), end; !error && at != end; at.increment(error)) {
    struct stat status {};
    if (at->path().extension() != ".json" || ::stat(at->path().c_str(), &status) != 0) continue;
    const fs::path name = "schemas" / at->path().filename();
    const auto text = store.read_text(name);
    auto manifest = text ? read_manifest(*text) : std::nullopt;
    if (!manifest) continue;
    manifests.push_back({name, status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec,
                         static_cast<std::uint64_t>(status.st_size), std::move(*manifest)});
  }
  std::sort(manifests.begin(), manifests.end(), [](const StoredManifest& a, const StoredManifest& b) {
    return std::pair(b.compiled_at, a.name) < std::pair(a.compiled_at, b.name);
  });
  return manifests;
}

const StoredManifest* latest_manifest(const std::vector<StoredManifest>& manifests, const std::string& schema,
                                      const std::string& source) {
  const StoredManifest* same_name = nullptr;
  for (const StoredManifest& stored : manifests) {
    if (stored.manifest.source == source) return &stored;
    if (same_name == nullptr && stored.manifest.schema == schema) same_name = &stored;
  }
  return same_name;
}

}  // namespace pml::runtime
