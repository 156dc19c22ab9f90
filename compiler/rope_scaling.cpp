#include "compiler/rope_scaling.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "compiler/decimal.h"

namespace pml::compiler {
namespace {

bool is_positive(double number) { return std::isfinite(number) && number > 0; }

/// Bounded, since `rotary_dim` is only a claim here; check_model() refuses what is larger.
std::size_t num_pairs(const RopeConfig& rope) {
  return static_cast<std::size_t>(std::clamp(rope.rotary_dim, 0, kMaxHeadDim) / 2);
}

}  // namespace

Result<void> scale_linearly(RopeConfig& rope, double factor) {
  if (!is_positive(factor)) return fail("the factor of linear RoPE scaling is " + shortest_decimal(factor));
  if (factor == 1.0) return {};
  rope.divisors.assign(num_pairs(rope), factor);
  rope.scaling = "linear " + shortest_decimal(factor);
  return {};
}

Result<void> scale_as_llama3(RopeConfig& rope, const Llama3Scaling& scaling) {
  const auto& [factor, low, high, original] = scaling;
  const std::string numbers = "factor " + shortest_decimal(factor) + ", low " + shortest_decimal(low) + ", high " +
                              shortest_decimal(high) + ", original " + std::to_string(original);
  if (!is_positive(factor) || !is_positive(low) || !is_positive(high) || low >= high || original <= 0) {
    return fail("RoPE scaling of type 'llama3' makes no sense with " + numbers);
  }
  rope.divisors.clear();
  for (std::size_t i = 0; i < num_pairs(rope); ++i) {
    const double frequency = std::pow(rope.base, -2.0 * static_cast<double>(i) / rope.rotary_dim);
    const double waves = original * frequency / (2.0 * std::numbers::pi);  // in the original context
    const double kept = std::clamp((waves - low) / (high - low), 0.0, 1.0);
    rope.divisors.push_back(1.0 / ((1.0 - kept) / factor + kept));
  }
  rope.scaling = "llama3 " + numbers;
  return {};
}

Result<void> scale_by_divisors(RopeConfig& rope, std::span<const float> divisors) {
  if (divisors.size() != num_pairs(rope)) {
    return fail("has " + std::to_string(divisors.size()) + " divisors for " + std::to_string(num_pairs(rope)) +
                " frequencies of RoPE");
  }
  for (const float divisor : divisors) {
    if (!is_positive(divisor)) return fail("divides a frequency of RoPE by " + shortest_decimal(divisor));
  }
  if (std::ranges::all_of(divisors, [](float divisor) { return divisor == 1.0F; })) return {};
  rope.divisors.assign(divisors.begin(), divisors.end());
  rope.scaling = "by divisors";
  return {};
}

}  // namespace pml::compiler
