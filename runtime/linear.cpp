#include "runtime/linear.h"

#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>

#include <string_view>

#include "runtime/cpu/packed_product.h"
#include "runtime/threads.h"

namespace pml::runtime {
namespace {

using Reorder = at::Tensor(const at::Tensor&, std::optional<std::int64_t>);
using Pointwise = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&, std::string_view,
                             c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>);

/// The operators behind torch.compile's linear layers; they have no function of their own in ATen's headers.
struct OneDnn {
  c10::TypedOperatorHandle<Reorder> reorder;
  c10::TypedOperatorHandle<Pointwise> linear;
};

const OneDnn* onednn() {
  static const std::optional<OneDnn> operators = []() -> std::optional<OneDnn> {
    auto& dispatcher = c10::Dispatcher::singleton();
    const auto reorder = dispatcher.findSchema({"mkldnn::_reorder_linear_weight", ""});
    const auto linear = dispatcher.findSchema({"mkldnn::_linear_pointwise", ""});
    if (!reorder || !linear) return std::nullopt;
    return OneDnn{reorder->typed<Reorder>(), linear->typed<Pointwise>()};
  }();
  return operators ? &*operators : nullptr;
}

/// Rows that the packing is chosen for; it serves every other number, too.
constexpr std::int64_t kTypicalRows = 256;

/// oneDNN's kernels for one or two rows sum in another order. At multiples of this number a row's bits do not depend on
/// how many others there are.
constexpr std::int64_t kRowTile = 8;

}  // namespace

Linear::Linear(std::vector<cpu::PackedMatrix> matrices, std::optional<at::Tensor> bias)
    : matrices_(std::move(matrices)), bias_(std::move(bias)) {}

Linear::Linear(const at::Tensor& weight, std::optional<at::Tensor> bias, ComputeType compute)
    : weight_(compute == ComputeType::bf16 ? weight.to(at::kBFloat16) : weight),
      bias_(std::move(bias)),
      compute_(compute) {
  if (onednn() != nullptr) weight_ = onednn()->reorder.call(weight_, kTypicalRows);
}

at::Tensor Linear::operator()(const at::Tensor& x) const {
  at::Tensor y = matrices_.empty() ? multiply_plain(x) : multiply_packed(x);
  if (bias_) y.add_(*bias_);
  return y;
}

at::Tensor Linear::multiply_packed(const at::Tensor& x) const {
  std::int64_t num_outputs = 0;
  for (const cpu::PackedMatrix& matrix : matrices_) num_outputs += matrix.num_outputs;
  at::Tensor y = at::empty({x.size(0), num_outputs}, at::kFloat);
  cpu::QuantizedRows rows(x.size(0), x.size(1));
  const float* from = x.const_data_ptr<float>();
  for_rows(x.size(0), [&](std::int64_t row) { rows.set(row, from + row * x.size(1)); });
  float* out = y.data_ptr<float>();
  for (const cpu::PackedMatrix& matrix : matrices_) {
    for_pieces(matrix.num_panels(), 4, [&](std::int64_t begin, std::int64_t end) {
      cpu::multiply(matrix, rows, begin, end, out, num_outputs);
    });
    out += matrix.num_outputs;
  }
  return y;
}

at::Tensor Linear::multiply_plain(const at::Tensor& x) const {
  const auto product = [&](const at::Tensor& input) {
    if (onednn() == nullptr) return at::linear(input, weight_);
    return onednn()->linear.call(input, weight_, std::nullopt, "none", c10::List<std::optional<at::Scalar>>(), "");
  };
  const std::int64_t num_rows = x.size(0);
  const std::int64_t padding = (num_rows + kRowTile - 1) / kRowTile * kRowTile - num_rows;
  const at::Tensor padded = padding == 0 ? x : at::constant_pad_nd(x, {0, 0, 0, padding});
  if (compute_ == ComputeType::f32) return product(padded).narrow(0, 0, num_rows);
  return product(padded.to(at::kBFloat16)).narrow(0, 0, num_rows).to(at::kFloat);
}

}  // namespace pml::runtime
