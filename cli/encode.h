// The part of `pml compile` that computes. It lives in the engine (engine.h), so that a compile with nothing to do
// loads neither LibTorch nor weights.
#pragma once

#include "cli/timing.h"
#include "cli/workspace.h"
#include "compiler/repair.h"
#include "runtime/store/build_plan.h"

namespace pml::cli {

struct EncodeJob {
  // What is to be done. References outlive the job.
  const Workspace& workspace;
  const runtime::BuildPlan& plan;
  Timing& timing;                                 // of the command
  std::vector<compiler::Selection> prompts = {};  // that tokens are ranked with; none: nothing is ranked

  // What was done.
  std::size_t num_encoded = 0;  // steps of the plan
  std::int64_t num_tokens = 0;  // that went through the model, chains included
  compiler::Ranking ranking = {};
};

/// Encodes the plan's steps into the store. Returns the exit code: kDone, or kInterrupted after Ctrl-C, with what was
/// stored until then. Throws Stop if the model cannot be loaded or the store cannot take an artifact.
int encode(const Options& options, EncodeJob& job);

}  // namespace pml::cli
