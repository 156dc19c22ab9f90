// Numbers as text that reads back as the same number.
#pragma once

#include <charconv>
#include <string>

namespace pml::compiler {

/// The shortest decimal that reads back as `number`.
inline std::string shortest_decimal(double number) {
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr};
}

}  // namespace pml::compiler
