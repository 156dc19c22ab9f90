// Products with weights, the bulk of a forward pass. Torch inside: only model.cpp and weights.cpp include this.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <variant>
#include <vector>

#include "runtime/compute_type.h"
#include "runtime/cpu/packed_matrix.h"
#include "runtime/cpu/packed_product.h"

namespace pml::runtime {

class Linear;

/// Rows of inputs, rounded as a product reads them.
class LinearInput {
 public:
  /// Makes room for what `linear` multiplies, in `form` if that is packed. What is in there is lost, and its memory
  /// used again where it fits.
  void prepare(const Linear& linear, std::int64_t num_rows, cpu::InputForm form);

  std::int64_t num_rows() const { return num_rows_; }
  /// Rounds `values` [in]. Different rows may be set at once from several threads; all are, before the product.
  void set(std::int64_t row, const float* values);

 private:
  friend class Linear;
  std::int64_t num_rows_ = 0;
  std::variant<at::Tensor, cpu::RoundedRows> rows_;  // tensor: [padded rows, in]
};

/// y = x W^T + b. A row of y has the same bits whatever other rows are computed with it.
class Linear {
 public:
  Linear() = default;
  /// Packed matrices, whose outputs stand side by side in y. Their memory must outlive the product. `bias` [out] in
  /// f32.
  Linear(std::vector<cpu::PackedMatrix> matrices, std::optional<at::Tensor> bias);
  /// `weight` [out, in] in f32, packed once for oneDNN's kernels, which read it up to twice as fast as a plain matrix.
  Linear(const at::Tensor& weight, std::optional<at::Tensor> bias, ComputeType compute);

  std::int64_t num_inputs() const { return num_inputs_; }
  bool is_packed() const { return !matrices_.empty(); }
  /// Its weights are packed in bf16, so its inputs are in bf16 whatever they are asked to be in.
  bool wants_bf16() const;

  /// y [rows, out] in f32, whatever type is computed in. Its memory is used again where it fits.
  void multiply(const LinearInput& x, at::Tensor& y) const;
  /// sum += y, [rows, out] in f32, contiguous.
  void add_to(at::Tensor& sum, const LinearInput& x) const;

  /// Where the outputs are a gate's, then as many others: can multiply_gated() be used in this form?
  bool can_multiply_gated(cpu::InputForm form) const;
  /// silu(gate) * others [rows, out / 2] as the input of `next`.
  void multiply_gated(const LinearInput& x, const Linear& next, LinearInput& y) const;

 private:
  friend class LinearInput;
  void multiply_packed(const cpu::RoundedRows& x, cpu::Store store, float* out) const;
  at::Tensor multiply_plain(const at::Tensor& x) const;

  std::int64_t num_inputs_ = 0;
  std::int64_t num_outputs_ = 0;
  std::vector<cpu::PackedMatrix> matrices_;
  at::Tensor weight_;               // if there are no packed matrices: in the type that is computed in
  std::optional<at::Tensor> bias_;  // f32
  ComputeType compute_ = ComputeType::f32;
};

}  // namespace pml::runtime
