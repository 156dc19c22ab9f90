#include "grammar/xml_scan.h"

#include <utf8proc.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "grammar/vocabulary.h"
#include "grammar/xml_grammar.h"

namespace pml::grammar {
namespace {

using Input = tao::pegtl::memory_input<tao::pegtl::tracking_mode::lazy>;

constexpr std::string_view kBlanks = " \t\r\n";

/// After so many mistakes in its markup a file is probably no PML at all.
constexpr std::size_t kMaxMistakes = 200;

/// Listens to the flat grammar: keeps the stack of open elements, the places and the edits.
class Scanner {
 public:
  Scanner(SourceId source, std::string_view text, Diagnostics& diagnostics)
      : source_(source), text_(text), diagnostics_(diagnostics) {}

  std::string_view text() const { return text_; }

  void tag_name(std::size_t begin, std::size_t end) {
    tag_ = {};
    tag_.name = place(begin, end);
    good_end_ = end;
    is_empty_ = false;
  }
  void attribute_name(std::size_t begin, std::size_t end) { attribute_.name = place(begin, end); }
  void attribute_value(std::size_t begin, std::size_t end) { attribute_.value = place(begin + 1, end - 1); }
  void attribute(std::size_t end) {
    tag_.attributes.push_back(attribute_);
    good_end_ = end;
  }
  void empty_mark() { is_empty_ = true; }
  void start_tag(std::size_t begin, std::size_t end) { open_element(begin, end, false); }

  /// `is_broken`: the name is good, but the tag holds something else too, which was said.
  void end_tag(std::size_t begin, std::size_t end, bool is_broken = false) {
    const std::string_view name = slice(end_tag_name_);
    const auto same_name = [&](std::size_t open) { return slice(tags_[open].name) == name; };
    auto match = std::find_if(open_.rbegin(), open_.rend(), same_name);
    if (match == open_.rend()) {
      // A name that was only mistyped, or is what the author called the element, still closes it: one mistake,
      // one message.
      const bool closes_top = !open_.empty() && (nearest(name, {slice(tags_[open_.back()].name)}) ||
                                                 is_value_of_name(name, tags_[open_.back()]));
      // Of a start tag that was mistyped it is said what it was meant to be; this end tag is that.
      const bool start_is_mistyped =
          closes_top && is_element_name(name) && !is_element_name(slice(tags_[open_.back()].name));
      if (!is_broken && !start_is_mistyped && !(open_.empty() && said_outside_)) {
        auto& diagnostic = add(DiagnosticKind::unmatched_end_tag, end_tag_name_,
                               "`</" + std::string(name) + ">` closes nothing that is open");
        if (!open_.empty()) {
          const Place& top = tags_[open_.back()].name;
          diagnostic.notes.push_back({top, "`<" + std::string(slice(top)) + ">` is open here"});
        }
      }
      if (closes_top) {
        edit(begin, end, "</" + std::string(slice(tags_[open_.back()].name)) + ">");
        pop();
      } else {
        edit(begin, end, "");
      }
      return;
    }
    while (!same_name(open_.back())) close_unclosed(begin, &end_tag_name_);
    if (is_broken) edit(begin, end, "</" + std::string(name) + ">");
    pop();
  }
  void end_tag_name(std::size_t begin, std::size_t end) { end_tag_name_ = place(begin, end); }

  void comment(std::size_t begin, std::size_t end) {
    if (end - begin == std::string_view("<!---->").size()) return;
    const std::size_t dashes = text_.substr(0, end - 3).find("--", begin + 4);
    if (dashes != std::string_view::npos || text_[end - 4] == '-') {
      const std::size_t at = dashes != std::string_view::npos ? dashes : end - 4;
      add(DiagnosticKind::bad_comment, place(at, at + 2), "`--` may not stand inside a comment");
    }
  }

  void cdata(std::size_t begin, std::size_t end) {
    if (open_.empty()) {
      add(DiagnosticKind::outside_root, place(begin, end), "text outside the root element");
    }
  }

