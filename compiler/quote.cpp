#include "compiler/quote.h"

#include <algorithm>
#include <cstddef>

#include "grammar/display.h"

namespace pml::compiler {

std::string quote(std::string_view text) {
  constexpr std::size_t kMaxBytes = 80;
  std::size_t size = text.size();
  if (size > kMaxBytes) {
    size = kMaxBytes;
    while (size > 0 && grammar::continues_character(text[size])) --size;  // no half character
  }
  std::string shown = grammar::printable(text.substr(0, size));
  std::ranges::replace(shown, '\t', '?');
  return "'" + shown + (size < text.size() ? "...'" : "'");
}

}  // namespace pml::compiler
