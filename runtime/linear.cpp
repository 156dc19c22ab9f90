#include "runtime/linear.h"

#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/linear.h>

#include <string_view>

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

}  // namespace

Linear::Linear(const at::Tensor& weight, std::optional<at::Tensor> bias, ComputeType compute)
    : weight_(compute == ComputeType::bf16 ? weight.to(at::kBFloat16) : weight),
      bias_(std::move(bias)),
      compute_(compute) {
  if (onednn() != nullptr) weight_ = onednn()->reorder.call(weight_, kTypicalRows);
}

at::Tensor Linear::operator()(const at::Tensor& x) const {
  const auto product = [&](const at::Tensor& input, const std::optional<at::Tensor>& bias) {
    if (onednn() == nullptr) return at::linear(input, weight_, bias);
    return onednn()->linear.call(input, weight_, bias, "none", c10::List<std::optional<at::Scalar>>(), "");
  };
  if (compute_ == ComputeType::f32) return product(x, bias_);
  at::Tensor result = product(x.to(at::kBFloat16), std::nullopt).to(at::kFloat);
  if (bias_) result.add_(*bias_);
  return result;
}

}  // namespace pml::runtime
