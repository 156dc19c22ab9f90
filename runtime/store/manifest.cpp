#include "runtime/store/manifest.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace pml::runtime {

using compiler::SegmentKind;

std::string manifest_name(const ast::Schema& schema, const std::string& model_fingerprint) {
  return "schemas/" + compiler::to_hex(compiler::sha256("pml-manifest-1\n" + model_fingerprint + "\n" + dump(schema))) +
         ".json";
}

Manifest make_manifest(const compiler::Layout& layout, const compiler::Contexts& contexts,
                       ast::ContextKind otherwise, const std::vector<Digest>& digests,
                       const compiler::Recipe& recipe) {
  Manifest manifest;
  manifest.schema = layout.schema;
  manifest.recipe = to_json(recipe);
  manifest.kv_type = recipe.kv_type;
  manifest.context = to_string(otherwise);
  manifest.end = layout.end;
  std::map<std::pair<std::string, SegmentKind>, std::int32_t> numbers;
  for (std::size_t id = 0; id < layout.segments.size(); ++id) {
    const compiler::Segment& segment = layout.segments[id];
    for (const compiler::DeclaredArtifact& artifact : contexts.artifacts[id]) {
      ManifestSegment entry;
      entry.module = layout.elements[segment.element].path;
      entry.kind = to_string(segment.kind);
      entry.number = numbers[{entry.module, segment.kind}]++;
      entry.first = segment.first;
      entry.num_tokens = static_cast<std::int32_t>(segment.tokens.size());
      entry.text_digest = compiler::to_hex(compiler::sha256(
          {reinterpret_cast<const char*>(segment.tokens.data()), segment.tokens.size() * sizeof(TokenId)}));
      entry.digest = compiler::to_hex(digests[artifact.node]);
      entry.context = to_string(artifact.kind);
      manifest.segments.push_back(std::move(entry));
    }
  }
  return manifest;
}

std::string to_json(const Manifest& manifest) {
  nlohmann::json segments = nlohmann::json::array();
  for (const ManifestSegment& segment : manifest.segments) {
    segments.push_back({{"module", segment.module},
                        {"kind", segment.kind},
                        {"number", segment.number},
                        {"first", segment.first},
                        {"num_tokens", segment.num_tokens},
                        {"text_digest", segment.text_digest},
                        {"digest", segment.digest},
                        {"context", segment.context}});
  }
  return nlohmann::json{{"schema", manifest.schema},
                        {"recipe", nlohmann::json::parse(manifest.recipe)},
                        {"context", manifest.context},
                        {"layout", {{"kind", "preserve"}, {"end", manifest.end}}},
                        {"segments", std::move(segments)}}
             .dump(1) +
         "\n";
}

std::optional<Manifest> read_manifest(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  try {
    Manifest manifest;
    manifest.schema = json.at("schema").get<std::string>();
    manifest.recipe = json.at("recipe").dump();
    manifest.kv_type = json.at("recipe").at("kv_type").get<std::string>();
    manifest.context = json.at("context").get<std::string>();
    manifest.end = json.at("layout").at("end").get<Slot>();
    for (const auto& entry : json.at("segments")) {
      manifest.segments.push_back({entry.at("module").get<std::string>(), entry.at("kind").get<std::string>(),
                                   entry.at("number").get<std::int32_t>(), entry.at("first").get<Slot>(),
                                   entry.at("num_tokens").get<std::int32_t>(),
                                   entry.at("text_digest").get<std::string>(), entry.at("digest").get<std::string>(),
                                   entry.at("context").get<std::string>()});
    }
    return manifest;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

std::optional<Manifest> latest_manifest(const Store& store, const std::string& schema) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  for (const auto& entry : fs::directory_iterator(store.folder() / "schemas", error)) {
    std::error_code ignored;
    files.emplace_back(entry.last_write_time(ignored), entry.path().filename());
  }
  std::sort(files.rbegin(), files.rend());
  for (const auto& [time, name] : files) {
    const auto text = store.read_text("schemas" / name);
    auto manifest = text ? read_manifest(*text) : std::nullopt;
    if (manifest && manifest->schema == schema) return manifest;
  }
  return std::nullopt;
}

std::string_view to_string(EncodeReason reason) {
  constexpr std::array<std::string_view, 5> kNames{"new", "edited", "context", "recipe", "damaged"};
  return kNames[static_cast<std::size_t>(reason)];
}

EncodeReason reason_to_encode(const ManifestSegment& now, const std::string& recipe,
                              const std::optional<Manifest>& before) {
  if (!before) return EncodeReason::fresh;
  const auto same_place = [&](const ManifestSegment& segment) {
    return segment.module == now.module && segment.kind == now.kind && segment.number == now.number;
  };
  const auto earlier = std::find_if(before->segments.begin(), before->segments.end(), same_place);
  if (earlier == before->segments.end()) return EncodeReason::fresh;
  if (earlier->text_digest != now.text_digest) return EncodeReason::edited;
  if (before->recipe != recipe) return EncodeReason::recipe;
  // The same artifact as before, and yet it is not there.
  return earlier->digest == now.digest ? EncodeReason::damaged : EncodeReason::context;
}

}  // namespace pml::runtime
