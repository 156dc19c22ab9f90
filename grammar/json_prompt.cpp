#include "grammar/json_prompt.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "grammar/vocabulary.h"
#include "grammar/xml.h"

namespace pml::grammar {
namespace {

/// From values to the syntax tree.
class Reader {
 public:
  explicit Reader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  ast::Prompt prompt(const JsonValue& root) {
    ast::Prompt result;
    result.place = root.place;
    if (!is(root, JsonValue::Type::object, "a prompt is an object")) return result;
    check_names(root, {"schema", "arguments", "select"});
    if (const JsonValue* schema = find(root, "schema", JsonValue::Type::string)) {
      result.schema = schema->text;
      result.place = schema->place;
    }
    result.arguments = arguments(root);
    result.children = items(root);
    return result;
  }

 private:
  bool is(const JsonValue& value, JsonValue::Type type, const std::string& what) {
    if (value.type == type) return true;
    diagnostics_.add(DiagnosticKind::bad_json, value.place, what);
    return false;
  }

  const JsonValue* find(const JsonValue& object, std::string_view name, JsonValue::Type type) {
    static constexpr std::array<std::string_view, 4> kNames{"an object", "an array", "a string", "true or false"};
    const JsonValue* value = object.find(name);
    if (value == nullptr) return nullptr;
    const std::string what = "`" + std::string(name) + "` is " + std::string(kNames[static_cast<std::size_t>(type)]);
    return is(*value, type, what) ? value : nullptr;
  }

  /// True if all members have a meaning. Of very many without one the first are named.
  bool check_names(const JsonValue& object, const std::vector<std::string_view>& known) {
    constexpr std::size_t kMostNamed = 10;
    std::size_t num_unknown = 0;
    for (const JsonValue& key : object.keys) {
      if (std::ranges::find(known, key.text) != known.end() || ++num_unknown > kMostNamed) continue;
      diagnostics_.add(DiagnosticKind::bad_json, key.place,
                       "`" + key.text + "` has no meaning here" + did_you_mean(key.text, known));
    }
    return num_unknown == 0;
  }

  std::vector<ast::Argument> arguments(const JsonValue& object) {
    std::vector<ast::Argument> result;
    const JsonValue* arguments = find(object, "arguments", JsonValue::Type::object);
    for (std::size_t i = 0; arguments != nullptr && i < arguments->keys.size(); ++i) {
      const JsonValue& value = arguments->values[i];
      if (!is(value, JsonValue::Type::string, "an argument is a string")) continue;
      result.push_back({arguments->keys[i].text, value.text, arguments->keys[i].place, value.place});
    }
    return result;
  }

  std::vector<ast::PromptNode> items(const JsonValue& object) {
    std::vector<ast::PromptNode> result;
    const JsonValue* list = find(object, "select", JsonValue::Type::array);
    for (std::size_t i = 0; list != nullptr && i < list->values.size(); ++i) {
      if (auto item = this->item(list->values[i])) result.push_back(std::move(*item));
    }
    return result;
  }

  std::optional<ast::PromptNode> item(const JsonValue& value) {
    if (value.type == JsonValue::Type::string) return ast::PromptNode{selection(value)};
    if (!is(value, JsonValue::Type::object, "what is selected is a module's path, or an object")) return std::nullopt;
    if (value.find("role") != nullptr) return turn(value);
    if (value.find("text") != nullptr) {
      check_names(value, {"text"});
      const JsonValue* text = find(value, "text", JsonValue::Type::string);
      if (text == nullptr) return std::nullopt;
      if (text->text.empty()) {
        diagnostics_.add(DiagnosticKind::bad_json, text->place, "a text is not empty");
        return std::nullopt;
      }
      return ast::PromptNode{ast::FreeText{text->place, text->text}};
    }
    const bool is_known = check_names(value, {"module", "arguments", "select"});
    if (value.find("module") == nullptr) {
      if (!is_known) return std::nullopt;  // likely a misspelt one
      diagnostics_.add(DiagnosticKind::bad_json, value.place, "an object has `module`, `text`, or `role` and `text`");
      return std::nullopt;
    }
    const JsonValue* module = find(value, "module", JsonValue::Type::string);
    if (module == nullptr) return std::nullopt;
    ast::Selection result = selection(*module);
    result.arguments = arguments(value);
    result.children = items(value);
    return ast::PromptNode{std::move(result)};
  }

  ast::Selection selection(const JsonValue& path) {
    ast::Selection result;
    result.module = {path.text, path.place};
    result.by_use = true;  // no element stands for a word of the language
    if (path.text.empty()) diagnostics_.add(DiagnosticKind::bad_name, path.place, "a module's path is not empty");
    return result;
  }

  std::optional<ast::PromptNode> turn(const JsonValue& value) {
    check_names(value, {"role", "text", "open"});
    ast::PromptTurn result;
    result.place = result.text_place = value.place;
    const JsonValue* role = find(value, "role", JsonValue::Type::string);
    if (role == nullptr) return std::nullopt;
    const auto known = role_of(role->text);
    if (!known) {
      diagnostics_.add(DiagnosticKind::bad_json, role->place,
                       "`role` is system, user or assistant, not " + ast::in_quotes(role->text));
      return std::nullopt;
    }
    result.role = *known;
    result.place = role->place;
    if (value.find("text") == nullptr) {
      diagnostics_.add(DiagnosticKind::bad_json, value.place, "a turn has a `text`, which may be empty");
    } else if (const JsonValue* text = find(value, "text", JsonValue::Type::string)) {
      result.text = text->text;
      result.text_place = text->place;
    }
    if (const JsonValue* open = find(value, "open", JsonValue::Type::boolean)) result.is_open = open->is_true;
    return ast::PromptNode{std::move(result)};
  }

  Diagnostics& diagnostics_;
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
  const std::size_t errors_before = diagnostics.num_errors();
  const auto root = read_json(source, sources, diagnostics);
  auto prompt = root ? read_json_prompt(*root, diagnostics) : std::nullopt;
  return diagnostics.num_errors() > errors_before ? std::nullopt : prompt;
}

std::optional<ast::Prompt> read_json_prompt(const JsonValue& value, Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.num_errors();
  ast::Prompt prompt = Reader(diagnostics).prompt(value);
  if (diagnostics.num_errors() > errors_before) return std::nullopt;
  return prompt;
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
