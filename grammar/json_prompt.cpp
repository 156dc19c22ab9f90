#include "grammar/json_prompt.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "grammar/vocabulary.h"
#include "grammar/xml.h"

namespace pml::grammar {
namespace {

/// From values to the syntax tree. After mistakes, which were said, it holds what was understood.
class Reader {
 public:
  Reader(const SourceSet& sources, Diagnostics& diagnostics) : sources_(sources), diagnostics_(diagnostics) {}

  /// What was misspelt gets the name in the value that it was probably meant to have.
  std::optional<ast::Prompt> prompt(JsonValue& root) {
    doubtful_from_ = root.doubtful_from.value_or(std::numeric_limits<std::uint32_t>::max());
    changes_ = root.changes;
    root_ = &root;
    const std::size_t num_said = diagnostics_.list().size();
    auto result = whole(root);
    diagnostics_.keep_if(num_said, [&](const Diagnostic& found) { return !is_doubtful(found.place); });
    return result;
  }

 private:
  std::optional<ast::Prompt> whole(JsonValue& root) {
    if (!is(root, JsonValue::Type::object, "a prompt as JSON is an object: {\"select\": [...]}")) return std::nullopt;
    ast::Prompt result;
    result.form = ast::PromptForm::json;
    result.place = root.place;
    const bool is_known = check_names(root, {"schema", "arguments", "select"});
    if (const JsonValue* schema = find(root, "schema", JsonValue::Type::string)) {
      result.schema = text(*schema).value_or("");
      result.place = schema->place;
      if (schema->text.empty()) {
        diagnostics_.add(DiagnosticKind::bad_value, schema->place, "`schema` is the schema's name or path");
      }
    }
    arguments(root, result);
    result.children = items(root);
    result.is_guessed = root.is_cut || !is_known;
    return result;
  }

  bool is(const JsonValue& value, JsonValue::Type type, const std::string& what) {
    if (value.type == type) return true;
    if (!value.is_cut) diagnostics_.add(DiagnosticKind::bad_json, value.place, what);  // else its bracket is too much
    return false;
  }

  const JsonValue* find(const JsonValue& object, std::string_view name, JsonValue::Type type) {
    const JsonValue* value = object.find(name);
    if (value == nullptr) return nullptr;
    const std::string what = type == JsonValue::Type::string ? "a string" : "true or false";
    return is(*value, type, "`" + std::string(name) + "` is " + what) ? value : nullptr;
  }

  /// True if all members have a meaning. Of very many without one the first are named.
  bool check_names(JsonValue& object, const std::vector<std::string_view>& known) {
    constexpr std::size_t kMostNamed = 10;
    std::size_t num_unknown = 0;
    for (JsonValue& key : object.keys) {
      if (object.is_cut && &object != root_) break;  // they may belong elsewhere
      if (std::ranges::find(known, key.text) != known.end() || ++num_unknown > kMostNamed) continue;
      diagnostics_.add(DiagnosticKind::bad_json, key.place,
                       "`" + key.text + "` has no meaning here" + did_you_mean(key.text, known));
      const auto meant = nearest(key.text, known);
      if (meant && object.find(*meant) == nullptr) key.text = *meant;
    }
    return num_unknown == 0;
  }

  /// What a string says; nothing if it holds characters that may stand in no text.
  std::optional<std::string> text(const JsonValue& string) {
    constexpr std::size_t kMostMistakes = 200;  // of more nobody reads all
    const auto is_refused = [](char c) { return c >= 0 && c < 0x20 && c != '\t' && c != '\n' && c != '\r'; };
    if (std::ranges::none_of(string.text, is_refused)) return string.text;
    if (is_doubtful(string.place)) return std::nullopt;  // it is not written as it was read
    const std::vector<std::uint32_t> offsets = offsets_of_json_string(string.place, sources_);
    for (std::size_t i = 0; i < string.text.size() && diagnostics_.num_errors() < kMostMistakes; ++i) {
      if (!is_refused(string.text[i])) continue;
      constexpr std::string_view kHex = "0123456789ABCDEF";
      const auto character = static_cast<std::size_t>(string.text[i]);
      diagnostics_.add(DiagnosticKind::control_character, {string.place.source, offsets[i], offsets[i + 1]},
                       std::string("the control character U+00") + kHex[character / 16] + kHex[character % 16] +
                           " may not stand in a text");
    }
    return std::nullopt;
  }

