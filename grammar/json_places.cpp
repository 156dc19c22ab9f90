#include "grammar/json_places.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "grammar/ast.h"
#include "grammar/mended_text.h"
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

/// Back from a string's closing quote to the one that opens it.
std::size_t begin_of_string(std::string_view text, std::size_t end) {
  std::size_t begin = end;
  while (begin > 0) {  // to the quote that no backslash takes away
    while (--begin > 0 && text[begin] != '"') {
    }
    std::size_t num_backslashes = 0;
    while (num_backslashes < begin && text[begin - 1 - num_backslashes] == '\\') ++num_backslashes;
    if (num_backslashes % 2 == 0) break;
  }
  return begin;
}

/// Why a text is no JSON.
struct SyntaxMistake {
  std::size_t at = 0;     // the last character of what cannot stand there
  std::size_t begin = 0;  // its first one
  std::string why;
  bool is_number = false;  // that is out of range
};

/// `end`: how far the library has read. `num_read`: what it says itself.
SyntaxMistake mistake_of(const nlohmann::json::exception& error, std::string_view text, std::size_t end,
                         std::size_t num_read) {
  constexpr int kNumberOverflow = 406;
  SyntaxMistake mistake;
  mistake.is_number = error.id == kNumberOverflow;
  // Of the library's words those behind its own marks.
  mistake.why = error.what();
  if (const std::size_t at = mistake.why.find("- "); at != std::string::npos) mistake.why.erase(0, at + 2);
  // It counts the text's end as a character; what is missing there is shown at the last one that is no blank.
  const bool is_at_end = num_read > text.size();
  if (is_at_end) end = text.find_last_not_of(" \t\r\n") + 1;
  mistake.at = end > 0 ? end - 1 : 0;
  mistake.begin = is_at_end ? text.size() : mistake.at;
  if (!is_at_end && mistake.at > 0 && text[mistake.at] == '"') mistake.begin = begin_of_string(text, mistake.at);
  return mistake;
}

/// Builds the values of a text while nlohmann/json reads it. Each event comes right behind its last character.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  /// `mended`: whose text it is; null: that of no other.
  Builder(SourceId source, std::string_view text, const MendedText* mended, const char* const& reached,
          std::size_t max_depth, Diagnostics& diagnostics)
      : source_(source),
        text_(text),
        mended_(mended),
        reached_(reached),
        max_depth_(max_depth),
        diagnostics_(diagnostics) {}

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
  bool start_object(std::size_t) override { return open(JsonValue::Type::object); }
  bool start_array(std::size_t) override { return open(JsonValue::Type::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    JsonValue key = string_value(name);
    if (open_.back().keys.size() >= kMostMembers)
      return refuse("an object has more than " + std::to_string(kMostMembers) + " members");
    last_ = key.place.begin;
    last_end_ = offset();
    open_.back().keys.push_back(std::move(key));
    return true;
  }
  bool parse_error(std::size_t num_read, const std::string&, const nlohmann::json::exception& error) override {
    mistake_ = mistake_of(error, text_, offset(), num_read);
    if (mistake_->is_number) {
      diagnostics_.add(DiagnosticKind::bad_json, number_place(), "this number is out of range");
      return false;
    }
    // A comma shows that what stands before it is whole.
    const std::size_t end = mistake_->at + 1;
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
  const std::optional<SyntaxMistake>& mistake() const { return mistake_; }

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
    value.place = {source_, static_cast<std::uint32_t>(begin_of_string(text_, end)) + 1, end};
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
    if (mended_ != nullptr && mended_->is_changed(mended_->original(value.place.begin), mended_->original(offset()))) {
      value.is_cut = true;
    }
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

  std::optional<SyntaxMistake> mistake_;
  SourceId source_;
  std::string_view text_;
  const MendedText* mended_;
  const char* const& reached_;
  std::size_t max_depth_;
  Diagnostics& diagnostics_;
  std::vector<JsonValue> open_;
  std::optional<JsonValue> root_;
  std::size_t num_values_ = 0;
  std::uint32_t last_ = 0;  // where what was read last begins
  std::uint32_t last_end_ = 0;
};

/// Of `\\u` and four hexadecimal digits.
std::uint32_t code_unit(std::string_view escape) {
  return static_cast<std::uint32_t>(std::stoul(std::string(escape.substr(2, 4)), nullptr, 16));
}

/// Members of objects that are whole.
void report_duplicates(const JsonValue& value, Diagnostics& diagnostics) {
  std::unordered_set<std::string_view> names;
  for (const JsonValue& key : value.keys) {
    if (value.is_cut || names.insert(key.text).second) continue;
    diagnostics.add(DiagnosticKind::bad_json, key.place, ast::in_quotes(key.text) + " stands twice in one object");
  }
  for (const JsonValue& inner : value.values) report_duplicates(inner, diagnostics);
}

struct Reading {
  std::optional<JsonValue> value;
  std::optional<SyntaxMistake> mistake;
};

Reading read(SourceId source, std::string_view text, const MendedText* mended, std::size_t max_depth,
             Diagnostics& diagnostics) {
  const char* reached = text.data();
  Builder builder(source, text, mended, reached, max_depth, diagnostics);
  nlohmann::json::sax_parse(CountingIterator(text.data(), &reached),
                            CountingIterator(text.data() + text.size(), &reached), &builder);
  Reading reading{builder.take(), builder.mistake()};
  if (reading.value) report_duplicates(*reading.value, diagnostics);
  return reading;
}

/// Looks for a mistake of form alone.
class Checker : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_object() override { return true; }
  bool end_array() override { return true; }
  bool key(string_t&) override { return true; }
  bool parse_error(std::size_t num_read, const std::string&, const nlohmann::json::exception& error) override {
    found = mistake_of(error, text, static_cast<std::size_t>(reached - text.data()), num_read);
    return false;
  }

  std::string_view text;
  const char* reached = nullptr;
  std::optional<SyntaxMistake> found;
};

