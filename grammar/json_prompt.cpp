#include "grammar/json_prompt.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "grammar/vocabulary.h"
#include "grammar/xml.h"
#include "grammar/xml_scan.h"

namespace pml::grammar {
namespace {

/// A prompt of more is none that somebody asked.
constexpr std::size_t kMostMembers = 10'000;
constexpr std::size_t kMostValues = 500'000;

/// A value and where it stands.
struct Value {
  enum class Type : std::uint8_t { object, array, string, boolean, other } type = Type::other;
  Place place;
  std::string text;  // of a string
  bool is_true = false;
  std::vector<Value> values;  // of an array or object
  std::vector<Value> keys;    // of an object, as strings

  const Value* find(std::string_view name) const {
    const auto key = std::ranges::find(keys, name, &Value::text);
    return key == keys.end() ? nullptr : &values[static_cast<std::size_t>(key - keys.begin())];
  }
};

/// Reads a text, and notes how far it is.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  CountingIterator(const char* at, const char** reached) : at_(at), reached_(reached) {}
  char operator*() const { return *at_; }
  CountingIterator& operator++() {
    *reached_ = ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  const char** reached_;
};

/// Builds the values of a text while nlohmann/json reads it. Each event comes right behind its last character.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(SourceId source, std::string_view text, const char* const& reached, Diagnostics& diagnostics)
      : source_(source), text_(text), reached_(reached), diagnostics_(diagnostics) {}

  bool null() override { return add({}); }
  bool boolean(bool value) override {
    Value entry;
    entry.type = Value::Type::boolean;
    entry.is_true = value;
    return add(std::move(entry));
  }
  bool number_integer(number_integer_t) override { return add_number(); }
  bool number_unsigned(number_unsigned_t) override { return add_number(); }
  bool number_float(number_float_t, const string_t&) override { return add_number(); }
  bool binary(binary_t&) override { return add({}); }
  bool string(string_t& value) override { return add(string_value(value)); }
  bool start_object(std::size_t) override { return open(Value::Type::object); }
  bool start_array(std::size_t) override { return open(Value::Type::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    Value key = string_value(name);
    if (open_.back().keys.size() >= kMostMembers)
      return refuse("an object has more than " + std::to_string(kMostMembers) + " members");
    if (open_.back().find(name) != nullptr) {
      diagnostics_.add(DiagnosticKind::bad_json, key.place, ast::in_quotes(name) + " stands twice in one object");
    }
    open_.back().keys.push_back(std::move(key));
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) override {
    // Of the library's words those behind its own marks.
    std::string why = error.what();
    if (const std::size_t at = why.find("- "); at != std::string::npos) why.erase(0, at + 2);
    std::uint32_t at = offset();
    if (at > 0 && at == text_.size()) --at;
    diagnostics_.add(DiagnosticKind::bad_json, {source_, at > 0 ? at - 1 : 0, std::max(at, 1U)},
                     "this is no JSON: " + why);
    return false;
  }

  std::optional<Value> take() { return std::move(root_); }

 private:
  std::uint32_t offset() const { return static_cast<std::uint32_t>(reached_ - text_.data()); }

  Value string_value(const std::string& text) const {
    Value value;
    value.type = Value::Type::string;
    value.text = text;
    const std::uint32_t end = offset() - 1;  // the closing quote
    std::uint32_t begin = end;
    while (true) {  // back to the quote that no backslash takes away
      while (text_[--begin] != '"') {
      }
      std::uint32_t num_backslashes = 0;
      while (num_backslashes < begin && text_[begin - 1 - num_backslashes] == '\\') ++num_backslashes;
      if (num_backslashes % 2 == 0) break;
    }
    value.place = {source_, begin + 1, end};
    return value;
  }

  bool refuse(const std::string& why) {
    diagnostics_.add(DiagnosticKind::bad_json, {source_, offset() - 1, offset()}, why);
    return false;
  }

  bool open(Value::Type type) {
    const std::uint32_t at = offset();
    if (open_.size() >= kMaxDepth) return refuse("the prompt nests deeper than " + std::to_string(kMaxDepth));
    Value value;
    value.type = type;
    value.place = {source_, at - 1, at};
    open_.push_back(std::move(value));
    return true;
  }

  bool close() {
    Value value = std::move(open_.back());
    open_.pop_back();
    return add(std::move(value));
  }

  /// A number ends where something else begins, so one character more has been read.
  bool add_number() {
    constexpr std::string_view kDigits = "0123456789+-.eE";
    const auto end = static_cast<std::uint32_t>(text_.find_last_of(kDigits, offset() - 1) + 1);
    Value value;
    value.place = {source_, static_cast<std::uint32_t>(text_.find_last_not_of(kDigits, end - 1) + 1), end};
    return add(std::move(value));
  }

  bool add(Value value) {
    if (++num_values_ > kMostValues)
      return refuse("the prompt has more than " + std::to_string(kMostValues) + " values");
    if (value.place.end == 0) value.place = {source_, offset() - 1, offset()};
    if (open_.empty()) {
      root_ = std::move(value);
    } else {
      open_.back().values.push_back(std::move(value));
    }
    return true;
  }

  SourceId source_;
  std::string_view text_;
  const char* const& reached_;
  Diagnostics& diagnostics_;
  std::vector<Value> open_;
  std::optional<Value> root_;
  std::size_t num_values_ = 0;
};

/// From values to the syntax tree.
class Reader {
 public:
  explicit Reader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  ast::Prompt prompt(const Value& root) {
    ast::Prompt result;
    result.place = root.place;
    if (!is(root, Value::Type::object, "a prompt is an object")) return result;
    check_names(root, {"schema", "arguments", "select"});
    if (const Value* schema = find(root, "schema", Value::Type::string)) {
      result.schema = schema->text;
      result.place = schema->place;
    }
    result.arguments = arguments(root);
    result.children = items(root);
    return result;
  }

