#include "grammar/xml_tag.h"

#include <algorithm>
#include <utility>

#include "grammar/vocabulary.h"
#include "grammar/xml_grammar.h"

namespace pml::grammar {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

class TagReader {
 public:
  TagReader(const Place& name, std::string_view text) : text_(text), good_end_(name.end) { tag_.name = name; }

  std::optional<BrokenTag> read() {
    split_tag_name();
    reparse_attributes();
    if (auto tag = without_closing_quote()) return tag;
    const std::size_t at = text_.find_first_not_of(kBlanks, good_end_);
    const bool blank_before = at != good_end_;
    const bool is_element = is_element_name(slice(tag_.name));
    // Code such as `i<n;` is not a tag: a tag's name is followed by a blank, `/` or `>`.
    if (at != std::string_view::npos && !blank_before && tag_.attributes.empty() && !is_element && text_[at] != '/' &&
        text_[at] != '=') {
      return std::nullopt;
    }
    const AttributeMistake mistake = attribute_mistake(at, blank_before);
    std::size_t close = std::min(tag_close(good_end_), mistake.close);
    const bool has_close = close != std::string_view::npos && text_[close] == '>';
    if (!has_close && (mistake.message.empty() || !where_is_attribute(mistake.where))) {
      if (!mistake.message.empty() && tag_.attributes.empty() && !is_element) return std::nullopt;
      return without_close();
    }
    if (!read_swallowed(at)) add(DiagnosticKind::attribute_syntax, mistake.where, mistake.message);
    if (!has_close) close = std::min(close, text_.size());
    const bool is_empty = has_close && text_[close - 1] == '/';
    const std::size_t begin = good_end_;
    if (has_close) read_rest(mistake, close - (is_empty ? 1 : 0));
    return finish(begin, close + (has_close ? 1 : 0), is_empty);
  }

 private:
  /// `[begin, end)`: what is not well-formed.
  BrokenTag finish(std::size_t begin, std::size_t end, bool is_empty) {
    tag_.tag = place(tag_.name.begin - 1, end);
    Edit edit{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), is_empty ? "/>" : ">"};
    return {std::move(tag_), is_empty, std::move(edit), std::move(mistakes_)};
  }

  /// A value that goes on behind the `>` of its line, up to a quote in the text, has lost its own.
  std::optional<BrokenTag> without_closing_quote() {
    if (tag_.attributes.empty()) return std::nullopt;
    const AttributePlaces last = tag_.attributes.back();
    const std::size_t close = slice(last.value).find_first_of(">\n");
    if (slice(last.value).find('\n') == std::string_view::npos || slice(last.value)[close] != '>') return std::nullopt;
    tag_.attributes.pop_back();
    const std::size_t begin = tag_.attributes.empty() ? tag_.name.end : tag_.attributes.back().value.end + 1;
    std::size_t end = last.value.begin + close;
    const bool is_empty = text_[end - 1] == '/';
    if (is_empty) --end;
    if (end > last.value.begin && (text_[end - 1] == '"' || text_[end - 1] == '\'')) --end;
    add(DiagnosticKind::attribute_syntax, place(last.value.begin - 1, last.value.begin),
        "the value of `" + std::string(slice(last.name)) + "` has no closing quote");
    tag_.attributes.push_back({last.name, place(last.value.begin, end)});
    return finish(begin, last.value.begin + close + 1, is_empty);
  }

  /// The rest is text.
  BrokenTag without_close() {
    add(DiagnosticKind::unclosed_markup, place(tag_.name.begin - 1, good_end_), "this tag has no `>`");
    const bool is_empty = good_end_ < text_.size() && text_[good_end_] == '/';
    return finish(good_end_, good_end_ + (is_empty ? 1 : 0), is_empty);
  }

  /// `<modulename="a">`, `<userWhat`: what stands behind an element's name, without a blank, is no part of it.
  void split_tag_name() {
    const std::string_view name = slice(tag_.name);
    if (is_element_name(name)) return;
    for (const std::string_view element : element_names()) {
      if (!name.starts_with(element)) continue;
      const bool is_attribute = xml::match<xml::Eq>(text_.substr(tag_.name.end)) > 0;
      if (!is_attribute && text_.find("</" + std::string(element), tag_.name.end) == std::string_view::npos) continue;
      tag_.name.end = tag_.name.begin + static_cast<std::uint32_t>(element.size());
      good_end_ = tag_.name.end;
      return;
    }
  }

