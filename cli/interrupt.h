// Ctrl-C, asked for instead of suffered: the first one sets a flag, a second one ends the program.
#pragma once

namespace pml::cli {

/// From here on Ctrl-C sets the flag.
void catch_interrupts();
bool is_interrupted();

}  // namespace pml::cli
