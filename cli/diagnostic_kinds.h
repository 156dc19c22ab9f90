// pml check --list-kinds, --explain KIND: what diagnostics there are, and what one of them means.
#pragma once

#include "cli/options.h"

namespace pml::cli {

/// A line for every kind. Returns the exit code.
int list_kinds(const Options& options);

/// What the kind means, an example, and its cure. Returns the exit code.
int explain_kind(grammar::DiagnosticKind kind, const Options& options);

}  // namespace pml::cli
