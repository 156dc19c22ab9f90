#include "compiler/lint.h"

#include <utf8proc.h>

#include <algorithm>

#include "grammar/vocabulary.h"

namespace pml::compiler {
namespace {

using grammar::DiagnosticKind;
using grammar::Diagnostics;

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }

/// A letter or digit of a script that has blanks between words.
bool is_spaced_letter(utf8proc_int32_t character) {
  const bool is_south_east_asian = (character >= 0x0E00 && character < 0x10A0) ||  // Thai to Myanmar
                                   (character >= 0x1780 && character < 0x1800);    // Khmer
  const utf8proc_category_t category = utf8proc_category(character);
  const bool is_letter = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
  return (is_letter || category == UTF8PROC_CATEGORY_ND) && utf8proc_charwidth(character) == 1 && !is_south_east_asian;
}

/// Does a text end in a way that a blank follows in running text? Not within a number: `10:`, `2.`.
bool wants_blank(std::string_view text) {
  if (text.empty()) return false;
  const char last = text.back();
  if (is_beyond_ascii(last)) {
    std::size_t begin = text.size() - 1;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
    utf8proc_int32_t character = 0;
    const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + begin),
                                       static_cast<utf8proc_ssize_t>(text.size() - begin), &character);
    constexpr utf8proc_int32_t kEllipsis = 0x2026;
    return size > 0 && (is_spaced_letter(character) || character == kEllipsis);
  }
  const bool is_in_number = (last == '.' || last == ',' || last == ':') && text.size() > 1 && is_digit(text.end()[-2]);
  return is_letter_or_digit(last) ||
         (std::string_view(".,;:!?)").find(last) != std::string_view::npos && !is_in_number);
}

/// Would the text run into a word before it?
bool begins_like_word(const std::string& text) {
  return text.empty() || is_letter_or_digit(text.front()) || is_beyond_ascii(text.front());
}

bool has_words(const std::string& text) {
  return std::ranges::any_of(text, [](char c) { return is_letter_or_digit(c) || is_beyond_ascii(c); });
}

/// The last word of a text, for a message.
std::string last_word(std::string_view text) {
  constexpr std::size_t kMost = 30;
  const std::size_t blank = text.find_last_of(" \t\n");
  const std::string_view word = blank == std::string_view::npos ? text : text.substr(blank + 1);
  if (word.size() <= kMost) return ast::in_quotes(word);
  std::size_t begin = word.size() - kMost;
  while (begin < word.size() && (static_cast<unsigned char>(word[begin]) & 0xC0) == 0x80) ++begin;
  return ast::in_quotes("..." + std::string(word.substr(begin)));
}

bool has_roles(const Layout& layout) { return std::ranges::any_of(layout.segments, &Segment::has_role_tag); }

class SchemaLinter {
 public:
  SchemaLinter(const Layout& layout, Slot max_positions, const grammar::SourceSet& sources, Diagnostics& diagnostics)
      : layout_(layout),
        max_positions_(max_positions),
        has_roles_(has_roles(layout)),
        sources_(sources),
        diagnostics_(diagnostics) {}

  void lint(const ast::Schema& schema) {
    nodes(schema.children, false, nullptr);
    check_names();
    if (layout_.is_estimate) return;
    if (!layout_.is_packed()) check_unions();
    check_room();
  }

 private:
  // --- as it is written -------------------------------------------------------------------------------

  /// `text`: right before the first of them; null if there is none.
  void nodes(const std::vector<ast::Node>& list, bool in_role, const ast::Text* text) {
    bool is_outside_reported = in_role || !has_roles_;  // once an element
    for (const ast::Node& node : list) {
      const ast::Text* before = std::exchange(text, std::get_if<ast::Text>(&node.value));
      const auto* parameter = std::get_if<ast::Parameter>(&node.value);
      if ((text != nullptr || parameter != nullptr) && !is_outside_reported) {
        diagnostics_
            .add(DiagnosticKind::text_outside_roles, text != nullptr ? text->place : parameter->place,
                 std::string(text != nullptr ? "this text" : "this parameter") +
                     " stands outside of any role, in a schema that has roles")
            .notes.push_back({std::nullopt, "put it into <system>...</system> or <user>...</user>"});
        is_outside_reported = true;
      }
      if (parameter != nullptr) {
        check_blank(before, *parameter);
      } else if (const auto* slot = std::get_if<ast::Slot>(&node.value)) {
        if (before != nullptr && slot->lead.empty()) check_blank(*before, "slot", slot->name, slot->place);
      } else if (const auto* turn = std::get_if<ast::Turn>(&node.value)) {
        nodes(turn->children, true, nullptr);
      } else if (const auto* module = std::get_if<ast::Module>(&node.value)) {
        nodes(module->children, in_role, before);
      } else if (const auto* alternatives = std::get_if<ast::Union>(&node.value)) {
        for (const ast::Module& member : alternatives->members) nodes(member.children, in_role, before);
      } else if (const auto* pool = std::get_if<ast::Pool>(&node.value)) {
        for (const ast::Module& member : pool->members) nodes(member.children, in_role, nullptr);
      }
    }
  }