  /// Into the selection or prompt that they are of.
  template <typename Owner>
  void arguments(const JsonValue& object, Owner& owner) {
    owner.has_lost_arguments = object.is_cut;
    std::set<std::string_view> known;
    for (std::size_t i = 0; i < object.keys.size(); ++i) {
      if (object.keys[i].text != "arguments") continue;
      const JsonValue& list = object.values[i];
      if (!is(list, JsonValue::Type::object, "`arguments` is an object") || list.is_cut)
        owner.has_lost_arguments = true;
      if (list.is_cut && !changes_.empty()) continue;  // what stands in it may belong elsewhere
      for (std::size_t j = 0; j < list.keys.size(); ++j) {
        const JsonValue& name = list.keys[j];
        const JsonValue& value = list.values[j];
        if (name.text.empty())
          diagnostics_.add(DiagnosticKind::bad_name, name.place, "an argument's name is not empty");
        const bool is_good = text(name) && !name.text.empty();
        const bool is_string = is(value, JsonValue::Type::string, "an argument is a string");
        const std::string words = is_string ? text(value).value_or("") : "";
        owner.has_lost_arguments = owner.has_lost_arguments || !is_good;
        const bool is_new = known.insert(name.text).second;  // else it was said that it stands twice
        if (is_good && is_new) owner.arguments.push_back({name.text, words, name.place, value.place});
      }
    }
  }

  static bool has_cut_items(const JsonValue& object) {
    const JsonValue* items = object.find("select");
    return object.is_cut || (items != nullptr && items->is_cut);
  }

  std::vector<ast::PromptNode> items(JsonValue& object) {
    std::vector<ast::PromptNode> result;
    for (std::size_t i = 0; i < object.keys.size(); ++i) {
      if (object.keys[i].text != "select") continue;
      if (!is(object.values[i], JsonValue::Type::array, "`select` is an array")) {
        result.push_back(lost_item(object.values[i]));
        continue;
      }
      for (JsonValue& value : object.values[i].values) {
        if (auto item = this->item(value)) result.push_back(std::move(*item));
      }
    }
    return result;
  }

  /// Of a value that may have been meant as anything.
  static ast::PromptNode lost_item(const JsonValue& value) {
    ast::Selection selection;
    selection.module.place = value.place;
    return {std::move(selection)};
  }

  /// Nothing if it means nothing.
  std::optional<ast::PromptNode> item(JsonValue& value) {
    if (value.type == JsonValue::Type::string) return ast::PromptNode{selection(value)};
    if (!is(value, JsonValue::Type::object, "what is selected is a module's path, or an object")) {
      return lost_item(value);
    }
    if (value.find("role") != nullptr) return ast::PromptNode{turn(value)};
    if (value.find("text") != nullptr) {
      check_names(value, {"text"});
      const JsonValue* words = find(value, "text", JsonValue::Type::string);
      if (words == nullptr) return ast::PromptNode{ast::FreeText{value.place, ""}};
      if (words->text.empty()) return std::nullopt;
      return ast::PromptNode{ast::FreeText{words->place, text(*words).value_or("")}};
    }
    const bool is_known = check_names(value, {"module", "arguments", "select"});
    const JsonValue* module = find(value, "module", JsonValue::Type::string);
    if (is_known && !value.is_cut && value.find("module") == nullptr) {  // else likely a misspelt one
      diagnostics_.add(DiagnosticKind::bad_json, value.place, "an object has `module`, `text`, or `role` and `text`");
    }
    ast::Selection result = module != nullptr ? selection(*module) : std::get<ast::Selection>(lost_item(value).value);
    arguments(value, result);
    result.children = items(value);
    std::erase_if(result.children, [&](const ast::PromptNode& node) {
      const auto* turn = std::get_if<ast::PromptTurn>(&node.value);
      if (turn != nullptr && !has_cut_items(value)) {
        diagnostics_.add(DiagnosticKind::misplaced_element, turn->place,
                         "a role may not stand inside a selected module");
      }
      return turn != nullptr;
    });
    return ast::PromptNode{std::move(result)};
  }

  ast::Selection selection(const JsonValue& path) {
    ast::Selection result;
    result.module = {text(path).value_or(""), path.place};
    result.by_use = true;  // no element stands for a word of the language
    result.is_broken = is_doubtful(path.place);
    if (path.text.empty()) diagnostics_.add(DiagnosticKind::bad_name, path.place, "a module's path is not empty");
    return result;
  }

