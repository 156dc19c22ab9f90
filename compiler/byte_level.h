// The byte-level alphabet of GPT-2: each of the 256 bytes has a printable character (0x20 is U+0120, "Ġ"), so
// that vocabularies and merges of arbitrary bytes can be written as text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pml::compiler {

/// The character of `byte`, in UTF-8.
std::string byte_level_character(std::uint8_t byte);

/// Appends the bytes that `text` stands for to `bytes`. False, and nothing is appended, if a character is
/// none of the alphabet.
bool append_byte_level(std::string_view text, std::string& bytes);

}  // namespace pml::compiler
