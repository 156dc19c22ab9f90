// The plot of `pml verify`: fidelity against cost.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "grammar/result.h"

namespace pml::cli {

/// A setting that was measured.
struct PlotPoint {
  std::string series;  // which points are drawn alike
  std::string label;
  double computed = 0.0;  // tokens computed for a prompt
  double kl = 0.0;
};

/// An SVG file: KL on a logarithmic axis, tokens computed on the other. `without_gaps`: the KL of the same text without
/// gaps, drawn as a line.
Result<void> write_fidelity_plot(const std::filesystem::path& path, const std::string& schema,
                                 const std::vector<PlotPoint>& points, double without_gaps);

}  // namespace pml::cli
