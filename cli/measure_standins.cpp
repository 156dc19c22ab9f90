#include "cli/measure_standins.h"

#include <algorithm>

#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/verification.h"

namespace pml::cli {
namespace {

using compiler::ElementId;

/// A member takes the place of another only if the measured KL falls below this part: less is noise, and a change
/// means that all that stands behind is encoded anew.
constexpr double kIsBetter = 0.95;

/// The members that are tried in place of the present one.
std::vector<std::vector<ElementId>> candidates_of(const Workspace& workspace, const std::vector<ElementId>& unions) {
  std::vector<std::vector<ElementId>> candidates;
  std::size_t num_trials = 0;
  for (const ElementId id : unions) {
    candidates.emplace_back();
    for (const compiler::Content& member : workspace.layout().elements[id].contents) {
      if (member.id == workspace.standins().members[id]) continue;
      if (candidates.back().size() + 1 >= kMostCandidates || num_trials >= kMostTrials) break;
      candidates.back().push_back(member.id);
      ++num_trials;
    }
  }
  return candidates;
}

}  // namespace

int measure_standins(const Options& options, StandinJob& job) {
  job.timing.begin("stand-ins");
  Workspace& workspace = job.workspace;
  catch_interrupts();
  const auto take = [&](auto result) {
    if (is_interrupted()) throw Stop{kInterrupted};
    if (!result) workspace.fail(result.error().message);
    return std::move(*result);
  };
  Verification verification(workspace, options);
  std::vector<Sample> samples;
  std::vector<Reference> references;
  for (const compiler::Selection& prompt : job.prompts) {
    samples.push_back({"", "", prompt});
    references.push_back(take(verification.reference(samples.back())));
  }
  // Neighbours are the same whoever stands in; without them a trial takes a quarter of the time.
  const ast::ContextKind kind =
      workspace.context_kind() == ast::ContextKind::adjacent ? ast::ContextKind::typical : workspace.context_kind();
  compiler::Standins best = workspace.standins();
  const auto measure = [&](const compiler::Standins& standins) {
    return take(verification.try_contexts(declare_contexts(workspace.layout(), kind, standins, workspace.scaffolds()),
                                          samples, references));
  };
  double least = measure(best);
  const std::vector<ElementId> unions = open_unions(workspace.layout(), workspace.standins(), workspace.context_kind());
  const auto candidates = candidates_of(workspace, unions);
  std::int64_t num_trials = 0;
  for (const auto& members : candidates) num_trials += std::ssize(members);
  Progress progress("choosing stand-ins of " + workspace.schema().name, "trials", num_trials, !options.quiet);
  for (std::size_t i = 0; i < unions.size(); ++i) {
    compiler::Standins trial = best;
    for (const ElementId member : candidates[i]) {
      trial.members[unions[i]] = member;
      const double kl = measure(trial);
      progress.advance(1);
      if (kl >= kIsBetter * least) continue;
      best = trial;
      least = kl;
    }
    best.is_measured[unions[i]] = !candidates[i].empty();
  }
  workspace.set_standins(std::move(best));
  return kDone;
}

}  // namespace pml::cli