  /// A default or stand-in that brings its own blank, or a sign, is meant to stand there.
  void check_blank(const ast::Text* before, const ast::Parameter& parameter) {
    if (before == nullptr || !parameter.lead.empty()) return;
    const bool is_word = begins_like_word(parameter.default_text.value_or("")) &&
                         begins_like_word(parameter.standin_text.value_or("")) &&
                         std::ranges::all_of(parameter.values, begins_like_word, &ast::ParameterValue::text);
    if (is_word) check_blank(*before, "parameter", parameter.name, parameter.place);
  }

  void check_blank(const ast::Text& before, const std::string& kind, const std::string& name,
                   const grammar::Place& place) {
    if (!wants_blank(before.text)) return;
    diagnostics_
        .add(DiagnosticKind::missing_blank, place,
             "no blank stands between " + last_word(before.text) + " and the " + kind + " `" + name + "`")
        .notes.push_back({std::nullopt, "put a blank or a line break before it; nothing else adds one"});
  }

  /// Names that files have given are nobody's to choose.
  void check_names() {
    for (const Element& element : layout_.elements) {
      if (element.kind != ElementKind::module && element.kind != ElementKind::slot) continue;
      if (grammar::is_legal_element_name(element.name) || sources_.text(element.place) != element.name) continue;
      diagnostics_
          .add(DiagnosticKind::name_needs_use, element.place,
               "`" + element.name + "` cannot be the name of an element" +
                   (grammar::is_element_name(element.name) ? ": it is one of the language's own" : ""))
          .notes.push_back({std::nullopt, "a prompt has to write <use module=\"" + element.name + "\"/>"});
    }
  }

  // --- as it is laid out ------------------------------------------------------------------------------

  /// Every prompt with another member has a gap as long as what the longest is longer.
  void check_unions() {
    constexpr Slot kLeastGap = 64;
    for (const Element& element : layout_.elements) {
      if (element.kind != ElementKind::alternatives || element.contents.size() < 2) continue;
      const Element* longest = nullptr;
      Slot longest_size = -1;
      Slot second_size = -1;
      for (const Content& content : element.contents) {
        const Element& member = layout_.elements[content.id];
        const Slot size = member.end - member.first;
        if (size > longest_size) {
          second_size = std::exchange(longest_size, size);
          longest = &member;
        } else {
          second_size = std::max(second_size, size);
        }
      }
      const Slot gap = longest_size - second_size;
      if (gap <= kLeastGap || gap < second_size) continue;
      diagnostics_
          .add(DiagnosticKind::uneven_union, longest->place,
               "`" + longest->name + "` takes " + std::to_string(longest_size) + " slots, the longest other member " +
                   std::to_string(second_size) + ": with another member at least " + std::to_string(gap) +
                   " stay empty")
          .notes.push_back({std::nullopt, "shorten it, or write <schema layout=\"pack\">, which leaves no gaps"});
    }
  }

  void check_room() {
    constexpr Slot kLeastRoom = 256;
    if (max_positions_ == 0) return;
    Slot end = layout_.end;
    std::string what = "the layout takes";
    grammar::Place place = layout_.elements[0].place;
    if (layout_.is_packed()) {
      // Holes may be empty; what counts is the text that a prompt cannot have less of.
      end = 0;
      for (const Segment& segment : layout_.segments) {
        if (segment.kind != SegmentKind::static_text || segment.end() <= end) continue;
        const Element& element = layout_.elements[segment.element];
        end = segment.end();
        what = (element.path.empty() ? "every prompt" : "a prompt with `" + element.path + "`") + " takes at least";
        place = element.place;
      }
    }
    const Slot left = max_positions_ - end;
    if (left >= kLeastRoom && left >= max_positions_ / 20) return;
    diagnostics_
        .add(DiagnosticKind::little_room, place,
             what + " " + std::to_string(end) + " of the " + std::to_string(max_positions_) +
                 " positions that the model reads")
        .notes.push_back(
            {std::nullopt, "the prompt's own text and the answer have " + std::to_string(std::max(left, 0)) + " left"});
  }

