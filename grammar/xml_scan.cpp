#include "grammar/xml_scan.h"

#include <utf8proc.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "grammar/vocabulary.h"
#include "grammar/xml_grammar.h"
#include "grammar/xml_nesting.h"
#include "grammar/xml_tag.h"

namespace pml::grammar {
namespace {

using Input = tao::pegtl::memory_input<tao::pegtl::tracking_mode::lazy>;

constexpr std::string_view kBlanks = " \t\r\n";

/// Listens to the flat grammar: keeps the parts, their places and the edits.
class Scanner {
 public:
  Scanner(SourceId source, std::string_view text, Diagnostics& diagnostics)
      : source_(source), text_(text), diagnostics_(diagnostics) {}

  std::string_view text() const { return text_; }

  void tag_name(std::size_t begin, std::size_t end) {
    tag_ = {};
    tag_.name = place(begin, end);
    is_empty_ = false;
  }
  void attribute_name(std::size_t begin, std::size_t end) { attribute_.name = place(begin, end); }
  void attribute_value(std::size_t begin, std::size_t end) { attribute_.value = place(begin + 1, end - 1); }
  void attribute() { tag_.attributes.push_back(attribute_); }
  void empty_mark() { is_empty_ = true; }
  void start_tag(std::size_t begin, std::size_t end) { add_tag(begin, end, false); }
  void end_tag_name(std::size_t begin, std::size_t end) { end_tag_name_ = place(begin, end); }
  /// `is_broken`: the name is good, but the tag holds something else too, which was said.
  void end_tag(std::size_t begin, std::size_t end, bool is_broken = false) {
    parts_.push_back({MarkupPart::Kind::end, place(begin, end), end_tag_name_, 0, is_broken});
  }

  /// Returns where scanning goes on.
  std::size_t comment(std::size_t begin, std::size_t end) {
    if (end - begin == std::string_view("<!---->").size()) return end;
    // It ends with another one's end.
    if (text_.substr(0, end).find("<!--", begin + 1) != std::string_view::npos) return broken_markup(begin);
    const std::size_t dashes = text_.substr(0, end - 3).find("--", begin + 4);
    if (dashes != std::string_view::npos || text_[end - 4] == '-') {
      const std::size_t at = dashes != std::string_view::npos ? dashes : end - 4;
      add(DiagnosticKind::bad_comment, place(at, at + 2), "`--` may not stand inside a comment");
    }
    return end;
  }

  void cdata(std::size_t begin, std::size_t end) {
    parts_.push_back({MarkupPart::Kind::cdata, place(begin, end), {}, 0, false});
  }

  void processing_instruction(std::size_t begin, std::size_t end) {
    const std::string_view content = text_.substr(begin + 2, end - begin - 4);
    if (!content.starts_with("xml") || (content.size() > 3 && kBlanks.find(content[3]) == std::string_view::npos)) {
      parts_.push_back({MarkupPart::Kind::instruction, place(begin, end), {}, 0, false});
      return;
    }
    if (begin != 0) {
      add(DiagnosticKind::xml_declaration, place(begin, begin + 5),
          "the XML declaration must be the first thing in the file");
      return;
    }
    if (xml::match<xml::XMLDecl>(content) == 0) {
      add(DiagnosticKind::xml_declaration, place(begin, end), "the XML declaration is not well-formed")
          .notes.push_back({std::nullopt, "write `<?xml version=\"1.0\" encoding=\"UTF-8\"?>`, or nothing"});
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
    const bool is_behind_stray = std::exchange(is_behind_stray_, false);
    const std::size_t first = text_.substr(0, end).find_first_not_of(kBlanks, begin);
    if (first == std::string_view::npos) return;
    const std::size_t last = text_.substr(0, end).find_last_not_of(kBlanks);
    parts_.push_back({MarkupPart::Kind::text, place(first, last + 1), {}, 0, is_behind_stray});
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
        const std::size_t end = opener == "<![CDATA[" ? next_element_tag(begin) : text_.find('<', begin + 1);
        lost_rest_ = end == std::string_view::npos;
        edit(begin, std::min(end, text_.size()), "");
        return std::min(end, text_.size());
      }
    }
    if (std::size_t length = xml::match<xml::Name>(rest.substr(1)); length > 0) {
      return broken_tag(begin, begin + 1 + length);
    }
    if (rest.starts_with("</")) {
      if (std::size_t length = xml::match<xml::Name>(rest.substr(2)); length > 0) return broken_end_tag(begin, length);
    }
    if (const std::size_t end = tag_behind_blank(begin); end > 0) return end;
    return stray(begin);
  }