  ast::PromptTurn turn(JsonValue& value) {
    ast::PromptTurn result;
    result.place = result.text_place = value.place;
    const JsonValue* role = find(value, "role", JsonValue::Type::string);
    const auto known = role != nullptr ? role_of(role->text) : std::nullopt;
    if (role != nullptr) result.place = role->place;
    if (role != nullptr && !known) {
      diagnostics_.add(DiagnosticKind::bad_json, role->place,
                       "`role` is system, user or assistant, not " + ast::in_quotes(role->text));
    }
    result.role = known.value_or(ast::Role::assistant);
    const bool can_be_open = result.role == ast::Role::assistant;
    const bool is_known = check_names(value, can_be_open ? std::vector<std::string_view>{"role", "text", "open"}
                                                         : std::vector<std::string_view>{"role", "text"});
    if (value.find("text") == nullptr) {
      if (value.is_cut || !is_known) return result;  // likely a misspelt one
      diagnostics_.add(DiagnosticKind::bad_json, value.place, "a turn has a `text`, which may be empty");
    } else if (const JsonValue* words = find(value, "text", JsonValue::Type::string)) {
      result.text = text(*words).value_or("");
      result.text_place = words->place;
    }
    if (!can_be_open) return result;
    if (const JsonValue* open = find(value, "open", JsonValue::Type::boolean)) result.is_open = known && open->is_true;
    return result;
  }

  const SourceSet& sources_;
  Diagnostics& diagnostics_;
  /// May it be something else than what was meant?
  bool is_doubtful(const Place& place) const {
    return place.begin >= doubtful_from_ || std::ranges::any_of(changes_, [&](std::uint32_t change) {
             return change + 1 >= place.begin && change <= place.end + 1;
           });
  }

  const JsonValue* root_ = nullptr;
  std::uint32_t doubtful_from_ = 0;     // what stands from here on is
  std::vector<std::uint32_t> changes_;  // what stands there is
};

using Json = nlohmann::ordered_json;

Json arguments_to_json(const std::vector<ast::Argument>& arguments) {
  Json object = Json::object();
  for (const ast::Argument& argument : arguments) object[argument.name] = argument.value;
  return object;
}

Json items_to_json(const std::vector<ast::PromptNode>& nodes) {
  Json list = Json::array();
  for (const ast::PromptNode& node : nodes) {
    if (const auto* selection = std::get_if<ast::Selection>(&node.value)) {
      if (selection->arguments.empty() && selection->children.empty()) {
        list.push_back(selection->module.text);
        continue;
      }
      Json entry{{"module", selection->module.text}};
      if (!selection->arguments.empty()) entry["arguments"] = arguments_to_json(selection->arguments);
      if (!selection->children.empty()) entry["select"] = items_to_json(selection->children);
      list.push_back(std::move(entry));
    } else if (const auto* text = std::get_if<ast::FreeText>(&node.value)) {
      list.push_back({{"text", text->text}});
    } else {
      const auto& turn = std::get<ast::PromptTurn>(node.value);
      Json entry{{"role", to_string(turn.role)}, {"text", turn.text}};
      if (turn.is_open) entry["open"] = true;
      list.push_back(std::move(entry));
    }
  }
  return list;
}

}  // namespace

std::optional<ast::Prompt> parse_json_prompt(SourceId source, const SourceSet& sources, Diagnostics& diagnostics) {
  if (!check_encoding(source, sources, diagnostics)) return std::nullopt;
  auto root = read_json(source, sources, diagnostics);
  return root ? read_json_prompt(std::move(*root), sources, diagnostics) : std::nullopt;
}

std::optional<ast::Prompt> read_json_prompt(JsonValue value, const SourceSet& sources, Diagnostics& diagnostics) {
  return Reader(sources, diagnostics).prompt(value);
}

std::string to_json(const ast::Prompt& prompt) {
  Json json = Json::object();
  if (!prompt.schema.empty()) json["schema"] = prompt.schema;
  if (!prompt.arguments.empty()) json["arguments"] = arguments_to_json(prompt.arguments);
  if (!prompt.children.empty()) json["select"] = items_to_json(prompt.children);
  return json.dump();
}

bool looks_like_json(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return false;
  const std::string_view value = text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first);
  return value.front() == '{' || value.front() == '[' || value == "null";
}

}  // namespace pml::grammar
