// The angles of RoPE, scaled as the model wants. Computed in f64; cosine and sine are rounded once to f32, so that
// far positions are as exact as near ones.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "compiler/layout.h"
#include "compiler/model_config.h"

namespace pml::runtime {

class Rope {
 public:
  explicit Rope(const compiler::RopeConfig& config) : frequencies_(static_cast<std::size_t>(config.rotary_dim / 2)) {
    for (std::size_t i = 0; i < frequencies_.size(); ++i) {
      frequencies_[i] = std::pow(config.base, -2.0 * static_cast<double>(i) / config.rotary_dim);
      if (!config.divisors.empty()) frequencies_[i] /= config.divisors[i];
    }
  }

  std::int64_t half() const { return static_cast<std::int64_t>(frequencies_.size()); }

  /// Cosines and sines [half] of one position.
  void angles(compiler::Slot position, float* cosine, float* sine) const {
    for (std::size_t i = 0; i < frequencies_.size(); ++i) {
      const double angle = position * frequencies_[i];
      cosine[i] = static_cast<float>(std::cos(angle));
      sine[i] = static_cast<float>(std::sin(angle));
    }
  }

 private:
  std::vector<double> frequencies_;  // radians a position
};

}  // namespace pml::runtime
