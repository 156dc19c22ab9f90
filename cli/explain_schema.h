// The part of `pml explain` that is about a schema, not about a prompt.
#pragma once

#include "cli/options.h"
#include "cli/workspace.h"

namespace pml::cli {

/// The workspace has its layout and its recipe. Returns the exit code.
int explain_schema(Workspace& workspace, const Options& options);

}  // namespace pml::cli
