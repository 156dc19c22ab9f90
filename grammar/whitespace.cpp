#include "grammar/whitespace.h"

#include <algorithm>
#include <vector>

namespace pml::grammar {
namespace {

using Blank = Whitespace::Boundary::Blank;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_indentation(char c) { return c == ' ' || c == '\t'; }

/// A text with, for each byte, whether it is exempt from whitespace handling.
struct Marked {
  std::string text;
  std::vector<bool> is_literal;

  explicit Marked(const XmlText& source) {
    for (const XmlPiece& piece : source.pieces) {
      text += piece.text;
      is_literal.resize(text.size(), piece.is_literal);
    }
  }
  bool blank_at(std::size_t i) const { return !is_literal[i] && is_blank(text[i]); }
  bool newline_at(std::size_t i) const { return !is_literal[i] && text[i] == '\n'; }
  std::size_t indentation_end(std::size_t i) const {
    while (i < text.size() && !is_literal[i] && is_indentation(text[i])) ++i;
    return i;
  }
};

std::string dedent(const Marked& marked, std::size_t begin, std::size_t end, std::string_view indentation) {
  std::string result;
  for (std::size_t i = begin; i < end; ++i) {
    result.push_back(marked.text[i]);
    if (!marked.newline_at(i)) continue;
    const std::size_t stop = std::min(marked.indentation_end(i + 1), end);
    if (stop < end && marked.newline_at(stop)) {
      i = stop - 1;  // a line of blanks alone is an empty line
    } else {
      const std::string_view line = std::string_view(marked.text).substr(i + 1, stop - i - 1);
      if (line.starts_with(indentation)) i += indentation.size();
    }
  }
  return result;
}

std::string collapse(const Marked& marked, std::size_t begin, std::size_t end) {
  std::string result;
  for (std::size_t i = begin; i < end; ++i) {
    if (!marked.blank_at(i)) {
      result.push_back(marked.text[i]);
    } else if (i == begin || !marked.blank_at(i - 1)) {
      result.push_back(' ');
    }
  }
  return result;
}

Blank merge(Blank before, Blank after) { return before == Blank::dropped ? before : std::max(before, after); }

}  // namespace

std::string common_indentation(const XmlElement& element) {
  std::optional<std::string> common;
  const auto is_parameter = [&](std::size_t index) {
    if (index >= element.children.size()) return false;
    const auto* child = std::get_if<XmlElement>(&element.children[index].value);
    return child != nullptr && child->name == "parameter";
  };
  for (std::size_t index = 0; index < element.children.size(); ++index) {
    const auto* text = std::get_if<XmlText>(&element.children[index].value);
    if (text == nullptr) continue;
    const Marked marked(*text);
    for (std::size_t i = 0; i < marked.text.size(); ++i) {
      if (!marked.newline_at(i)) continue;
      const std::size_t end = marked.indentation_end(i + 1);
      const bool is_blank_line = end == marked.text.size() ? !is_parameter(index + 1) : marked.newline_at(end);
      if (is_blank_line) continue;
      const std::string_view line = std::string_view(marked.text).substr(i + 1, end - i - 1);
      if (!common) {
        common = std::string(line);
      } else {
        const auto [differs, other] = std::mismatch(common->begin(), common->end(), line.begin(), line.end());
        common->erase(differs, common->end());
      }
    }
  }
  return common.value_or("");
}

std::optional<std::string> Whitespace::text(const XmlText& source, SpaceMode mode, std::string_view indentation) {
  const Marked marked(source);
  if (mode == SpaceMode::preserve) {
    if (marked.text.empty()) return std::nullopt;
    return verbatim(marked.text);
  }
  std::size_t begin = 0;
  std::size_t end = marked.text.size();
  while (begin < end && marked.blank_at(begin)) ++begin;
  while (end > begin && marked.blank_at(end - 1)) --end;
  const std::string_view whole = marked.text;
  add(whole.substr(0, begin));
  if (begin == end) return std::nullopt;
  std::string result = take(mode, false);
  result += mode == SpaceMode::dedent ? dedent(marked, begin, end, indentation) : collapse(marked, begin, end);
  add(whole.substr(end));
  return result;
}

std::string Whitespace::verbatim(std::string_view text) { return take(SpaceMode::preserve, false).append(text); }

std::string Whitespace::parameter(SpaceMode mode) {
  std::string lead = take(mode, true);
  boundary_.beside_parameter = true;
  return lead;
}

void Whitespace::role_tag() { boundary_ = {Blank::dropped, false}; }

void Whitespace::pool_tag() {
  if (boundary_.blank == Blank::dropped) boundary_.blank = Blank::none;
}

void Whitespace::prepend(const Boundary& saved) {
  // A role that closed in an earlier member says nothing about what stands before this one.
  if (boundary_.blank == Blank::dropped) boundary_.blank = Blank::none;
  boundary_.blank = merge(saved.blank, boundary_.blank);
  boundary_.beside_parameter = saved.beside_parameter;
}

std::string Whitespace::take(SpaceMode mode, bool before_parameter) {
  Blank blank = boundary_.blank;
  if (blank == Blank::newline && mode == SpaceMode::collapse && (before_parameter || boundary_.beside_parameter)) {
    blank = Blank::blank;
  }
  content();
  return blank == Blank::newline ? "\n" : blank == Blank::blank ? " " : "";
}

void Whitespace::add(std::string_view blanks) {
  if (blanks.empty()) return;
  const bool has_newline = blanks.find('\n') != std::string_view::npos;
  boundary_.blank = merge(boundary_.blank, has_newline ? Blank::newline : Blank::blank);
}

}  // namespace pml::grammar
