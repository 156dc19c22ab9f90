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

Linear::Linear(const at::Tensor& weight, std::optional<at::Tensor> bias)
    : weight_(onednn() != nullptr ? onednn()->reorder.call(weight, kTypicalRows) : weight), bias_(std::move(bias)) {}

at::Tensor Linear::operator()(const at::Tensor& x) const {
  if (onednn() == nullptr) return at::linear(x, weight_, bias_);
  return onednn()->linear.call(x, weight_, bias_, "none", c10::List<std::optional<at::Scalar>>(), "");
}

}  // namespace pml::runtime
