// Products with weights, the bulk of a forward pass. Torch inside: only model.cpp and weights.cpp include this.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

namespace pml::runtime {

/// y = x W^T + b, with W packed once for oneDNN's kernels, which read it up to twice as fast as a plain matrix.
///
/// A row of y has the same bits whatever other rows are computed with it, as long as the number of rows is a
/// multiple of `kRowTile`: kernels for one or two rows sum in another order.
class Linear {
 public:
  static constexpr std::int64_t kRowTile = 8;

  Linear() = default;
  /// `weight` [out, in]; `bias` [out].
  explicit Linear(const at::Tensor& weight, std::optional<at::Tensor> bias = std::nullopt);

  /// x [rows, in] -> [rows, out]. Both of the weight's type.
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_;  // packed, or as it was where oneDNN is not in the build
  std::optional<at::Tensor> bias_;
};

}  // namespace pml::runtime
