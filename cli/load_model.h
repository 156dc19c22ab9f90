// The model that a command computes with.
#pragma once

#include "cli/options.h"
#include "cli/workspace.h"
#include "runtime/model.h"

namespace pml::cli {

/// Loads the weights. The workspace has its recipe; throws Stop if they cannot be had.
runtime::Model load_model(const Workspace& workspace, const Options& options);

}  // namespace pml::cli
