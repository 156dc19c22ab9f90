#include "grammar/json_places.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "grammar/ast.h"
#include "grammar/xml_scan.h"

namespace pml::grammar {
namespace {

/// More is nothing that somebody wrote.
constexpr std::size_t kMostMembers = 10'000;
constexpr std::size_t kMostValues = 500'000;

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
  Builder(SourceId source, std::string_view text, const char* const& reached, std::size_t max_depth,
          Diagnostics& diagnostics)
      : source_(source), text_(text), reached_(reached), max_depth_(max_depth), diagnostics_(diagnostics) {}

  bool null() override { return add(literal("null")); }
  bool boolean(bool value) override {
    JsonValue entry = literal(value ? "true" : "false");
    entry.type = JsonValue::Type::boolean;
    entry.is_true = value;
    return add(std::move(entry));
  }
  bool number_integer(number_integer_t) override { return add_number(); }
  bool number_unsigned(number_unsigned_t) override { return add_number(); }
  bool number_float(number_float_t, const string_t&) override { return add_number(); }
  bool binary(binary_t&) override { return add({}); }
  bool string(string_t& value) override { return add(string_value(value)); }
  bool start_object(std::size_t) override {
    names_.emplace_back();
    return open(JsonValue::Type::object);
  }
  bool start_array(std::size_t) override { return open(JsonValue::Type::array); }
  bool end_object() override {
    names_.pop_back();
    return close();
  }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    JsonValue key = string_value(name);
    if (open_.back().keys.size() >= kMostMembers)
      return refuse("an object has more than " + std::to_string(kMostMembers) + " members");
    if (!names_.back().insert(name).second) {
      diagnostics_.add(DiagnosticKind::bad_json, key.place, ast::in_quotes(name) + " stands twice in one object");
    }
    last_ = key.place.begin;
    last_end_ = offset();
    open_.back().keys.push_back(std::move(key));
    return true;
  }
  bool parse_error(std::size_t num_read, const std::string&, const nlohmann::json::exception& error) override {
    constexpr int kNumberOverflow = 406;
    if (error.id == kNumberOverflow) {
      diagnostics_.add(DiagnosticKind::bad_json, number_place(), "this number is out of range");
      return false;
    }
    // Of the library's words those behind its own marks.
    std::string why = error.what();
    if (const std::size_t at = why.find("- "); at != std::string::npos) why.erase(0, at + 2);
    // It counts the text's end as a character; what is missing there is shown at the last one that is no blank.
    std::size_t end = offset();
    if (num_read > text_.size()) end = text_.find_last_not_of(" \t\r\n") + 1;
    diagnostics_.add(DiagnosticKind::bad_json,
                     {source_, static_cast<std::uint32_t>(end > 0 ? end - 1 : 0), static_cast<std::uint32_t>(end)},
                     "this is no JSON: " + why);
    // A comma shows that what stands before it is whole.
    const bool is_whole =
        text_.substr(last_end_, end - std::min<std::size_t>(end, last_end_)).find(',') != std::string_view::npos;
    const std::uint32_t doubtful_from = is_whole ? static_cast<std::uint32_t>(end) : last_;
    while (!open_.empty()) {
      open_.back().is_cut = true;
      if (open_.back().keys.size() > open_.back().values.size()) open_.back().keys.pop_back();
      if (!close()) root_.reset();
    }
    if (root_) {
      root_->is_cut = true;
      root_->doubtful_from = doubtful_from;
    }
    return false;
  }

  /// Nothing if something was refused, too.
  std::optional<JsonValue> take() { return std::move(root_); }

 private:
  std::uint32_t offset() const { return static_cast<std::uint32_t>(reached_ - text_.data()); }

  JsonValue literal(std::string_view word) const {
    JsonValue value;
    value.place = {source_, offset() - static_cast<std::uint32_t>(word.size()), offset()};
    return value;
  }

