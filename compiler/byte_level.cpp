#include "compiler/byte_level.h"

#include <array>
#include <cstddef>

namespace pml::compiler {
namespace {

constexpr std::uint32_t kAlphabetEnd = 256 + 68;  ///< 68 bytes are not printable in Latin-1

constexpr bool is_printable(std::uint32_t byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
}

/// Printable bytes stand for themselves, the others in their order for U+0100 and on.
constexpr std::array<std::uint16_t, 256> kCodePoints = [] {
  std::array<std::uint16_t, 256> code_points{};
  std::uint32_t next = 256;
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    code_points[byte] = static_cast<std::uint16_t>(is_printable(byte) ? byte : next++);
  }
  return code_points;
}();

/// By code point; -1 where the alphabet has none.
constexpr std::array<std::int16_t, kAlphabetEnd> kBytes = [] {
  std::array<std::int16_t, kAlphabetEnd> bytes{};
  bytes.fill(-1);
  for (std::uint32_t byte = 0; byte < 256; ++byte) bytes[kCodePoints[byte]] = static_cast<std::int16_t>(byte);
  return bytes;
}();

}  // namespace

std::string byte_level_character(std::uint8_t byte) {
  const std::uint32_t code_point = kCodePoints[byte];
  if (code_point < 0x80) return {static_cast<char>(code_point)};
  return {static_cast<char>(0xC0 | code_point >> 6), static_cast<char>(0x80 | (code_point & 0x3F))};
}

bool append_byte_level(std::string_view text, std::string& bytes) {
  const std::size_t start = bytes.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::uint32_t code_point = static_cast<std::uint8_t>(text[i]);
    // The alphabet lies below U+0800: a lead byte of two, or ASCII. Everything else maps past its end.
    if (code_point >= 0x80) {
      const bool is_pair =
          (code_point & 0xE0) == 0xC0 && i + 1 < text.size() && (static_cast<std::uint8_t>(text[i + 1]) & 0xC0) == 0x80;
      code_point = is_pair ? (code_point & 0x1F) << 6 | (static_cast<std::uint8_t>(text[++i]) & 0x3F) : kAlphabetEnd;
      if (code_point < 0x80) code_point = kAlphabetEnd;  // an overlong form
    }
    const int byte = code_point < kAlphabetEnd ? kBytes[code_point] : -1;
    if (byte < 0) {
      bytes.resize(start);
      return false;
    }
    bytes += static_cast<char>(byte);
  }
  return true;
}

}  // namespace pml::compiler