  const Layout& layout_;
  Slot max_positions_;
  bool has_roles_;
  const grammar::SourceSet& sources_;
  Diagnostics& diagnostics_;
};

class PromptLinter {
 public:
  PromptLinter(const Selection& selection, const Layout& layout, const TextEncoder& encoder, Diagnostics& diagnostics)
      : selection_(selection), layout_(layout), encoder_(encoder), diagnostics_(diagnostics) {}

  void lint() {
    if (!has_roles(layout_)) check_text_behind();  // else text outside of them is a warning as it is
    if (encoder_.is_estimate()) return;
    for (const auto& [parameter, filled] : selection_.arguments) {
      check_standin(layout_.elements[parameter], filled);
    }
  }

 private:
  /// Text behind the last selection reads as if it stood there; it stands behind everything. Said of the first alone.
  void check_text_behind() {
    const auto run = std::ranges::find_if(selection_.free_runs, [](const FreeRun& candidate) {
      return candidate.after == kNone && !candidate.has_role_tag && candidate.selected_before != kNone;
    });
    if (run == selection_.free_runs.end()) return;
    bool is_behind = false;
    const auto between = text_behind(0, run->selected_before, is_behind);
    if (between == kNone) return;
    auto& diagnostic = diagnostics_.add(
        DiagnosticKind::text_behind_schema, run->place,
        "this text stands behind everything, not right behind `" + layout_.elements[run->selected_before].name + "`");
    diagnostic.notes.push_back({layout_.segments[between].place, "this text of the schema comes before it"});
    diagnostic.notes.push_back({std::nullopt, "a <slot> in the schema would make room for it where it is written"});
  }

  /// The first text behind an element that the prompt has without naming it; kNone if there is none.
  SegmentId text_behind(ElementId id, ElementId element, bool& is_behind) const {
    for (const Content& content : layout_.elements[id].contents) {
      if (content.is_segment) {
        if (is_behind && has_words(plain(layout_.segments[content.id].text))) return content.id;
        continue;
      }
      const ElementKind kind = layout_.elements[content.id].kind;
      if (kind == ElementKind::parameter && is_behind && shows_default(content.id)) {
        return layout_.elements[content.id].content;
      }
      const bool is_absent = kind == ElementKind::module && !selection_.present[content.id];
      const bool is_named = is_behind && selection_.selected_at.contains(content.id);
      if (is_absent || is_named) continue;
      if (const SegmentId found = text_behind(content.id, element, is_behind); found != kNone) return found;
      is_behind = is_behind || content.id == element;
    }
    return kNone;
  }

  /// Words that the prompt does not say itself.
  bool shows_default(ElementId id) const {
    const Element& parameter = layout_.elements[id];
    return parameter.has_default && parameter.content != kNone && !selection_.arguments.contains(id) &&
           has_words(plain(layout_.segments[parameter.content].text));
  }

  /// What was encoded behind the stand-in has seen a text of another length. Values are encoded each for themselves.
  void check_standin(const Element& parameter, const FilledParameter& filled) {
    constexpr std::int64_t kMostTimes = 3;
    constexpr std::int64_t kLeastApart = 8;
    if (parameter.content == kNone || parameter.has_default || !parameter.values.empty() || filled.value.empty())
      return;
    MarkedText text;
    append(text, parameter.lead + filled.value);
    const auto size = static_cast<std::int64_t>(encoder_.encode(text).size());
    const auto standin = static_cast<std::int64_t>(layout_.segments[parameter.content].tokens.size());
    const auto [shorter, longer] = std::minmax(size, standin);
    if (longer <= kMostTimes * shorter || longer - shorter <= kLeastApart) return;
    diagnostics_
        .add(DiagnosticKind::unlike_standin, filled.place,
             "this argument takes " + count_tokens(size) + ", the stand-in that it replaces " + count_tokens(standin))
        .notes.push_back({parameter.content_place, "what stands behind it was encoded after this one"});
  }

  const Selection& selection_;
  const Layout& layout_;
  const TextEncoder& encoder_;
  Diagnostics& diagnostics_;
};

}  // namespace

void lint(const ast::Schema& schema, const Layout& layout, Slot max_positions, const grammar::SourceSet& sources,
          Diagnostics& diagnostics) {
  SchemaLinter(layout, max_positions, sources, diagnostics).lint(schema);
}

void lint(const Selection& selection, const Layout& layout, const TextEncoder& encoder, Diagnostics& diagnostics) {
  PromptLinter(selection, layout, encoder, diagnostics).lint();
}

}  // namespace pml::compiler
