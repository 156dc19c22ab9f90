#include "runtime/store/manifest_json.h"

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "compiler/json_file.h"
#include "compiler/quote.h"

namespace pml::runtime {
namespace {

constexpr std::int32_t kMaxInt32 = std::numeric_limits<std::int32_t>::max();

/// Takes the members out of an object. The first that is not as it must be is named in `mistake`; whatever is read
/// after it means nothing.
class Members {
 public:
  /// `place` stands before the names: "segments[3].". `object` and `mistake` outlive this.
  Members(const nlohmann::json& object, std::string place, std::string& mistake)
      : object_(object), place_(std::move(place)), mistake_(mistake) {}

  const nlohmann::json& array(const char* key) {
    const nlohmann::json& value = compiler::member(object_, key);
    if (!value.is_array()) blame(key, "is not a list");
    return value;
  }
  std::string text(const char* key) {
    const nlohmann::json& value = compiler::member(object_, key);
    if (!value.is_string()) blame(key, "is not a text");
    return value.is_string() ? value.get<std::string>() : "";
  }
  /// `count` whole numbers from 0 on; empty if there are none.
  std::vector<std::int32_t> optional_numbers(const char* key, std::int32_t count, std::int32_t most) {
    std::vector<std::int32_t> numbers;
    if (!object_.contains(key)) return numbers;
    const nlohmann::json& list = array(key);
    if (list.size() != static_cast<std::size_t>(count)) blame(key, "is no list of " + std::to_string(count));
    for (const nlohmann::json& value : list) {
      const auto number = compiler::whole_number(value, 0, most);
      if (!number) blame(key, "holds what is no whole number from 0 to " + std::to_string(most));
      numbers.push_back(static_cast<std::int32_t>(number.value_or(0)));
    }
    return numbers;
  }
  bool optional_flag(const char* key) {
    if (!object_.contains(key)) return false;
    const nlohmann::json& value = compiler::member(object_, key);
    if (!value.is_boolean()) blame(key, "is neither true nor false");
    return value.is_boolean() && value.get<bool>();
  }
  /// Empty if there is none.
  std::string optional_text(const char* key) { return object_.contains(key) ? text(key) : ""; }
  std::string one_of(const char* key, std::initializer_list<std::string_view> known) {
    std::string value = text(key);
    if (std::find(known.begin(), known.end(), value) == known.end()) blame(key, "is nothing that is known here");
    return value;
  }
  Digest digest(const char* key) {
    const auto value = compiler::from_hex(text(key));
    if (!value) blame(key, "is not a digest");
    return value.value_or(Digest{});
  }
  std::int64_t whole_number(const char* key, std::int64_t least, std::int64_t most) {
    const auto number = compiler::whole_number(compiler::member(object_, key), least, most);
    if (!number) blame(key, "is not a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return number.value_or(least);
  }
  std::int32_t int32(const char* key, std::int32_t least, std::int32_t most = kMaxInt32) {
    return static_cast<std::int32_t>(whole_number(key, least, most));
  }

 private:
  void blame(const char* key, const std::string& why) {
    if (mistake_.empty()) mistake_ = compiler::quote(place_ + key) + " " + why;
  }

  const nlohmann::json& object_;
  std::string place_;
  std::string& mistake_;
};

std::string place_in(const char* list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "].";
}

/// The recipe as it is hashed. Flat, and of types that this version knows: what a manifest says is used to encode.
std::string read_recipe(const nlohmann::json& json, std::string& mistake) {
  Members recipe(json, "recipe.", mistake);
  recipe.one_of("kv_type", {"f16", "f32", "bf16"});
  recipe.one_of("weights", {"f32", "bf16", "stored", "q8", "q4"});
  if (!mistake.empty()) return "";
  for (const auto& [name, value] : json.items()) {
    if (name == "encoder") {
      recipe.int32("encoder", 0);
    } else {
      recipe.text(name.c_str());
    }
  }
  return json.dump();
}

/// `index`: how many nodes stand before it; `end`: number of slots of the layout.
ManifestNode read_node(Members entry, std::size_t index, Slot end) {
  ManifestNode node;
  node.parent = entry.int32("parent", compiler::kNone, static_cast<std::int32_t>(index) - 1);
  node.module = entry.text("module");
  node.kind = entry.one_of("kind", {"bos", "static", "default", "standin", "value"});
  node.number = entry.int32("number", 0);
  node.first = entry.int32("first", 0, end);
  node.num_tokens = entry.int32("num_tokens", 1, end - node.first);
  node.text_digest = compiler::to_hex(entry.digest("text_digest"));
  node.digest = entry.digest("digest");
  node.context = entry.one_of("context", {"", "isolated", "guaranteed", "typical", "adjacent"});
  node.scaffold = entry.optional_text("scaffold");
  node.worth = entry.optional_numbers("worth", node.num_tokens, ManifestNode::kMostWorth);
  return node;
}

}  // namespace

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
    if (!node.scaffold.empty()) segments.back()["scaffold"] = node.scaffold;
    if (!node.worth.empty()) segments.back()["worth"] = node.worth;
  }
  nlohmann::json json{{"schema", manifest.schema},
                      {"source", manifest.source},
                      {"recipe", nlohmann::json::parse(manifest.recipe)},
                      {"context", manifest.context},
                      {"layout", {{"kind", manifest.layout}, {"end", manifest.end}}},
                      {"segments", std::move(segments)}};
  for (const compiler::StandinChoice& choice : manifest.standins) {
    json["standins"].push_back({{"place", choice.place}, {"member", choice.member}, {"text", choice.text}});
    if (choice.is_measured) json["standins"].back()["measured"] = true;
  }
  for (const CompiledSource& other : manifest.other_sources) {
    json["other_sources"].push_back({{"path", other.path}, {"compiled_at", other.compiled_at}});
  }
  return json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Result<Manifest> read_manifest(std::string_view text) {
  const auto parsed = compiler::parse_json_object(text);
  if (!parsed) return fail("it " + parsed.error().message);
  const nlohmann::json& json = *parsed;
  std::string mistake;
  Members top(json, "", mistake);
  Manifest manifest;
  manifest.schema = top.text("schema");
  manifest.source = top.text("source");
  manifest.context = top.one_of("context", {"isolated", "guaranteed", "typical", "adjacent"});
  manifest.recipe = read_recipe(compiler::member(json, "recipe"), mistake);
  manifest.kv_type = recipe_entry(manifest.recipe, "kv_type");
  manifest.weights = recipe_entry(manifest.recipe, "weights");
  Members layout(compiler::member(json, "layout"), "layout.", mistake);
  manifest.layout = layout.one_of("kind", {"preserve", "pack"});
  manifest.end = layout.int32("end", 0);
  const nlohmann::json& segments = top.array("segments");
  for (std::size_t i = 0; mistake.empty() && i < segments.size(); ++i) {
    // Contexts of packed modules may be longer than the shortest prompt, which the layout is.
    const Slot end = manifest.layout == "pack" ? kMaxInt32 : manifest.end;
    manifest.nodes.push_back(read_node({segments[i], place_in("segments", i), mistake}, i, end));
  }
  if (json.contains("standins")) {
    const nlohmann::json& standins = top.array("standins");
    for (std::size_t i = 0; mistake.empty() && i < standins.size(); ++i) {
      Members choice(standins[i], place_in("standins", i), mistake);
      manifest.standins.push_back(
          {choice.text("place"), choice.text("member"), choice.text("text"), choice.optional_flag("measured")});
    }
  }
  if (json.contains("other_sources")) {
    const nlohmann::json& others = top.array("other_sources");
    for (std::size_t i = 0; mistake.empty() && i < others.size(); ++i) {
      Members other(others[i], place_in("other_sources", i), mistake);
      manifest.other_sources.push_back(
          {other.text("path"), other.whole_number("compiled_at", 0, std::numeric_limits<std::int64_t>::max())});
    }
  }
  if (!mistake.empty()) return fail(mistake);
  return manifest;
}

}  // namespace pml::runtime