  /// What is wrong where an attribute should be, and what can be understood nevertheless.
  struct AttributeMistake {
    std::string message;  // empty: nothing stands there
    Place where{};
    std::optional<AttributePlaces> meant = std::nullopt;
    std::size_t resume = std::string_view::npos;  // where the next attribute may stand; npos: anywhere
    bool is_word = false;                         // a word alone, or a value without quotes
    std::size_t close = std::string_view::npos;   // the `>` of the tag; npos: not known
    bool breaks_previous = false;                 // what the attribute before it means is not known
  };

  /// A value that ends in `name=` right before a quoted text has swallowed the next attribute's name, for want of a
  /// closing quote: what it means is not known. Says so, and leaves the attribute out.
  bool read_swallowed(std::size_t at) {
    if (tag_.attributes.empty() || at != good_end_) return false;
    const Place value = tag_.attributes.back().value;
    const std::size_t blank = slice(value).find_last_of(kBlanks);
    if (!slice(value).ends_with('=') || blank == std::string_view::npos) return false;
    add(DiagnosticKind::attribute_syntax, place(value.begin - 1, value.begin),
        "the value of `" + std::string(slice(tag_.attributes.back().name)) + "` has no closing quote");
    tag_.attributes.pop_back();
    return true;
  }

  /// The attributes behind a mistake, up to `end`, and what is wrong with those.
  void read_rest(AttributeMistake mistake, std::size_t end) {
    while (true) {
      if (mistake.breaks_previous && !tag_.attributes.empty()) tag_.attributes.pop_back();
      if (mistake.meant) tag_.attributes.push_back(*mistake.meant);
      if (mistake.resume >= end) return;
      good_end_ = mistake.resume;
      reparse_attributes();
      std::erase_if(tag_.attributes, [&](const AttributePlaces& attribute) { return attribute.value.end >= end; });
      const std::size_t at = text_.find_first_not_of(kBlanks, good_end_);
      if (at >= end) return;
      const bool was_word = mistake.is_word;
      const bool was_value = was_word && mistake.meant;
      mistake = attribute_mistake(at, at != good_end_);
      if (was_word && mistake.is_word && !mistake.meant) {
        // A further word of a value without quotes, which is not known then.
        if (was_value) tag_.attributes.pop_back();
        continue;
      }
      if (!read_swallowed(at)) add(DiagnosticKind::attribute_syntax, mistake.where, mistake.message);
    }
  }

  /// The first `<` or `>` from `at` on that stands outside of a quoted value.
  std::size_t tag_close(std::size_t at) const {
    char before = ' ';  // the last character that was no blank
    for (; at < text_.size() && text_[at] != '<' && text_[at] != '>'; ++at) {
      const char c = text_[at];
      if (before == '=' && (c == '"' || c == '\'')) {
        const std::size_t quote = text_.find(c, at + 1);
        // A quote that closes on another line is more likely another value's.
        if (quote < text_.find('\n', at)) at = quote;
      }
      if (kBlanks.find(c) == std::string_view::npos) before = c;
    }
    return at < text_.size() ? at : std::string_view::npos;
  }

  bool where_is_attribute(const Place& where) const {
    const std::size_t after = text_.find_first_not_of(kBlanks, where.end);
    return after != std::string_view::npos && (text_[after] == '=' || slice(where).find('=') != std::string_view::npos);
  }

  /// Reads attributes up to the first that is wrong.
  void reparse_attributes() {
    for (AttributePlaces& attribute : read_attributes(tag_.name.source, text_, good_end_)) {
      good_end_ = attribute.value.end + 1;
      tag_.attributes.push_back(attribute);
    }
  }

