#include "cli/load_model.h"

#include "cli/runtime_options.h"

namespace pml::cli {

runtime::Model load_model(const Workspace& workspace, const Options& options) {
  auto model = runtime::Model::load(workspace.model(), model_options(options, workspace.recipe()));
  if (!model) workspace.fail(model.error().message);
  return std::move(*model);
}

}  // namespace pml::cli
