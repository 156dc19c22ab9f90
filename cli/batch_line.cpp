#include "cli/batch_line.h"

#include <algorithm>
#include <array>
#include <random>
#include <set>

#include "cli/line_input.h"
#include "grammar/ast.h"
#include "grammar/xml.h"

namespace pml::cli {
namespace {

using grammar::DiagnosticKind;
using grammar::JsonValue;
using runtime::OptionRange;

/// The fields that say what the prompt is.
constexpr std::array<std::string_view, 3> kPrompts{"prompt", "file", "select"};

/// The fields of one line by name. What is wrong with one of them is said, and it is as if it were not there.
class Fields {
 public:
  Fields(const JsonValue& line, const grammar::SourceSet& sources, grammar::Diagnostics& diagnostics)
      : line_(line), sources_(sources), diagnostics_(diagnostics) {}

  void check_names() {
    static const std::set<std::string_view> kKnown{"id",          "prompt", "file",  "select", "user", "max_tokens",
                                                   "temperature", "top_k",  "top_p", "min_p",  "seed", "stop"};
    static const std::vector<std::string_view> kCandidates(kKnown.begin(), kKnown.end());
    std::set<std::string_view> unknown;
    for (const JsonValue& key : line_.keys) {
      if (kKnown.contains(key.text) || !unknown.insert(key.text).second) continue;
      refuse(DiagnosticKind::bad_json, key.place,
             "`" + key.text + "` is not a field of a batch's line" + grammar::did_you_mean(key.text, kCandidates));
    }
  }

  bool has(std::string_view name) const { return line_.find(name) != nullptr; }

  const JsonValue* text(std::string_view name) {
    const JsonValue* value = line_.find(name);
    if (value == nullptr || value->type == JsonValue::Type::string) return value;
    refuse(DiagnosticKind::bad_json, value->place, "`" + std::string(name) + "` must be a string");
    return nullptr;
  }

  /// The name of the prompt's field; empty if there is none, or more than one.
  std::string_view prompt_name() {
    std::vector<const JsonValue*> keys;
    for (const JsonValue& key : line_.keys) {
      const bool is_first = std::ranges::find(keys, key.text, &JsonValue::text) == keys.end();
      if (is_first && std::ranges::find(kPrompts, key.text) != kPrompts.end()) keys.push_back(&key);
    }
    if (keys.size() == 1) return keys.front()->text;
    if (keys.size() > 1) {
      auto& diagnostic =
          refuse(DiagnosticKind::bad_json, keys[1]->place, "`prompt`, `file` and `select` are alternatives");
      diagnostic.notes.push_back({keys[0]->place, "the other one stands here"});
    }
    return "";
  }

  /// A document, or an object.
  bool read_prompt(PromptText& prompt) {
    const JsonValue& value = *line_.find("prompt");
    if (value.type == JsonValue::Type::object) {
      prompt.object = value;
    } else if (value.type == JsonValue::Type::string) {
      prompt.text_place = value.place;
      prompt.set_document(without_mark(value, *prompt.text_place));
    } else {
      refuse(DiagnosticKind::bad_json, value.place, "`prompt` must be a string or an object");
      return false;
    }
    return true;
  }

  bool read_selection(PromptText& prompt) {
    const JsonValue* value = text("select");
    if (value == nullptr) return false;
    prompt.text_place = value->place;
    prompt.expression = without_mark(*value, *prompt.text_place);
    return true;
  }

  bool read_file(const std::filesystem::path& folder, PromptText& prompt) {
    const JsonValue* name = text("file");
    if (name == nullptr) return false;
    if (name->text.empty() || name->text.find('\0') != std::string::npos) {
      refuse(DiagnosticKind::bad_value, name->place,
             name->text.empty() ? "`file` is empty" : "`file` holds the character U+0000");
      return false;
    }
    const std::filesystem::path path = folder / name->text;
    auto content = grammar::read_text_file(path, grammar::ReadLimits{}.document_bytes);
    if (!content) {
      refuse(DiagnosticKind::src_unreadable, name->place,
             ast::in_quotes(path.string()) + " " + content.error().message);
      return false;
    }
    prompt.name = path.string();
    prompt.folder = path.parent_path();
    prompt.set_document(std::move(*content));
    return true;
  }

  void read(const char* name, std::int32_t& number, const OptionRange& range) {
    const JsonValue* value = line_.find(name);
    if (value == nullptr) return;
    const Json json = this->number(*value);
    if (json.is_number_integer() && range.contains(json.get<double>())) {
      number = json.get<std::int32_t>();
    } else {
      refuse(DiagnosticKind::bad_value, value->place,
             std::string("`") + name + "` must be a whole number " + to_string(range));
    }
  }
  void read(const char* name, double& number, const OptionRange& range) {
    const JsonValue* value = line_.find(name);
    if (value == nullptr) return;
    const Json json = this->number(*value);
    if (json.is_number() && range.contains(json.get<double>())) {
      number = json.get<double>();
    } else {
      refuse(DiagnosticKind::bad_value, value->place,
             std::string("`") + name + "` must be a number " + to_string(range));
    }
  }
  void read_seed(std::uint64_t& seed) {
    const JsonValue& value = *line_.find("seed");
    const Json json = number(value);
    if (json.is_number_unsigned()) {
      seed = json.get<std::uint64_t>();
    } else {
      refuse(DiagnosticKind::bad_value, value.place, "`seed` must be a whole number from 0 to 18446744073709551615");
    }
  }
  void read_stops(std::vector<std::string>& stops) {
    const JsonValue* value = line_.find("stop");
    if (value == nullptr) return;
    stops.clear();
    if (value->type != JsonValue::Type::array) return read_stop(*value, stops);
    for (const JsonValue& entry : value->values) read_stop(entry, stops);
  }

