// Text from a file as it may stand in a message: in quotes, on one line, of bounded length.
#pragma once

#include <string>
#include <string_view>

namespace pml::compiler {

/// Control characters and bytes that are no UTF-8 become '?'; after 80 bytes "..." stands for the rest.
std::string quote(std::string_view text);

}  // namespace pml::compiler
