// Text as a terminal shows it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pml::grammar {

/// Columns that `text` takes; a tab counts as none, for it depends on where it stands.
int display_width(std::string_view text);

/// Columns that one character takes at most.
inline constexpr int kWidestCharacter = 2;

/// Bytes at the front of `text`, whole characters, that take at most `width` columns.
std::size_t prefix_size(std::string_view text, int width);

/// Control characters but tabs, and those that turn the direction of writing, would act on the terminal, and bytes that
/// are no UTF-8 are no text; `?` stands for each of their bytes. The text keeps its length.
std::string printable(std::string_view text);

/// `text`, printable, in exactly `width` columns: filled up with blanks, or cut, with `...` at the end if there is
/// room for it.
std::string fitted(std::string_view text, int width);

/// Where the first byte stands that is not part of a UTF-8 character; npos if there is none.
std::size_t find_invalid_utf8(std::string_view text);

/// Is the byte inside a character, not its first?
inline bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace pml::grammar
