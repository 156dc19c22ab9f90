#include "compiler/quote.h"

#include <cstddef>

namespace pml::compiler {

std::string quote(std::string_view text) {
  constexpr std::size_t kMaxBytes = 80;
  std::size_t size = text.size();
  if (size > kMaxBytes) {
    size = kMaxBytes;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;  // no half character
  }
  std::string quoted = "'";
  for (const char c : text.substr(0, size)) {
    quoted += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return quoted + (size < text.size() ? "...'" : "'");
}

}  // namespace pml::compiler
