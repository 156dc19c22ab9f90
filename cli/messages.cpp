#include "cli/messages.h"

#include <cstdio>

#include "grammar/display.h"

namespace pml::cli {

void say(const std::string& message) { std::fprintf(stderr, "pml: %s\n", grammar::printable(message).c_str()); }

void warn(const std::string& message) { say("warning: " + message); }

}  // namespace pml::cli
