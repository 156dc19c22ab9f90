// How a model is to be computed.
#pragma once

#include <filesystem>
#include <string>

#include "runtime/weight_type.h"

namespace pml::runtime {

struct ModelOptions {
  std::string device = "cpu";
  WeightType weights = WeightType::f32;
  int num_threads = 0;  // 0: as many as there are cores
  /// Where packed weights are kept between processes (packed_weights.h), and what they are known by. Empty: nowhere.
  std::filesystem::path weights_folder;
  std::string fingerprint;
};

}  // namespace pml::runtime
