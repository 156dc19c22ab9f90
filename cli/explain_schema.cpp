// pml explain without a prompt: what is exact in every prompt of a schema, and the prompt that is worst off.
#include "cli/explain_schema.h"

#include <cstdio>
#include <set>

#include "cli/commands.h"
#include "cli/json_output.h"
#include "cli/quantity.h"
#include "cli/terminal.h"
#include "compiler/exactness.h"
#include "compiler/sample.h"
#include "grammar/write_prompt.h"

namespace pml::cli {
namespace {

/// Modules whose cached segments are all exact in every prompt, and the others, in the order of the schema.
struct Exactness {
  std::vector<std::string> always;
  std::vector<std::string> sometimes;
};

Exactness exactness_of(const Workspace& workspace) {
  const compiler::Layout& layout = workspace.layout();
  const std::vector<bool> is_exact = find_always_exact(layout, workspace.contexts());
  std::set<std::string> varying;
  std::set<std::string> known;
  std::vector<std::string> modules;
  for (std::size_t id = 0; id < layout.segments.size(); ++id) {
    const compiler::Segment& segment = layout.segments[id];
    if (segment.kind == compiler::SegmentKind::bos || workspace.contexts().artifacts[id].empty()) continue;
    const std::string& path = layout.elements[segment.element].path;
    if (known.insert(path).second) modules.push_back(path);
    if (!is_exact[id]) varying.insert(path);
  }
  Exactness result;
  for (std::string& module : modules) {
    (varying.contains(module) ? result.sometimes : result.always).push_back(std::move(module));
  }
  return result;
}

std::string list_of(const std::vector<std::string>& modules) {
  std::string text;
  for (const std::string& module : modules) text += (text.empty() ? "" : ", ") + module_name(module);
  return text.empty() ? "nothing" : text;
}

}  // namespace

int explain_schema(Workspace& workspace, const Options& options) {
  const Exactness exactness = exactness_of(workspace);
  const std::string worst =
      grammar::to_xml(worst_prompt(workspace.layout(), workspace.text_encoder(), workspace.standins()));
  grammar::Diagnostics diagnostics;
  PromptText text;
  text.name = "worst prompt";
  text.xml = worst;
  const auto plan = workspace.plan(std::move(text), diagnostics);
  std::int32_t num_inexact = 0;
  if (plan) {
    for (const compiler::PlannedSegment& segment : plan->segments) {
      if (segment.present && !segment.exact) num_inexact += segment.num_spliced();
    }
  }
  if (options.json) {
    Json json{{"schema", workspace.schema().name},
              {"context", to_string(workspace.context_kind())},
              {"repair", to_string(workspace.repair_policy())},
              {"always_exact", exactness.always},
              {"not_always_exact", exactness.sometimes}};
    if (plan) {
      json["worst"] = {{"prompt", worst},
                       {"rows", plan->rows.size()},
                       {"cached_tokens", plan->num_cached},
                       {"inexact_tokens", num_inexact},
                       {"repaired_tokens", plan->num_repaired}};
    }
    print(json);
    return kDone;
  }
  const int width = terminal_width();
  print_wrapped("",
                workspace.schema().name + ": contexts are " + std::string(to_string(workspace.context_kind())) +
                    ", repair is " + to_string(workspace.repair_policy()),
                2, width);
  std::printf("\n");
  print_wrapped("Exact in every prompt: ", list_of(exactness.always), 2, width);
  print_wrapped("Not in every prompt: ", list_of(exactness.sometimes), 2, width);
  if (!plan) return kDone;
  std::printf("\n");
  print_wrapped("",
                "The prompt that is worst off: of " + compiler::count_tokens(plan->num_cached) + " from the cache, " +
                    std::to_string(num_inexact) + " are not exact",
                2, width);
  std::fputs(worst.c_str(), stdout);
  return kDone;
}

}  // namespace pml::cli