  grammar::Diagnostic& refuse(DiagnosticKind kind, const grammar::Place& place, std::string message) {
    return diagnostics_.add(kind, place, std::move(message));
  }

 private:
  /// The string's text without a byte order mark; `place` then leaves it out, too.
  std::string without_mark(const JsonValue& string, grammar::Place& place) const {
    std::string text = grammar::without_byte_order_mark(string.text);
    const std::size_t mark_size = string.text.size() - text.size();
    constexpr std::uint32_t kEscapeSize = 6;  // "\ufeff"
    if (mark_size > 0) {
      place.begin += sources_.text(place).starts_with('\\') ? kEscapeSize : static_cast<std::uint32_t>(mark_size);
    }
    return text;
  }

  /// Null if the value is none.
  Json number(const JsonValue& value) const {
    if (value.type != JsonValue::Type::other) return nullptr;
    return Json::parse(sources_.text(value.place), nullptr, /*allow_exceptions=*/false);
  }

  void read_stop(const JsonValue& value, std::vector<std::string>& stops) {
    if (value.type != JsonValue::Type::string) {
      refuse(DiagnosticKind::bad_json, value.place, "`stop` must be a string, or an array of strings");
    } else if (value.text.empty()) {
      refuse(DiagnosticKind::bad_value, value.place, "an empty `stop` stands before every answer");
    } else {
      stops.push_back(value.text);
    }
  }

  const JsonValue& line_;
  const grammar::SourceSet& sources_;
  grammar::Diagnostics& diagnostics_;
};

}  // namespace

std::optional<JsonValue> parse_batch_line(grammar::SourceId line, const grammar::SourceSet& sources,
                                          grammar::Diagnostics& diagnostics) {
  if (sources[line].text().size() > LineInput::kMaxLineBytes) {
    diagnostics.add(DiagnosticKind::bad_json, {line, 0, 0}, "the line is longer than 16 MiB");
    return std::nullopt;
  }
  if (!check_encoding(line, sources, diagnostics, grammar::ControlCharacters::allowed)) return std::nullopt;
  const std::size_t errors_before = diagnostics.num_errors();
  auto object = read_json(line, sources, diagnostics, /*num_outer_levels=*/1);
  // Fields that seem to be missing may stand behind what is no JSON.
  const bool has_mistakes = diagnostics.num_errors() > errors_before;
  if (has_mistakes && !nlohmann::json::accept(sources[line].text())) return std::nullopt;
  if (object && object->type != JsonValue::Type::object) {
    diagnostics.add(DiagnosticKind::bad_json, object->place, "a line of a batch must be a JSON object");
    return std::nullopt;
  }
  return object;
}

std::optional<Json> id_of(const JsonValue& line, const grammar::SourceSet& sources) {
  if (line.find("id") == nullptr) return std::nullopt;
  return Json(nlohmann::json::parse(sources[line.place.source].text()).at("id"));
}

BatchLine read_batch_line(const JsonValue& line, BatchLine defaults, bool has_seed, const std::filesystem::path& folder,
                          const grammar::SourceSet& sources, grammar::Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.num_errors();
  Fields fields(line, sources, diagnostics);
  fields.check_names();
  BatchLine result = std::move(defaults);
  const grammar::Source& source = sources[line.place.source];
  PromptText prompt;
  prompt.name = prompt.user_name = source.name() + ":" + std::to_string(source.locate(0).line);
  prompt.line = line.place;
  prompt.folder = folder;
  const std::string_view name = fields.prompt_name();
  result.prompt_is_file = name == "file";
  bool is_known = !name.empty();
  if (name == "prompt") {
    is_known = fields.read_prompt(prompt);
  } else if (name == "select") {
    is_known = fields.read_selection(prompt);
  } else if (name == "file") {
    is_known = fields.read_file(folder, prompt);
  } else if (diagnostics.num_errors() == errors_before) {  // else it is misspelt, or one of two
    is_known = fields.has("user");
    if (!is_known) {
      fields.refuse(DiagnosticKind::bad_json, line.place, "a line needs `prompt`, `file`, `select` or `user`");
    }
  }
  if (fields.has("user")) {
    const JsonValue* user = fields.text("user");
    prompt.user = user == nullptr ? "" : user->text;  // the rest is looked at all the same
    if (user != nullptr) prompt.user_place = user->place;
  }
  if (is_known) result.prompt = std::move(prompt);

  runtime::GenerationOptions& generation = result.generation_options;
  fields.read("max_tokens", generation.max_tokens, runtime::kMaxTokensRange);
  fields.read("temperature", generation.sampler.temperature, runtime::kTemperatureRange);
  fields.read("top_k", generation.sampler.top_k, runtime::kTopKRange);
  fields.read("top_p", generation.sampler.top_p, runtime::kTopPRange);
  fields.read("min_p", generation.sampler.min_p, runtime::kMinPRange);
  if (fields.has("seed")) {
    fields.read_seed(generation.sampler.seed);
  } else if (!has_seed && generation.sampler.temperature > 0.0) {
    generation.sampler.seed = std::random_device{}();
  }
  fields.read_stops(result.stops);
  return result;
}

void add_shown(const grammar::Diagnostic& found, const grammar::SourceSet& sources, grammar::Diagnostics& diagnostics) {
  diagnostics.add(found.kind, sources.shown(found.place), found.message).notes = found.notes;
}

}  // namespace pml::cli
