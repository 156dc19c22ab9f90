#include "runtime/fidelity.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace pml::runtime {

std::vector<float> log_softmax(std::span<const float> logits) {
  const float largest = *std::ranges::max_element(logits);
  double sum = 0.0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit - largest));
  const auto shift = static_cast<float>(largest + std::log(sum));
  std::vector<float> result(logits.begin(), logits.end());
  for (float& value : result) value -= shift;
  return result;
}

double kl_divergence(std::span<const float> p, std::span<const float> q) {
  double sum = 0.0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    // What is less likely adds less than a rounding error.
    constexpr float kUnlikely = -40.0F;
    if (p[i] > kUnlikely) sum += std::exp(static_cast<double>(p[i])) * static_cast<double>(p[i] - q[i]);
  }
  return std::max(sum, 0.0);
}

std::int32_t argmax(std::span<const float> values) {
  return static_cast<std::int32_t>(std::ranges::max_element(values) - values.begin());
}

Estimate bootstrap_mean(std::span<const double> values) {
  if (values.empty()) return {};
  constexpr std::size_t kResamples = 2000;
  const auto count = static_cast<double>(values.size());
  std::mt19937_64 random(1);
  std::vector<double> means(kResamples);
  for (double& mean : means) {
    double sum = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += values[random() % values.size()];
    mean = sum / count;
  }
  std::ranges::sort(means);
  constexpr double kTail = 0.025;
  const auto at = [&](double part) { return means[static_cast<std::size_t>(part * (kResamples - 1))]; };
  return {std::accumulate(values.begin(), values.end(), 0.0) / count, at(kTail), at(1.0 - kTail)};
}

}  // namespace pml::runtime