  JsonValue string_value(const std::string& text) const {
    JsonValue value;
    value.type = JsonValue::Type::string;
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

  bool open(JsonValue::Type type) {
    const std::uint32_t at = offset();
    if (open_.size() >= max_depth_) return refuse("it nests deeper than " + std::to_string(max_depth_));
    JsonValue value;
    value.type = type;
    value.place = {source_, at - 1, at};
    last_ = at - 1;
    last_end_ = at;
    open_.push_back(std::move(value));
    return true;
  }

  bool close() {
    JsonValue value = std::move(open_.back());
    open_.pop_back();
    const bool is_empty = value.values.empty();
    if (!add(std::move(value))) return false;
    if (!is_empty) last_ = offset() - 1;
    return true;
  }

  /// A number ends where something else begins, so one character more has been read.
  Place number_place() const {
    constexpr std::string_view kDigits = "0123456789+-.eE";
    const auto end = static_cast<std::uint32_t>(text_.find_last_of(kDigits, offset() - 1) + 1);
    return {source_, static_cast<std::uint32_t>(text_.find_last_not_of(kDigits, end - 1) + 1), end};
  }

  bool add_number() {
    JsonValue value;
    value.place = number_place();
    return add(std::move(value));
  }

  bool add(JsonValue value) {
    if (++num_values_ > kMostValues) return refuse("it has more than " + std::to_string(kMostValues) + " values");
    if (value.place.end == 0) value.place = {source_, offset() - 1, offset()};
    last_ = value.place.begin;
    last_end_ = std::max(value.place.end, offset());
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
  std::size_t max_depth_;
  Diagnostics& diagnostics_;
  std::vector<JsonValue> open_;
  std::vector<std::unordered_set<std::string>> names_;  // of the objects that are open
  std::optional<JsonValue> root_;
  std::size_t num_values_ = 0;
  std::uint32_t last_ = 0;  // where what was read last begins
  std::uint32_t last_end_ = 0;
};

/// Of `\\u` and four hexadecimal digits.
std::uint32_t code_unit(std::string_view escape) {
  return static_cast<std::uint32_t>(std::stoul(std::string(escape.substr(2, 4)), nullptr, 16));
}

}  // namespace

const JsonValue* JsonValue::find(std::string_view name) const {
  const auto key = std::ranges::find(keys, name, &JsonValue::text);
  return key == keys.end() ? nullptr : &values[static_cast<std::size_t>(key - keys.begin())];
}

std::optional<JsonValue> read_json(SourceId source, const SourceSet& sources, Diagnostics& diagnostics,
                                   std::size_t num_outer_levels) {
  const std::string_view text = sources[source].text();
  const char* reached = text.data();
  Builder builder(source, text, reached, kMaxDepth + num_outer_levels, diagnostics);
  nlohmann::json::sax_parse(CountingIterator(text.data(), &reached),
                            CountingIterator(text.data() + text.size(), &reached), &builder);
  return builder.take();
}

std::vector<std::uint32_t> offsets_of_json_string(const Place& place, const SourceSet& sources) {
  const std::string_view raw = sources.text(place);
  std::vector<std::uint32_t> offsets;
  for (std::size_t at = 0; at < raw.size();) {
    std::size_t size = 1;       // of what stands for a character
    std::size_t num_bytes = 1;  // of the character
    if (raw[at] == '\\') size = raw[at + 1] == 'u' ? 6 : 2;
    if (size == 6) {
      const std::uint32_t unit = code_unit(raw.substr(at));
      num_bytes = unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
      if (unit >= 0xD800 && unit < 0xDC00) {  // the first half of a pair
        size = 12;
        num_bytes = 4;
      }
    }
    offsets.insert(offsets.end(), num_bytes, place.begin + static_cast<std::uint32_t>(at));
    at += size;
  }
  offsets.push_back(place.end);
  return offsets;
}

}  // namespace pml::grammar
