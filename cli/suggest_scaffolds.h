// Which sets of modules are worth a scaffold.
#pragma once

#include <string>
#include <vector>

#include "cli/verification.h"

namespace pml::cli {

struct Suggestion {
  std::vector<std::string> modules;  // paths
  std::size_t num_prompts = 0;       // of the samples, that have all of them
  Verification::Gain gain;

  double per_megabyte() const { return gain.kl / (static_cast<double>(gain.size_bytes) / 1e6); }
};

/// Measures the pairs of neighbouring modules that most samples have, and returns those that bring answers closer to
/// full prefills, most for a megabyte first. At most kMostTried pairs are tried.
inline constexpr std::size_t kMostTried = 24;
Result<std::vector<Suggestion>> suggest_scaffolds(const compiler::Layout& layout, Verification& verification,
                                                  const std::vector<Sample>& samples,
                                                  const std::vector<Reference>& references,
                                                  const std::vector<double>& kls);

}  // namespace pml::cli