  void processing_instruction(std::size_t begin, std::size_t end) {
    const std::string_view content = text_.substr(begin + 2, end - begin - 4);
    if (!content.starts_with("xml") || (content.size() > 3 && kBlanks.find(content[3]) == std::string_view::npos)) {
      const bool has_name = match<xml::Name>(content) > 0;
      if (open_.empty() && has_name) return;  // beside the root they are for other programs, and mean nothing here
      edit(begin, end, "");
      if (open_.empty()) {
        add(DiagnosticKind::processing_instruction, place(begin, begin + 2), "this instruction has no name");
        return;
      }
      add(DiagnosticKind::processing_instruction, place(begin, begin + 2),
          "`<?` begins an instruction, which is no text")
          .notes.push_back({std::nullopt, "write `&lt;?`, put code into <![CDATA[...]]>, or take it in with `src`"});
      return;
    }
    if (begin != 0) {
      add(DiagnosticKind::xml_declaration, place(begin, begin + 5),
          "the XML declaration must be the first thing in the file");
      return;
    }
    const std::size_t encoding = content.find("encoding");
    if (encoding == std::string_view::npos) return;
    const std::size_t quote = content.find_first_of("\"'", encoding);
    if (quote == std::string_view::npos) return;
    const std::size_t close = content.find(content[quote], quote + 1);
    std::string value(content.substr(quote + 1, close - quote - 1));
    std::transform(value.begin(), value.end(), value.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (value != "utf-8" && value != "utf8" && value != "us-ascii" && value != "ascii") {
      add(DiagnosticKind::xml_declaration, place(begin + 2 + quote + 1, begin + 2 + close),
          "the encoding must be UTF-8");
    }
  }

  /// Returns where scanning goes on: behind the declaration.
  std::size_t doctype(std::size_t begin, std::size_t end) {
    add(DiagnosticKind::doctype, place(begin, end), "a document type declaration is not allowed");
    int depth = 0;
    std::size_t i = end;
    for (; i < text_.size(); ++i) {
      if (text_[i] == '[') ++depth;
      if (text_[i] == ']') --depth;
      if (text_[i] == '>' && depth <= 0) break;
    }
    const std::size_t stop = std::min(i + 1, text_.size());
    edit(begin, stop, "");
    return stop;
  }

  void char_data(std::size_t begin, std::size_t end) {
    const std::size_t first = text_.substr(0, end).find_first_not_of(kBlanks, begin);
    if (open_.empty()) {
      if (first != std::string_view::npos) {
        const std::size_t last = text_.substr(0, end).find_last_not_of(kBlanks);
        // Behind the root one mistake leads to all others: it was closed too early.
        if (!has_root_ || !std::exchange(said_outside_, true)) {
          add(DiagnosticKind::outside_root, place(first, last + 1), "text outside the root element");
        }
        edit(begin, end, "");
      }
      return;
    }
    references(begin, end);
    const std::string_view piece = text_.substr(0, end);
    for (std::size_t at = piece.find("]]>", begin); at != std::string_view::npos; at = piece.find("]]>", at + 3)) {
      add(DiagnosticKind::cdata_end, place(at, at + 3), "`]]>` ends a CDATA section, but none is open")
          .notes.push_back({std::nullopt, "in text write `]]&gt;`"});
    }
  }

  void references(std::size_t begin, std::size_t end) {
    const std::string_view piece = text_.substr(0, end);
    for (std::size_t at = piece.find('&', begin); at != std::string_view::npos; at = piece.find('&', at + 1)) {
      const std::size_t length = match_reference(piece.substr(at));
      if (length == 0) {
        add(DiagnosticKind::bare_ampersand, place(at, at + 1), "`&` begins no character reference")
            .notes.push_back({std::nullopt, "write `&amp;` for the character itself"});
      } else if (decode_reference(piece.substr(at, length)).empty()) {
        const std::string reference(piece.substr(at, length));
        const bool is_character = reference[1] == '#';
        auto& diagnostic = add(is_character ? DiagnosticKind::bad_character_reference : DiagnosticKind::unknown_entity,
                               place(at, at + length),
                               "`" + reference + (is_character ? "` is not a character" : "` is not an entity of PML"));
        if (!is_character) {
          diagnostic.notes.push_back(
              {std::nullopt, "the entities are &lt; &gt; &amp; &quot; &apos; and characters such as &#233;"});
        }
      }
    }
  }

  /// A `<` that begins no well-formed markup. Says what is wrong, and returns where scanning goes on.
  std::size_t broken_markup(std::size_t begin) {
    const std::string_view rest = text_.substr(begin);
    for (const std::string_view opener : {"<!--", "<![CDATA[", "<?"}) {
      if (rest.starts_with(opener)) {
        const std::string what = opener == "<!--" ? "comment" : opener == "<?" ? "instruction" : "CDATA section";
        add(DiagnosticKind::unclosed_markup, place(begin, begin + opener.size()), "this " + what + " is never closed");
        edit(begin, text_.size(), "");
        lost_rest_ = true;
        return text_.size();
      }
    }
    if (std::size_t length = match<xml::Name>(rest.substr(1)); length > 0) {
      tag_name(begin + 1, begin + 1 + length);
      return broken_tag(begin);
    }
    if (rest.starts_with("</")) {
      if (std::size_t length = match<xml::Name>(rest.substr(2)); length > 0) {
        const std::size_t close = text_.find_first_of("<>", begin + 2 + length);
        if (close != std::string_view::npos && text_[close] == '>') {
          const std::size_t extra = text_.find_first_not_of(kBlanks, begin + 2 + length);
          add(DiagnosticKind::attribute_syntax, place(extra, close), "an end tag holds nothing but its name");
          end_tag_name(begin + 2, begin + 2 + length);
          end_tag(begin, close + 1, true);
          return close + 1;
        }
        add(DiagnosticKind::unclosed_markup, place(begin, begin + 2 + length), "this tag has no `>`");
        end_tag_name(begin + 2, begin + 2 + length);
        end_tag(begin, begin + 2 + length, true);
        return begin + 2 + length;
      }
    }
    return stray(begin);
  }

  void finish() {
    while (!open_.empty()) close_unclosed(text_.size(), nullptr);
    if (!has_root_ && !diagnostics_.has_errors()) {
      add(DiagnosticKind::no_root, place(0, 0), "the document has no root element");
    }
  }

  bool too_deep() const { return too_deep_; }
  XmlScan take() { return {std::move(tags_), std::move(edits_)}; }

 private:
  Place place(std::size_t begin, std::size_t end) const {
    return {source_, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  }
  std::string_view slice(const Place& at) const { return text_.substr(at.begin, at.end - at.begin); }
  Diagnostic& add(DiagnosticKind kind, Place at, std::string message) {
    return diagnostics_.add(kind, at, std::move(message));
  }
  void edit(std::size_t begin, std::size_t end, std::string text) {
    edits_.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), std::move(text)});
  }