 private:
  bool is(const Value& value, Value::Type type, const std::string& what) {
    if (value.type == type) return true;
    diagnostics_.add(DiagnosticKind::bad_json, value.place, what);
    return false;
  }

  const Value* find(const Value& object, std::string_view name, Value::Type type) {
    static constexpr std::array<std::string_view, 4> kNames{"an object", "an array", "a string", "true or false"};
    const Value* value = object.find(name);
    if (value == nullptr) return nullptr;
    const std::string what = "`" + std::string(name) + "` is " + std::string(kNames[static_cast<std::size_t>(type)]);
    return is(*value, type, what) ? value : nullptr;
  }

  void check_names(const Value& object, const std::vector<std::string_view>& known) {
    for (const Value& key : object.keys) {
      if (std::ranges::find(known, key.text) != known.end()) continue;
      diagnostics_.add(DiagnosticKind::bad_json, key.place,
                       "`" + key.text + "` has no meaning here" + did_you_mean(key.text, known));
    }
  }

  std::vector<ast::Argument> arguments(const Value& object) {
    std::vector<ast::Argument> result;
    const Value* arguments = find(object, "arguments", Value::Type::object);
    for (std::size_t i = 0; arguments != nullptr && i < arguments->keys.size(); ++i) {
      const Value& value = arguments->values[i];
      if (!is(value, Value::Type::string, "an argument is a string")) continue;
      result.push_back({arguments->keys[i].text, value.text, arguments->keys[i].place, value.place});
    }
    return result;
  }

  std::vector<ast::PromptNode> items(const Value& object) {
    std::vector<ast::PromptNode> result;
    const Value* list = find(object, "select", Value::Type::array);
    for (std::size_t i = 0; list != nullptr && i < list->values.size(); ++i) {
      if (auto item = this->item(list->values[i])) result.push_back(std::move(*item));
    }
    return result;
  }

  std::optional<ast::PromptNode> item(const Value& value) {
    if (value.type == Value::Type::string) return ast::PromptNode{selection(value)};
    if (!is(value, Value::Type::object, "what is selected is a module's path, or an object")) return std::nullopt;
    if (value.find("role") != nullptr) return turn(value);
    if (value.find("text") != nullptr) {
      check_names(value, {"text"});
      const Value* text = find(value, "text", Value::Type::string);
      if (text == nullptr || text->text.empty()) return std::nullopt;
      return ast::PromptNode{ast::FreeText{text->place, text->text}};
    }
    check_names(value, {"module", "arguments", "select"});
    if (value.find("module") == nullptr) {
      diagnostics_.add(DiagnosticKind::bad_json, value.place, "an object has `module`, `text`, or `role` and `text`");
      return std::nullopt;
    }
    const Value* module = find(value, "module", Value::Type::string);
    if (module == nullptr) return std::nullopt;
    ast::Selection result = selection(*module);
    result.arguments = arguments(value);
    result.children = items(value);
    return ast::PromptNode{std::move(result)};
  }

  ast::Selection selection(const Value& path) {
    ast::Selection result;
    result.module = {path.text, path.place};
    result.by_use = true;  // no element stands for a word of the language
    if (path.text.empty()) diagnostics_.add(DiagnosticKind::bad_name, path.place, "a module's path is not empty");
    return result;
  }

  std::optional<ast::PromptNode> turn(const Value& value) {
    check_names(value, {"role", "text", "open"});
    ast::PromptTurn result;
    result.place = result.text_place = value.place;
    const Value* role = find(value, "role", Value::Type::string);
    if (role == nullptr) return std::nullopt;
    const auto known = role_of(role->text);
    if (!known) {
      diagnostics_.add(DiagnosticKind::bad_json, role->place,
                       "`role` is system, user or assistant, not " + ast::in_quotes(role->text));
      return std::nullopt;
    }
    result.role = *known;
    result.place = role->place;
    if (const Value* text = find(value, "text", Value::Type::string)) {
      result.text = text->text;
      result.text_place = text->place;
    }
    if (const Value* open = find(value, "open", Value::Type::boolean)) result.is_open = open->is_true;
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
  const std::string_view text = sources[source].text();
  const std::size_t errors_before = diagnostics.num_errors();
  const char* reached = text.data();
  Builder builder(source, text, reached, diagnostics);
  const bool is_json = nlohmann::json::sax_parse(CountingIterator(text.data(), &reached),
                                                 CountingIterator(text.data() + text.size(), &reached), &builder);
  const auto root = builder.take();
  if (!is_json || !root) return std::nullopt;
  ast::Prompt prompt = Reader(diagnostics).prompt(*root);
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
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

}  // namespace pml::grammar
