// Kinds of RoPE scaling, as what they divide the frequencies by.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "compiler/model_config.h"
#include "grammar/result.h"

namespace pml::compiler {

/// Positions count 1 / `factor` (Chen et al. 2023, "Extending Context Window of Large Language Models via Positional
/// Interpolation"). Fails on a factor that is no positive number.
Result<void> scale_linearly(RopeConfig& rope, double factor);

/// Llama 3.1's: waves longer than original_max_positions / low_frequency_factor are stretched by `factor`, those
/// shorter than original_max_positions / high_frequency_factor are left alone, and between the two the frequency
/// is interpolated.
struct Llama3Scaling {
  double factor = 0.0;
  double low_frequency_factor = 0.0;
  double high_frequency_factor = 0.0;
  std::int32_t original_max_positions = 0;
};

/// Needs `rope.base` and `rope.rotary_dim`. Fails on numbers that make no scaling.
Result<void> scale_as_llama3(RopeConfig& rope, const Llama3Scaling& scaling);

/// Divisors that a file lists, one a pair. Fails if there are not rotary_dim / 2, or one is no positive number.
Result<void> scale_by_divisors(RopeConfig& rope, std::span<const float> divisors);

}  // namespace pml::compiler