  bool is_value_of_name(std::string_view name, const TagPlaces& tag) const {
    return std::any_of(tag.attributes.begin(), tag.attributes.end(), [&](const AttributePlaces& attribute) {
      return slice(attribute.name) == "name" && slice(attribute.value) == name;
    });
  }

  /// How many bytes of `text` the rule matches from the front.
  template <typename Rule>
  static std::size_t match(std::string_view text) {
    Input input(text.data(), text.size(), "");
    return tao::pegtl::parse<Rule>(input) ? static_cast<std::size_t>(input.current() - text.data()) : 0;
  }

  void open_element(std::size_t begin, std::size_t end, bool is_broken) {
    tag_.tag = place(begin, end);
    tag_.is_broken = is_broken;
    check_attributes();
    if (open_.empty() && has_root_ && !std::exchange(said_outside_, true)) {
      add(DiagnosticKind::outside_root, tag_.name, "a second root element; the document ends with the first");
    }
    has_root_ = true;
    if (tags_.size() == kMaxElements && !too_deep_) {
      too_deep_ = true;
      add(DiagnosticKind::too_deep, tag_.name,
          "the document has more than " + std::to_string(kMaxElements) + " elements");
    }
    tags_.push_back(std::move(tag_));
    if (is_empty_) return;
    open_.push_back(tags_.size() - 1);
    if (open_.size() > kMaxDepth && !too_deep_) {
      too_deep_ = true;
      add(DiagnosticKind::too_deep, tags_.back().name,
          "elements nest deeper than " + std::to_string(kMaxDepth) + " levels");
    }
  }

