// pml check: are the documents right?
#include <cstdio>

#include "cli/commands.h"
#include "cli/diagnostic_kinds.h"
#include "cli/json_output.h"
#include "cli/workspace.h"
#include "grammar/display.h"

namespace pml::cli {

int check(const Options& options) {
  if (options.list_kinds) return list_kinds(options);
  if (options.explained) return explain_kind(*options.explained, options);
  Workspace workspace(options);
  workspace.open_model();
  workspace.read_schema();
  if (options.dump == "ast") {
    workspace.stop_on_errors();
    std::fputs(dump(workspace.schema()).c_str(), stdout);
    return kDone;
  }
  workspace.lay_out();
  const bool has_prompt = options.has_prompt();
  if (has_prompt) {
    workspace.read_prompt();
    workspace.make_plan();
  }
  workspace.stop_on_errors();
  if (options.json) {
    print({{"ok", true}, {"diagnostics", to_json(workspace.diagnostics(), workspace.sources())}});
  } else if (!options.quiet) {
    const std::size_t num_warnings = workspace.diagnostics().list().size();
    const std::string warnings =
        num_warnings == 0 ? "" : "; " + std::to_string(num_warnings) + (num_warnings == 1 ? " warning" : " warnings");
    std::printf("%s: no mistakes%s%s\n", grammar::printable(options.schema).c_str(),
                has_prompt ? ", nor in the prompt" : "", warnings.c_str());
  }
  return kDone;
}

}  // namespace pml::cli
