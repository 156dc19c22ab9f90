#include "grammar/display.h"

#include <utf8proc.h>

#include <algorithm>

namespace pml::grammar {

namespace {

/// The first character of `text`, which is not empty; its length in `size`. Negative if it is none.
utf8proc_int32_t first_character(std::string_view text, std::size_t& size) {
  utf8proc_int32_t character = 0;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto length = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &character);
  size = length > 0 ? static_cast<std::size_t>(length) : 1;
  return length > 0 ? character : -1;
}

/// Those that reorder or act on what a terminal shows.
bool is_unprintable(utf8proc_int32_t character) {
  const bool is_control = character < 0x20 || (character >= 0x7F && character < 0xA0);
  const bool turns_around =
      (character >= 0x202A && character <= 0x202E) || (character >= 0x2066 && character <= 0x2069);
  return (is_control && character != '\t') || turns_around;
}

int width_of(utf8proc_int32_t character) { return character < 0 ? 1 : utf8proc_charwidth(character); }

}  // namespace

int display_width(std::string_view text) {
  int width = 0;
  for (std::size_t size = 0; !text.empty(); text.remove_prefix(size)) width += width_of(first_character(text, size));
  return width;
}

std::size_t prefix_size(std::string_view text, int width) {
  std::size_t at = 0;
  for (std::size_t size = 0; at < text.size(); at += size) {
    width -= width_of(first_character(text.substr(at), size));
    if (width < 0) break;
  }
  return at;
}

std::size_t find_invalid_utf8(std::string_view text) {
  for (std::size_t at = 0, size = 0; at < text.size(); at += size) {
    if (first_character(text.substr(at), size) < 0) return at;
  }
  return std::string_view::npos;
}

std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t size = 0; !text.empty(); text.remove_prefix(size)) {
    if (is_unprintable(first_character(text, size))) {
      result.append(size, '?');
    } else {
      result.append(text.substr(0, size));
    }
  }
  return result;
}

std::string fitted(std::string_view text, int width) {
  std::string shown = printable(text);
  if (prefix_size(shown, width) < shown.size()) {
    const std::string_view dots = width >= 6 ? "..." : "";
    shown.erase(prefix_size(shown, width - static_cast<int>(dots.size())));
    shown += dots;
  }
  shown.append(static_cast<std::size_t>(std::max(0, width - display_width(shown))), ' ');
  return shown;
}

}  // namespace pml::grammar
