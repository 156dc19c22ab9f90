// Which member stands in for a union: the one that costs least fidelity in measured prompts.
#pragma once

#include <vector>

#include "cli/timing.h"
#include "cli/workspace.h"

namespace pml::cli {

/// What `pml compile --measure` asks of the engine. References outlive the job.
struct StandinJob {
  Workspace& workspace;                             // gets the choice
  Timing& timing;                                   // of the command
  const std::vector<compiler::Selection>& prompts;  // to measure with; at least one
};

/// Union by union, in the order of the schema: each of its members stands in once, and the best one stays. At most
/// kMostCandidates members of a union and kMostTrials in all; further ones keep what they have. Returns the exit code:
/// kDone, or kInterrupted after Ctrl-C, with nothing chosen. Throws Stop.
inline constexpr std::size_t kMostCandidates = 8;
inline constexpr std::size_t kMostTrials = 64;
int measure_standins(const Options& options, StandinJob& job);

}  // namespace pml::cli
