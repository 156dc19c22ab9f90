#include "cli/rank.h"

#include "cli/interrupt.h"
#include "cli/runtime_options.h"
#include "runtime/ranking.h"

namespace pml::cli {

compiler::Ranking rank_tokens(const Workspace& workspace, const compiler::Contexts& contexts,
                              const std::vector<compiler::Selection>& prompts, const runtime::Model& model,
                              runtime::Encoder& encoder, const std::function<void()>& on_prompt) {
  runtime::Ranker ranker(model, kv_type_of(workspace.recipe()), contexts.nodes.size());
  for (const compiler::Selection& prompt : prompts) {
    if (is_interrupted()) break;
    grammar::Diagnostics none;
    const compiler::Plan plan =
        make_plan(workspace.layout(), contexts, prompt, workspace.text_encoder(), workspace.max_positions(), none);
    std::vector<std::shared_ptr<const runtime::Artifact>> artifacts;
    for (const compiler::PlannedSegment& segment : plan.segments) {
      if (segment.artifact == compiler::kNone) continue;
      auto outcome = encoder.artifact(segment.artifact);
      if (!outcome) workspace.fail(outcome.error().message);
      artifacts.push_back(std::move(outcome->artifact));
    }
    ranker.add(plan, artifacts);
    if (on_prompt) on_prompt();
  }
  return ranker.ranking();
}

}  // namespace pml::cli
