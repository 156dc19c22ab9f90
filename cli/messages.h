// What is said on standard error. Whatever stands in a message (names of files among it) does not act on the terminal.
#pragma once

#include <string>

namespace pml::cli {

/// One line, "pml: message".
void say(const std::string& message);

/// One line, "pml: warning: message".
void warn(const std::string& message);

}  // namespace pml::cli
