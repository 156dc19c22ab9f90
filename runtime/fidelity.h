// How far two distributions of the next token are apart, and what a sample of such distances says.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace pml::runtime {

/// The distribution that logits stand for: natural logarithms of probabilities, [vocab_size].
std::vector<float> log_softmax(std::span<const float> logits);

/// KL(p || q) in nats, from log-probabilities; never below 0.
double kl_divergence(std::span<const float> p, std::span<const float> q);

/// The index of the largest value; of several the first.
std::int32_t argmax(std::span<const float> values);

/// A mean, and the interval in which the middle 95 % of the means of resampled values lie.
struct Estimate {
  double mean = 0.0;
  double low = 0.0;
  double high = 0.0;
};
/// The bootstrap with 2,000 resamples, always the same ones. 0 of no values.
Estimate bootstrap_mean(std::span<const double> values);

}  // namespace pml::runtime
