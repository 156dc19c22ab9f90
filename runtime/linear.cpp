#include "runtime/linear.h"

#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>

#include <algorithm>
#include <string_view>

#include "runtime/cpu/elementwise.h"
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

void LinearInput::prepare(const Linear& linear, std::int64_t num_rows, cpu::InputForm form) {
  num_rows_ = num_rows;
  const std::int64_t size = linear.num_inputs();
  if (linear.wants_bf16()) form = cpu::InputForm::bf16;
  if (!linear.matrices_.empty()) {
    const auto* rows = std::get_if<cpu::RoundedRows>(&rows_);
    const bool fits =
        rows != nullptr && rows->num_rows() == num_rows && rows->num_inputs() == size && rows->form() == form;
    if (!fits) rows_ = cpu::RoundedRows(num_rows, size, form);
    return;
  }
  const std::int64_t num_padded = (num_rows + kRowTile - 1) / kRowTile * kRowTile;
  const at::ScalarType type = linear.compute_ == ComputeType::bf16 ? at::kBFloat16 : at::kFloat;
  const auto* tensor = std::get_if<at::Tensor>(&rows_);
  const bool fits = tensor != nullptr && tensor->defined() && tensor->scalar_type() == type &&
                    tensor->size(0) == num_padded && tensor->size(1) == size;
  if (fits) return;
  at::Tensor rows = at::empty({num_padded, size}, type);
  rows.narrow(0, num_rows, num_padded - num_rows).zero_();
  rows_ = std::move(rows);
}

void LinearInput::set(std::int64_t row, const float* values) {
  if (auto* rounded = std::get_if<cpu::RoundedRows>(&rows_)) return rounded->set(row, values);
  const at::Tensor& tensor = std::get<at::Tensor>(rows_);
  const std::int64_t size = tensor.size(1);
  auto* to = static_cast<std::byte*>(tensor.data_ptr()) + row * size * tensor.element_size();
  cpu::round_to(tensor.scalar_type() == at::kFloat ? KvType::f32 : KvType::bf16, values, size, to);
}

Linear::Linear(std::vector<cpu::PackedMatrix> matrices, std::optional<at::Tensor> bias)
    : num_inputs_(matrices.front().num_inputs), matrices_(std::move(matrices)), bias_(std::move(bias)) {
  for (const cpu::PackedMatrix& matrix : matrices_) num_outputs_ += matrix.num_outputs;
}

Linear::Linear(const at::Tensor& weight, std::optional<at::Tensor> bias, ComputeType compute)
    : num_inputs_(weight.size(1)),
      num_outputs_(weight.size(0)),
      weight_(compute == ComputeType::bf16 ? weight.to(at::kBFloat16) : weight),
      bias_(std::move(bias)),
      compute_(compute) {
  if (onednn() != nullptr) weight_ = onednn()->reorder.call(weight_, kTypicalRows);
}

void Linear::multiply(const LinearInput& x, at::Tensor& y) const {
  if (const auto* rows = std::get_if<cpu::RoundedRows>(&x.rows_)) {
    const bool fits = y.defined() && y.size(0) == x.num_rows() && y.size(1) == num_outputs_;
    if (!fits) y = at::empty({x.num_rows(), num_outputs_}, at::kFloat);
    multiply_packed(*rows, cpu::Store::replace, y.data_ptr<float>());
  } else {
    y = multiply_plain(std::get<at::Tensor>(x.rows_)).narrow(0, 0, x.num_rows()).to(at::kFloat);
  }
  if (bias_) y.add_(*bias_);
}

void Linear::add_to(at::Tensor& sum, const LinearInput& x) const {
  if (const auto* rows = std::get_if<cpu::RoundedRows>(&x.rows_)) {
    multiply_packed(*rows, cpu::Store::add, sum.data_ptr<float>());
    if (bias_) sum.add_(*bias_);
  } else {
    at::Tensor y;
    multiply(x, y);
    sum.add_(y);
  }
}

bool Linear::wants_bf16() const {
  return std::any_of(matrices_.begin(), matrices_.end(),
                     [](const cpu::PackedMatrix& matrix) { return matrix.type == cpu::PackedType::bf16; });
}

bool Linear::can_multiply_gated(cpu::InputForm form) const {
  if (form != cpu::InputForm::bf16 || bias_ || matrices_.size() != 2) return false;
  const cpu::PackedMatrix &gate = matrices_[0], &others = matrices_[1];
  return gate.type == others.type && gate.num_outputs == others.num_outputs &&
         gate.num_outputs % cpu::kBlockInputs == 0;
}

void Linear::multiply_gated(const LinearInput& x, const Linear& next, LinearInput& y) const {
  y.prepare(next, x.num_rows(), cpu::InputForm::bf16);
  const auto& rows = std::get<cpu::RoundedRows>(x.rows_);
  auto& result = std::get<cpu::RoundedRows>(y.rows_);
  // Two panels are a block of the result.
  for_pieces(matrices_[0].num_panels() / 2, 1, [&](std::int64_t begin, std::int64_t end) {
    cpu::multiply_gated(matrices_[0], matrices_[1], rows, 2 * begin, 2 * end, result);
  });
}

void Linear::multiply_packed(const cpu::RoundedRows& x, cpu::Store store, float* out) const {
  std::int64_t num_panels = 0;
  for (const cpu::PackedMatrix& matrix : matrices_) num_panels += matrix.num_panels();
  // Of many rows a thread takes those that it also works on before and after.
  constexpr std::int64_t kManyTiles = 8;
  const bool splits_rows = x.form() == cpu::InputForm::bf16 && x.num_tiles() >= kManyTiles;
  const std::int64_t num_shares = splits_rows ? std::min<std::int64_t>(num_threads(), x.num_tiles() / 2) : 1;
  const std::int64_t num_pairs = (num_panels + 1) / 2;  // two panels are multiplied at a time
  const std::int64_t num_pieces = std::min<std::int64_t>(num_pairs, splits_rows ? 8 : 8 * num_threads());
  kParallelFor(num_shares * num_pieces, [&](std::int64_t index) {
    const std::int64_t share = index / num_pieces, piece = index % num_pieces;
    const cpu::TileRange tiles{share * x.num_tiles() / num_shares, (share + 1) * x.num_tiles() / num_shares};
    std::int64_t begin = 2 * (piece * num_pairs / num_pieces), end = 2 * ((piece + 1) * num_pairs / num_pieces);
    float* to = out;
    for (const cpu::PackedMatrix& matrix : matrices_) {
      const std::int64_t first = std::max<std::int64_t>(begin, 0);
      const std::int64_t last = std::min(end, matrix.num_panels());
      if (first < last) cpu::multiply(matrix, x, tiles, first, last, store, to, num_outputs_);
      to += matrix.num_outputs;
      begin -= matrix.num_panels();
      end -= matrix.num_panels();
    }
  });
}

at::Tensor Linear::multiply_plain(const at::Tensor& x) const {
  if (onednn() == nullptr) return at::linear(x, weight_);
  return onednn()->linear.call(x, weight_, std::nullopt, "none", c10::List<std::optional<at::Scalar>>(), "");
}

}  // namespace pml::runtime