  /// Of `at`, where the next attribute should be.
  AttributeMistake attribute_mistake(std::size_t at, bool blank_before) const {
    if (at == std::string_view::npos || text_[at] == '<') return {};
    const std::string_view rest = text_.substr(at);
    if (const std::size_t end = end_of_inner_quotes(at); end > 0) {
      AttributeMistake mistake{"a quote inside of a value is written `&quot;`", place(good_end_ - 1, good_end_)};
      mistake.resume = end;
      mistake.breaks_previous = true;
      return mistake;
    }
    std::size_t name = xml::match<xml::Name>(rest);
    if (name == 0 && rest[0] == '=' && at == tag_.name.end) {
      return {"a blank is missing between the element's name and this attribute's", tag_.name, std::nullopt,
              end_of_quoted(at + 1)};
    }
    if (name == 0) {
      const std::size_t stop = at + std::min(std::max<std::size_t>(1, rest.find_first_of(" \t\r\n<>")), rest.size());
      if (rest[0] == '"' || rest[0] == '\'') {
        const std::size_t quote = rest.find(rest[0], 1);
        const bool is_closed = quote < rest.find('\n');
        return {"an attribute's name is missing before this value", place(at, at + 1), std::nullopt,
                is_closed ? at + quote + 1 : std::string_view::npos};
      }
      return {"this is no attribute; attributes are written name=\"value\"", place(at, stop), std::nullopt, stop};
    }
    // Of `name:"value"` and `name"value"`.
    if (const std::size_t quote = text_.find_first_not_of(kBlanks, at + name);
        quote != std::string_view::npos && (text_[quote] == '"' || text_[quote] == '\'')) {
      const std::size_t end = end_of_quoted(quote);
      const bool has_colon = name > 1 && rest[name - 1] == ':';
      if (has_colon) --name;
      if (end != std::string_view::npos) {
        return {"`=` stands between an attribute's name and its value" + std::string(has_colon ? ", not `:`" : ""),
                place(at, at + name), AttributePlaces{place(at, at + name), place(quote + 1, end - 1)}, end};
      }
    }
    const Place name_place = place(at, at + name);
    const std::size_t equals = xml::match<xml::Eq>(rest.substr(name));
    const std::size_t value = at + name + equals;
    if (!blank_before) {
      AttributeMistake mistake{"a blank is missing before this attribute", name_place};
      if (const std::size_t whole = xml::match<xml::Attribute>(rest); whole > 0) {
        mistake.meant = {name_place, place(value + 1, at + whole - 1)};
        mistake.resume = at + whole;
      }
      return mistake;
    }
    const std::string attribute(rest.substr(0, name));
    if (equals == 0) {
      return {"the attribute `" + attribute + "` has no value", name_place, std::nullopt, at + name, /*is_word=*/true};
    }
    if (value >= text_.size()) return {"the attribute `" + attribute + "` has no value", name_place};
    const char quote = text_[value];
    if (quote != '"' && quote != '\'') {
      if (const std::size_t closing = closing_quote(value); closing != std::string_view::npos) {
        return {"the value of `" + attribute + "` has no opening quote", place(value, value + 1),
                AttributePlaces{name_place, place(value, closing)}, closing + 1};
      }
      const std::size_t stop = std::max(value + 1, std::min(text_.find_first_of(" \t\r\n<>", value), text_.size()));
      const Place meant = unquoted_value(value, stop);
      return {"the value of `" + attribute + "` must stand in quotes", place(value, stop),
              AttributePlaces{name_place, meant}, stop, /*is_word=*/true};
    }
    const std::size_t stop = text_.find_first_of(quote == '"' ? "\"<" : "'<", value + 1);
    if (stop != std::string_view::npos && text_[stop] == '<') {
      const std::size_t closing = text_.find(quote, value + 1);
      if (closing < text_.find('\n', value)) {
        const std::size_t bracket = text_.find('>', value);
        if (text_[closing - 1] != '=' || bracket > stop) {
          return {"`<` in a value is written `&lt;`", place(stop, stop + 1)};
        }
        // The quote opens the value of an attribute in another tag.
        const std::size_t end = bracket - (text_[bracket - 1] == '/' ? 1 : 0);
        AttributeMistake mistake{"the value of `" + attribute + "` has no closing quote", place(value, value + 1),
                                 AttributePlaces{name_place, place(value + 1, end)}};
        mistake.close = bracket;
        return mistake;
      }
    }
    return {"the value of `" + attribute + "` has no closing quote", place(value, value + 1)};
  }