  void check_attributes() {
    auto& list = tag_.attributes;
    std::unordered_map<std::string_view, Place> known;
    std::erase_if(list, [&](const AttributePlaces& attribute) {
      const auto [first, is_new] = known.emplace(slice(attribute.name), attribute.name);
      if (is_new) {
        references(attribute.value.begin, attribute.value.end);
        return false;
      }
      add(DiagnosticKind::duplicate_attribute, attribute.name,
          "the attribute `" + std::string(slice(attribute.name)) + "` stands twice")
          .notes.push_back({first->second, "it stands here first"});
      return true;
    });
  }

  void pop() { open_.pop_back(); }

  void close_unclosed(std::size_t at, const Place* closer) {
    TagPlaces& tag = tags_[open_.back()];
    const Place name = tag.name;
    if (!tag.is_broken && !lost_rest_) {  // what follows from a mistake is not said again
      auto& diagnostic =
          add(DiagnosticKind::unclosed_element, name, "`<" + std::string(slice(name)) + ">` is never closed");
      if (closer != nullptr) {
        diagnostic.notes.push_back({*closer, "it is still open at this end tag"});
      }
      diagnostic.notes.push_back({std::nullopt, "write `<" + std::string(slice(name)) +
                                                    "/>` if it is empty; code that holds `<` "
                                                    "goes into <![CDATA[...]]>, or into a file taken in with `src`"});
    }
    tag.is_broken = true;
    edit(at, at, "</" + std::string(slice(name)) + ">");
    pop();
  }

  std::size_t stray(std::size_t begin) {
    add(DiagnosticKind::stray_less_than, place(begin, begin + 1), "`<` does not begin a tag here")
        .notes.push_back({std::nullopt, "write `&lt;`, put code into <![CDATA[...]]>, or take it in with `src`"});
    edit(begin, begin + 1, " ");
    return begin + 1;
  }

  /// `<name` is there, but the tag did not match. tag_ holds the name and the attributes that were good.
  std::size_t broken_tag(std::size_t begin) {
    reparse_attributes();
    const std::size_t at = text_.find_first_not_of(kBlanks, good_end_);
    const bool blank_before = at != good_end_;
    // Code such as `i<n;` is not a tag: a tag's name is followed by a blank, `/` or `>`.
    if (at != std::string_view::npos && !blank_before && tag_.attributes.empty() && text_[at] != '/') {
      return stray(begin);
    }
    std::size_t close = tag_close(good_end_);
    const bool has_close = close != std::string_view::npos && text_[close] == '>';
    const AttributeMistake mistake = attribute_mistake(at, blank_before);
    if (!has_close && mistake.message.empty()) {
      add(DiagnosticKind::unclosed_markup, place(begin, good_end_), "this tag has no `>`");
    } else if (!has_close && !where_is_attribute(mistake.where)) {
      return stray(begin);
    } else if (!read_swallowed(at)) {
      add(DiagnosticKind::attribute_syntax, mistake.where, mistake.message);
    }
    if (!has_close) close = close == std::string_view::npos ? text_.size() : close;
    is_empty_ = has_close && text_[close - 1] == '/';
    edit(good_end_, close + (has_close ? 1 : 0), is_empty_ ? "/>" : ">");
    if (has_close) read_rest(mistake, close - (is_empty_ ? 1 : 0));
    const std::size_t end = close + (has_close ? 1 : 0);
    open_element(begin, end, true);
    return end;
  }

