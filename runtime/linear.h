// Products with weights, the bulk of a forward pass. Torch inside: only model.cpp and weights.cpp include this.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "runtime/compute_type.h"

namespace pml::runtime {

/// y = x W^T + b, with W packed once for oneDNN's kernels, which read it up to twice as fast as a plain matrix.
///
/// A row of y has the same bits whatever other rows are computed with it, as long as the number of rows is a
/// multiple of `kRowTile`: kernels for one or two rows sum in another order.
class Linear {
 public:
  static constexpr std::int64_t kRowTile = 8;

  Linear() = default;
  /// `weight` [out, in] and `bias` [out] in f32.
  Linear(const at::Tensor& weight, std::optional<at::Tensor> bias, ComputeType compute);

  /// x [rows, in] -> [rows, out], both f32, whatever type is computed in.
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_;               // in the type that is computed in; packed, if oneDNN is in the build
  std::optional<at::Tensor> bias_;  // f32
  ComputeType compute_ = ComputeType::f32;
};

}  // namespace pml::runtime
