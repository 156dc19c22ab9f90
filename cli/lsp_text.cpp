#include "cli/lsp_text.h"

#include <algorithm>

#include "grammar/display.h"

namespace pml::cli {
namespace {

/// Of the character that begins with this byte: those beyond U+FFFF are two. A byte that is part of none is one.
std::uint32_t num_units(char first) { return static_cast<unsigned char>(first) >= 0xF0 ? 2 : 1; }

}  // namespace

EditorText::EditorText(std::string_view text) : text_(text), line_begins_{0} {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_end = text[i] == '\n' || (text[i] == '\r' && !text.substr(i + 1).starts_with('\n'));
    if (is_end) line_begins_.push_back(i + 1);
  }
}

std::string_view EditorText::line(std::size_t number) const {
  const std::size_t begin = line_begins_[number];
  const std::size_t end = number + 1 < line_begins_.size() ? line_begins_[number + 1] : text_.size();
  const std::string_view whole = text_.substr(begin, end - begin);
  return whole.substr(0, whole.find_first_of("\r\n"));
}

EditorPosition EditorText::position(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto after = std::upper_bound(line_begins_.begin(), line_begins_.end(), offset);
  const auto number = static_cast<std::size_t>(after - line_begins_.begin()) - 1;
  EditorPosition position{static_cast<std::uint32_t>(number), 0};
  for (const char c : line(number).substr(0, offset - line_begins_[number])) {
    if (!grammar::continues_character(c)) position.character += num_units(c);
  }
  return position;
}

std::size_t EditorText::offset(EditorPosition position) const {
  if (position.line >= line_begins_.size()) return text_.size();
  const std::string_view content = line(position.line);
  std::uint32_t units = 0;
  std::size_t at = 0;
  while (at < content.size()) {
    units += num_units(content[at]);
    if (units > position.character) break;
    do ++at;
    while (at < content.size() && grammar::continues_character(content[at]));
  }
  return line_begins_[position.line] + at;
}

}  // namespace pml::cli