  /// Matches the tags. False if the tree is not worth looking at.
  bool nest_tags() {
    const Nesting nesting = nest(text_, parts_, tags_, lost_rest_);
    for (const Diagnostic& mistake : nesting.mistakes) {
      add(mistake.kind, mistake.place, mistake.message).notes = mistake.notes;
    }
    if (nesting.is_too_deep) return false;
    for (std::size_t i = 0; i < nesting.is_inside.size(); ++i) check_part(parts_[i], nesting.is_inside[i]);
    if (!nesting.has_root && !diagnostics_.has_errors()) {
      add(DiagnosticKind::no_root, place(0, 0), "the document has no root element");
    }
    edits_.insert(edits_.end(), nesting.edits.begin(), nesting.edits.end());
    std::ranges::stable_sort(edits_, {}, [](const Edit& edit) { return std::pair(edit.begin, edit.end); });
    for (const std::size_t tag : nesting.broken) tags_[tag].is_broken = true;
    for (const std::size_t tag : nesting.torn) tags_[tag].is_torn = true;
    for (auto tag = nesting.end_tags.rbegin(); tag != nesting.end_tags.rend(); ++tag) {
      tags_.erase(tags_.begin() + static_cast<std::ptrdiff_t>(*tag));
    }
    has_lost_tags_ = lost_rest_ || nesting.has_lost_tags;
    return true;
  }

  bool too_much() const { return too_much_; }
  XmlScan take() { return {std::move(tags_), std::move(edits_), has_lost_tags_}; }

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

  void add_tag(std::size_t begin, std::size_t end, bool is_broken) {
    tag_.tag = place(begin, end);
    tag_.is_broken = is_broken;
    check_attributes();
    const auto kind = is_empty_ ? MarkupPart::Kind::empty : MarkupPart::Kind::start;
    parts_.push_back({kind, tag_.tag, tag_.name, tags_.size(), is_broken});
    // For each element there may be two tags and two texts.
    if (tags_.size() == kMaxElements || parts_.size() > 4 * kMaxElements) {
      too_much_ = true;
      add(DiagnosticKind::too_deep, tag_.name,
          "the document has more than " + std::to_string(kMaxElements) + " elements");
    }
    tags_.push_back(std::move(tag_));
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

  /// What can be said of a part only when it is known whether it stands in the root.
  void check_part(const MarkupPart& part, bool is_inside) {
    const Place& at = part.place;
    if (part.kind == MarkupPart::Kind::text && is_inside) {
      references(at.begin, at.end);
      const std::string_view piece = text_.substr(0, at.end);
      for (std::size_t end = piece.find("]]>", at.begin); end != std::string_view::npos;
           end = piece.find("]]>", end + 3)) {
        add(DiagnosticKind::cdata_end, place(end, end + 3), "`]]>` ends a CDATA section, but none is open")
            .notes.push_back({std::nullopt, "in text write `]]&gt;`"});
      }
    } else if (part.kind == MarkupPart::Kind::cdata && !is_inside) {
      add(DiagnosticKind::outside_root, at, "text outside the root element");
    } else if (part.kind == MarkupPart::Kind::instruction) {
      const Place mark = place(at.begin, at.begin + 2);
      const bool has_name = xml::match<xml::Name>(slice(at).substr(2)) > 0;
      if (!is_inside && has_name) return;  // beside the root they are for other programs, and mean nothing here
      edit(at.begin, at.end, "");
      if (is_inside) {
        add(DiagnosticKind::processing_instruction, mark, "`<?` begins an instruction, which is no text")
            .notes.push_back({std::nullopt, "write `&lt;?`, put code into <![CDATA[...]]>, or take it in with `src`"});
      } else {
        add(DiagnosticKind::processing_instruction, mark, "this instruction has no name");
      }
    }
  }

  std::size_t stray(std::size_t begin) {
    add(DiagnosticKind::stray_less_than, place(begin, begin + 1), "`<` does not begin a tag here")
        .notes.push_back({std::nullopt, "write `&lt;`, put code into <![CDATA[...]]>, or take it in with `src`"});
    edit(begin, begin + 1, " ");
    is_behind_stray_ = true;
    return begin + 1;
  }

  /// The next tag of an element of the language, or that closes the element at hand; npos if none comes. Code may hold
  /// others.
  std::size_t next_element_tag(std::size_t at) const {
    const std::string_view open = innermost_open();
    for (at = text_.find('<', at + 1); at != std::string_view::npos; at = text_.find('<', at + 1)) {
      const bool is_end = text_.substr(at + 1).starts_with('/');
      const std::size_t begin = at + (is_end ? 2 : 1);
      const std::string_view name = text_.substr(begin, xml::match<xml::Name>(text_.substr(begin)));
      if (is_element_name(name) || (is_end && name == open)) return at;
    }
    return at;
  }

  std::string_view innermost_open() const {
    int depth = 0;
    for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
      if (part->kind == MarkupPart::Kind::end) ++depth;
      if (part->kind == MarkupPart::Kind::start && depth-- == 0) return slice(part->name);
    }
    return {};
  }

