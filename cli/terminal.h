// The terminal that standard output goes to.
#pragma once

#include <string>
#include <string_view>

namespace pml::cli {

/// Columns of the terminal; where there is none, what the variable COLUMNS says, else 100.
int terminal_width();

/// Prints `text` behind `start`, in lines of at most `width` columns, broken at blanks; a word that is longer than a
/// line is broken anywhere. Further lines begin with `indent` blanks, or fewer where they would take half the width.
void print_wrapped(std::string_view start, std::string_view text, int indent, int width);

}  // namespace pml::cli
