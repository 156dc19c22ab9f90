// Products with weights, the bulk of a forward pass. Torch inside: only model.cpp and weights.cpp include this.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "runtime/compute_type.h"
#include "runtime/cpu/packed_matrix.h"

namespace pml::runtime {

/// y = x W^T + b. A row of y has the same bits whatever other rows are computed with it.
class Linear {
 public:
  Linear() = default;
  /// Packed matrices, whose outputs stand side by side in y. Their memory must outlive the product. `bias` [out] in
  /// f32.
  Linear(std::vector<cpu::PackedMatrix> matrices, std::optional<at::Tensor> bias);
  /// `weight` [out, in] in f32, packed once for oneDNN's kernels, which read it up to twice as fast as a plain matrix.
  Linear(const at::Tensor& weight, std::optional<at::Tensor> bias, ComputeType compute);

  /// x [rows, in] -> [rows, out], both f32, whatever type is computed in.
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor multiply_packed(const at::Tensor& x) const;
  at::Tensor multiply_plain(const at::Tensor& x) const;

  std::vector<cpu::PackedMatrix> matrices_;
  at::Tensor weight_;               // if there are no packed matrices: in the type that is computed in
  std::optional<at::Tensor> bias_;  // f32
  ComputeType compute_ = ComputeType::f32;
};

}  // namespace pml::runtime