  /// Behind the quoted text that begins at `at`, on its line; npos if none does.
  std::size_t end_of_quoted(std::size_t at) const {
    if (at >= text_.size() || (text_[at] != '"' && text_[at] != '\'')) return std::string_view::npos;
    const std::size_t quote = text_.find_first_of(std::string{text_[at], '\n', '<'}, at + 1);
    return quote != std::string_view::npos && text_[quote] == text_[at] ? quote + 1 : std::string_view::npos;
  }

  /// The next quote, if it can only close a value that has no quote before it; else npos.
  std::size_t closing_quote(std::size_t at) const {
    const std::size_t quote = text_.find_first_of("\"'=<>\n", at);
    if (quote == std::string_view::npos || (text_[quote] != '"' && text_[quote] != '\'')) return std::string_view::npos;
    const std::size_t next = quote + 1;
    const bool is_end = next < text_.size() && (kBlanks.find(text_[next]) != std::string_view::npos ||
                                                text_[next] == '/' || text_[next] == '>');
    return is_end ? quote : std::string_view::npos;
  }

  /// `a="b"c"`, `a="b "c" d"`: where the value ends if the quotes within it were none. 0 if there are none.
  std::size_t end_of_inner_quotes(std::size_t at) const {
    if (tag_.attributes.empty() || tag_.attributes.back().value.end + 1 != good_end_) return 0;
    std::size_t end = 0;
    while (at != std::string_view::npos && kBlanks.find(text_[at]) == std::string_view::npos) {
      const std::size_t closing = closing_quote(at);
      if (closing == std::string_view::npos || closing == at) break;
      end = closing + 1;
      at = text_.find_first_not_of(kBlanks, end);
    }
    return end;
  }

  /// Of a value without quotes, or with those that a word processor made of them.
  Place unquoted_value(std::size_t begin, std::size_t end) const {
    if (end - begin > 1 && text_[end - 1] == '/' && end < text_.size() && text_[end] == '>') --end;
    const auto is_quote = [&](std::size_t at) {
      const std::string_view character = text_.substr(at, 3);
      return character >= "\u2018" && character <= "\u201F";
    };
    if (end - begin >= 6 && is_quote(begin) && is_quote(end - 3)) return place(begin + 3, end - 3);
    return place(begin, end);
  }

  Place place(std::size_t begin, std::size_t end) const {
    return {tag_.name.source, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  }
  std::string_view slice(const Place& at) const { return text_.substr(at.begin, at.end - at.begin); }
  void add(DiagnosticKind kind, const Place& at, std::string message) {
    mistakes_.push_back({kind, at, std::move(message), {}});
  }

  std::string_view text_;
  TagPlaces tag_;
  std::size_t good_end_;  // of what is well-formed in the tag
  std::vector<Diagnostic> mistakes_;
};

}  // namespace

std::optional<BrokenTag> read_broken_tag(const Place& name, std::string_view text) {
  return TagReader(name, text).read();
}

std::vector<AttributePlaces> read_attributes(SourceId source, std::string_view text, std::size_t at) {
  const auto place = [&](std::size_t begin, std::size_t end) {
    return Place{source, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  };
  std::vector<AttributePlaces> attributes;
  while (true) {
    const std::string_view rest = text.substr(at);
    const std::size_t blanks = xml::match<xml::S>(rest);
    const std::size_t name = blanks > 0 ? xml::match<xml::Name>(rest.substr(blanks)) : 0;
    const std::size_t whole = name > 0 ? xml::match<xml::Attribute>(rest.substr(blanks)) : 0;
    if (whole == 0) return attributes;
    const std::size_t begin = at + blanks;
    const std::size_t value = begin + name + xml::match<xml::Eq>(text.substr(begin + name));
    at = begin + whole;
    attributes.push_back({place(begin, begin + name), place(value + 1, at - 1)});
  }
}

}  // namespace pml::grammar
