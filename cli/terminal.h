// The terminal that standard output goes to.
#pragma once

namespace pml::cli {

/// Columns of the terminal; where there is none, what the variable COLUMNS says, else 100.
int terminal_width();

}  // namespace pml::cli