  /// `</name`, but not all of an end tag. `length`: of the name.
  std::size_t broken_end_tag(std::size_t begin, std::size_t length) {
    const std::size_t end = begin + 2 + length;
    end_tag_name(begin + 2, end);
    const std::size_t close = text_.find_first_of("<>", end);
    if (close != std::string_view::npos && text_[close] == '>') {
      const std::size_t extra = text_.find_first_not_of(kBlanks, end);
      add(DiagnosticKind::attribute_syntax, place(extra, close), "an end tag holds nothing but its name");
      end_tag(begin, close + 1, true);
      return close + 1;
    }
    add(DiagnosticKind::unclosed_markup, place(begin, end), "this tag has no `>`");
    end_tag(begin, end, true);
    return end;
  }

  /// A tag that would be one without the blank behind its `<` or `/`: says so, and returns where it ends; else 0.
  std::size_t tag_behind_blank(std::size_t begin) {
    std::size_t at = text_.find_first_not_of(kBlanks, begin + 1);
    const bool is_end = at != std::string_view::npos && text_[at] == '/';
    if (is_end) at = text_.find_first_not_of(kBlanks, at + 1);
    if (at == std::string_view::npos) return 0;
    const std::size_t length = xml::match<xml::Name>(text_.substr(at));
    const std::size_t rest = length == 0 ? 0
                             : is_end    ? xml::match<xml::RestOfEndTag>(text_.substr(at + length))
                                         : xml::match<xml::RestOfStartTag>(text_.substr(at + length));
    if (rest == 0) return 0;
    const std::size_t end = at + length + rest;
    const std::string name(text_.substr(at, length));
    // Of code that looks alike, such as `a < b > c`.
    const bool has_attributes = text_.substr(at, end - at).find('=') != std::string_view::npos;
    const bool is_empty = text_[end - 2] == '/';
    if (!is_end && !has_attributes && !is_empty && !is_element_name(name) &&
        text_.find("</" + name, end) == std::string_view::npos) {
      return 0;
    }
    add(DiagnosticKind::stray_less_than, place(begin, begin + 1),
        "a tag's name follows at once, without a blank: `<" + std::string(is_end ? "/" : "") + name + "`");
    if (is_end) {
      end_tag_name(at, at + length);
      end_tag(begin, end, true);
    } else {
      tag_.name = place(at, at + length);
      tag_.attributes = read_attributes(source_, text_, at + length);
      is_empty_ = is_empty;
      edit(begin + 1, at, "");
      add_tag(begin, end, false);
    }
    return end;
  }

  /// `<name` is there, but the tag did not match. Returns where scanning goes on.
  std::size_t broken_tag(std::size_t begin, std::size_t name_end) {
    auto tag = read_broken_tag(place(begin + 1, name_end), text_);
    if (!tag) return stray(begin);
    for (const Diagnostic& mistake : tag->mistakes) add(mistake.kind, mistake.place, mistake.message);
    edits_.push_back(tag->edit);
    tag_ = std::move(tag->places);
    is_empty_ = tag->is_empty;
    const std::size_t end = tag_.tag.end;
    add_tag(begin, end, true);
    return end;
  }

  SourceId source_;
  std::string_view text_;
  Diagnostics& diagnostics_;
  std::vector<TagPlaces> tags_;
  std::vector<Edit> edits_;
  std::vector<MarkupPart> parts_;
  TagPlaces tag_;  // the start tag that is being matched
  AttributePlaces attribute_{};
  Place end_tag_name_{};
  bool is_empty_ = false;
  bool is_behind_stray_ = false;
  bool too_much_ = false;
  bool has_lost_tags_ = false;
  bool lost_rest_ = false;  // the rest of the file was taken for an unclosed comment
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
PML_XML_ACTION(Attribute, state.scanner.attribute());
PML_XML_ACTION(EmptyMark, state.scanner.empty_mark());
PML_XML_ACTION(StartTag, state.scanner.start_tag(begin, end));
PML_XML_ACTION(EndTagName, state.scanner.end_tag_name(begin, end));
PML_XML_ACTION(EndTag, state.scanner.end_tag(begin, end));
PML_XML_ACTION(Comment, state.resume = state.scanner.comment(begin, end));
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
  while (at < text.size() && !scanner.too_much()) {
    if (diagnostics.num_errors() - errors_before > kMaxMistakes) return {};
    Input input(text.data() + at, text.data() + text.size(), "");
    state.resume = 0;
    tao::pegtl::parse<xml::Markup, Action>(input, state);
    at = state.resume > 0 ? state.resume : static_cast<std::size_t>(input.current() - text.data());
  }
  if (scanner.too_much() || !scanner.nest_tags()) return {};
  if (diagnostics.num_errors() - errors_before > kMaxMistakes) return {};
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