std::optional<SyntaxMistake> find_mistake(std::string_view text) {
  Checker checker;
  checker.text = text;
  checker.reached = text.data();
  nlohmann::json::sax_parse(CountingIterator(text.data(), &checker.reached),
                            CountingIterator(text.data() + text.size(), &checker.reached), &checker);
  return checker.found;
}

TextMistakes to_list(const std::optional<SyntaxMistake>& mistake) {
  TextMistakes list;
  if (mistake) list.list.push_back({DiagnosticKind::bad_json, mistake->begin, mistake->why});
  list.is_cut = mistake.has_value();
  list.num_tokens_between = 14;  // a text has three or more
  return list;
}

/// Says of each mistake of form what it is, and changes the text so that it can be read on behind them.
MendedText mend(SourceId source, std::string_view text, SyntaxMistake mistake, Diagnostics& diagnostics) {
  constexpr std::size_t kMostBytes = 64 << 10;
  std::size_t budget = 256 << 10;
  MendedText mended(text);
  std::optional<std::uint32_t> last;
  while (true) {
    const bool is_whole_string = mistake.why.starts_with("unexpected string");
    const std::uint32_t at = mended.original(is_whole_string ? mistake.begin : mistake.at);
    if (last != at) {
      const std::uint32_t end = mended.original(mistake.at) + 1;
      diagnostics.add(DiagnosticKind::bad_json, {source, at, std::min(end, static_cast<std::uint32_t>(text.size()))},
                      "this is no JSON: " + mistake.why);
    }
    last = at;
    if (text.size() > kMostBytes) return mended;
    const auto find = [](std::string_view changed) { return to_list(find_mistake(changed)); };
    auto better = mend(mended, to_list(mistake), 0, {",", ":", "]", "}", "[", "{", "\"\""}, find, budget);
    if (!better) return mended;
    mended = std::move(*better);
    auto next = find_mistake(mended.text());
    if (!next || next->is_number) return mended;  // of a number it is said when the values are read
    mistake = std::move(*next);
  }
}

Place original(const Place& place, const MendedText& mended) {
  return {place.source, mended.original(place.begin), mended.original(place.end)};
}

void to_original(JsonValue& value, const MendedText& mended) {
  value.place = original(value.place, mended);
  if (value.doubtful_from) value.doubtful_from = mended.original(*value.doubtful_from);
  for (JsonValue& inner : value.values) to_original(inner, mended);
  for (JsonValue& key : value.keys) to_original(key, mended);
}

}  // namespace

const JsonValue* JsonValue::find(std::string_view name) const {
  const auto key = std::ranges::find(keys, name, &JsonValue::text);
  return key == keys.end() ? nullptr : &values[static_cast<std::size_t>(key - keys.begin())];
}

std::optional<JsonValue> read_json(SourceId source, const SourceSet& sources, Diagnostics& diagnostics,
                                   std::size_t num_outer_levels) {
  const std::string_view text = sources[source].text();
  const std::size_t max_depth = kMaxDepth + num_outer_levels;
  Diagnostics of_values;
  Reading reading = read(source, text, nullptr, max_depth, of_values);
  const auto keep = [&](const Diagnostics& found, const MendedText* mended) {
    for (const Diagnostic& diagnostic : found.list()) {
      const Place place = mended == nullptr ? diagnostic.place : original(diagnostic.place, *mended);
      diagnostics.add(diagnostic.kind, place, diagnostic.message).notes = diagnostic.notes;
    }
  };
  if (!reading.mistake || reading.mistake->is_number) {
    keep(of_values, nullptr);
    return std::move(reading.value);
  }
  const MendedText mended = mend(source, text, *reading.mistake, diagnostics);
  if (!mended.is_changed()) {
    keep(of_values, nullptr);
    return std::move(reading.value);
  }
  Diagnostics of_mended;
  reading = read(source, mended.text(), &mended, max_depth, of_mended);
  keep(of_mended, &mended);
  if (reading.value) {
    to_original(*reading.value, mended);
    reading.value->is_cut = true;
    reading.value->changes = mended.changes();
  }
  return std::move(reading.value);
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