  /// What is wrong where an attribute should be, and what can be understood nevertheless.
  struct AttributeMistake {
    std::string message;  // empty: nothing stands there
    Place where{};
    std::optional<AttributePlaces> meant = std::nullopt;
    std::size_t resume = std::string_view::npos;  // where the next attribute may stand; npos: anywhere
    bool is_word = false;                         // a word alone, or a value without quotes
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

  /// Reads attributes again, up to the first that is wrong.
  void reparse_attributes() {
    while (true) {
      const std::string_view rest = text_.substr(good_end_);
      const std::size_t blanks = match<xml::S>(rest);
      const std::size_t name = blanks > 0 ? match<xml::Name>(rest.substr(blanks)) : 0;
      const std::size_t whole = name > 0 ? match<xml::Attribute>(rest.substr(blanks)) : 0;
      if (whole == 0) return;
      const std::size_t name_begin = good_end_ + blanks;
      const std::size_t equals = match<xml::Eq>(text_.substr(name_begin + name));
      attribute_name(name_begin, name_begin + name);
      attribute_value(name_begin + name + equals, name_begin + whole);
      attribute(name_begin + whole);
    }
  }

  /// Of `at`, where the next attribute should be.
  AttributeMistake attribute_mistake(std::size_t at, bool blank_before) const {
    if (at == std::string_view::npos || text_[at] == '<') return {};
    const std::string_view rest = text_.substr(at);
    const std::size_t name = match<xml::Name>(rest);
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
    const Place name_place = place(at, at + name);
    const std::size_t equals = match<xml::Eq>(rest.substr(name));
    const std::size_t value = at + name + equals;
    if (!blank_before) {
      AttributeMistake mistake{"a blank is missing before this attribute", name_place};
      if (const std::size_t whole = match<xml::Attribute>(rest); whole > 0) {
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
      const std::size_t stop = std::max(value + 1, std::min(text_.find_first_of(" \t\r\n<>", value), text_.size()));
      const Place meant = unquoted_value(value, stop);
      if (slice(meant).ends_with('"') || slice(meant).ends_with('\'')) {
        return {"the value of `" + attribute + "` has no opening quote", place(value, value + 1),
                AttributePlaces{name_place, place(meant.begin, meant.end - 1)}, stop};
      }
      return {"the value of `" + attribute + "` must stand in quotes", place(value, stop),
              AttributePlaces{name_place, meant}, stop, /*is_word=*/true};
    }
    const std::size_t stop = text_.find_first_of(quote == '"' ? "\"<" : "'<", value + 1);
    if (stop != std::string_view::npos && text_[stop] == '<') {
      const std::size_t line_end = text_.find('\n', value);
      if (text_.find(quote, value + 1) < line_end) {
        return {"`<` in a value is written `&lt;`", place(stop, stop + 1)};
      }
    }
    return {"the value of `" + attribute + "` has no closing quote", place(value, value + 1)};
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

  SourceId source_;
  std::string_view text_;
  Diagnostics& diagnostics_;
  std::vector<TagPlaces> tags_;
  std::vector<Edit> edits_;
  std::vector<std::size_t> open_;  // elements that are open: indices into tags_
  TagPlaces tag_;                  // the start tag that is being matched
  AttributePlaces attribute_{};
  Place end_tag_name_{};
  std::size_t good_end_ = 0;  // end of what is well-formed in tag_
  bool is_empty_ = false;
  bool has_root_ = false;
  bool too_deep_ = false;
  bool said_outside_ = false;  // that something stands behind the root
  bool lost_rest_ = false;     // the rest of the file was taken for an unclosed comment
};

/// Connects the grammar's rules with the scanner.
template <typename Rule>
struct Action {};

struct State {
  Scanner& scanner;
  const char* begin;
  std::size_t resume = 0;  // where to go on, if the grammar cannot know

  template <typename ActionInput>
  std::size_t from(const ActionInput& input) const {
    return static_cast<std::size_t>(input.begin() - begin);
  }
  template <typename ActionInput>
  std::size_t to(const ActionInput& input) const {
    return static_cast<std::size_t>(input.end() - begin);
  }
};

#define PML_XML_ACTION(Rule, statement)                      \
  template <>                                                \
  struct Action<xml::Rule> {                                 \
    template <typename ActionInput>                          \
    static void apply(const ActionInput& in, State& state) { \
      const std::size_t begin = state.from(in);              \
      const std::size_t end = state.to(in);                  \
      static_cast<void>(begin), static_cast<void>(end);      \
      statement;                                             \
    }                                                        \
  }

PML_XML_ACTION(TagName, state.scanner.tag_name(begin, end));
PML_XML_ACTION(AttributeName, state.scanner.attribute_name(begin, end));
PML_XML_ACTION(AttValue, state.scanner.attribute_value(begin, end));
PML_XML_ACTION(Attribute, state.scanner.attribute(end));
PML_XML_ACTION(EmptyMark, state.scanner.empty_mark());
PML_XML_ACTION(StartTag, state.scanner.start_tag(begin, end));
PML_XML_ACTION(EndTagName, state.scanner.end_tag_name(begin, end));
PML_XML_ACTION(EndTag, state.scanner.end_tag(begin, end));
PML_XML_ACTION(Comment, state.scanner.comment(begin, end));
PML_XML_ACTION(CDSect, state.scanner.cdata(begin, end));
PML_XML_ACTION(PI, state.scanner.processing_instruction(begin, end));
PML_XML_ACTION(DoctypeDecl, state.resume = state.scanner.doctype(begin, end));
PML_XML_ACTION(CharData, state.scanner.char_data(begin, end));
PML_XML_ACTION(BrokenMarkup, state.resume = state.scanner.broken_markup(begin));
#undef PML_XML_ACTION

}  // namespace

XmlScan scan_xml(SourceId source, std::string_view text, Diagnostics& diagnostics) {
  Scanner scanner(source, text, diagnostics);
  State state{scanner, text.data()};
  const std::size_t errors_before = diagnostics.num_errors();
  std::size_t at = 0;
  while (at < text.size() && !scanner.too_deep()) {
    if (diagnostics.num_errors() - errors_before > kMaxMistakes) return {};
    Input input(text.data() + at, text.data() + text.size(), "");
    state.resume = 0;
    tao::pegtl::parse<xml::Markup, Action>(input, state);
    at = std::max(state.resume, static_cast<std::size_t>(input.current() - text.data()));
  }
  if (scanner.too_deep()) return {};
  scanner.finish();
  return scanner.take();
}

std::size_t match_reference(std::string_view text) {
  Input input(text.data(), text.size(), "");
  return tao::pegtl::parse<xml::Reference>(input) ? static_cast<std::size_t>(input.current() - text.data()) : 0;
}

std::string decode_reference(std::string_view reference) {
  static constexpr std::pair<std::string_view, std::string_view> kEntities[] = {
      {"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}, {"&quot;", "\""}, {"&apos;", "'"}};
  for (const auto& [entity, character] : kEntities) {
    if (reference == entity) return std::string(character);
  }
  if (!reference.starts_with("&#")) return "";
  const bool is_hex = reference[2] == 'x';
  const std::string_view digits = reference.substr(is_hex ? 3 : 2, reference.size() - (is_hex ? 4 : 3));
  std::uint32_t character = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), character, is_hex ? 16 : 10);
  const bool is_none = (character >= 0xD800 && character < 0xE000) || character == 0xFFFE || character == 0xFFFF;
  if (error != std::errc{} || character > 0x10FFFF || is_none) return "";
  if (character < 0x20 && character != '\t' && character != '\n' && character != '\r') return "";
  utf8proc_uint8_t bytes[4];
  const auto length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(character), bytes);
  return std::string(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
}

}  // namespace pml::grammar
