// The merge of a query's partial results, for the Highway target that is being compiled.
#if defined(PML_RUNTIME_CPU_ATTENTION_MERGE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PML_RUNTIME_CPU_ATTENTION_MERGE_INL_H
#undef PML_RUNTIME_CPU_ATTENTION_MERGE_INL_H
#else
#define PML_RUNTIME_CPU_ATTENTION_MERGE_INL_H
#endif

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>

#include "hwy/highway.h"
#include "runtime/cpu/attention_kernel.h"
#include "runtime/cpu/exp2_inl.h"

HWY_BEFORE_NAMESPACE();
namespace pml::runtime::cpu::HWY_NAMESPACE {

// Stores the first `count` lanes (a multiple of 8, or a whole vector).
template <class D>
HWY_INLINE void store_row(D d, hwy::HWY_NAMESPACE::Vec<D> v, std::size_t count, float* HWY_RESTRICT to) {
  namespace hn = hwy::HWY_NAMESPACE;
  if constexpr (hn::MaxLanes(D()) == 16) {
    const hn::Half<D> half;
    if (count < 16) return hn::StoreU(hn::LowerHalf(half, v), half, to);
  }
  hn::StoreU(v, d, to);
}

// Goes through the slots of a query in listed order.
struct SlotWalk {
  const AttentionPlan& plan;
  std::int64_t index, end;  // into plan.query_contributions
  std::int64_t slot = 0, last = 0;

  SlotWalk(const AttentionPlan& of, std::int32_t query)
      : plan(of), index(of.query_begin[query - of.first_query]), end(of.query_begin[query - of.first_query + 1]) {}
  bool next() {
    if (++slot < last) return true;
    if (index == end) return false;
    const Contribution& contribution = plan.contributions[plan.query_contributions[index++]];
    slot = contribution.first_slot;
    last = slot + contribution.num_blocks;
    return true;
  }
};

// Merges the heads [head, head + kLanes) of a KV head and a query, as far as they exist. The padding's lanes hold
// anything.
inline void merge_heads(const KernelInput& input, std::int32_t query, std::int64_t kv_head, std::int64_t head) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> d;
  using FloatVector = hn::Vec<decltype(d)>;
  constexpr std::size_t kLanes = hn::MaxLanes(d);
  const AttentionArguments& arguments = input.arguments;
  const Partials& partials = input.partials;
  const FloatVector nothing = hn::Set(d, -std::numeric_limits<float>::infinity());

  FloatVector maximum = nothing;
  for (SlotWalk walk(input.plan, query); walk.next();) {
    maximum = hn::Max(maximum, hn::Load(d, partials.maxima + partials.place_of(kv_head, walk.slot) + head));
  }
  const FloatVector base = hn::IfThenElseZero(hn::Gt(maximum, nothing), maximum);
  FloatVector weight = hn::Zero(d);
  for (SlotWalk walk(input.plan, query); walk.next();) {
    const std::int64_t place = partials.place_of(kv_head, walk.slot) + head;
    const FloatVector factor = exp2_nonpositive(d, hn::Sub(hn::Load(d, partials.maxima + place), base));
    weight = hn::MulAdd(factor, hn::Load(d, partials.weights + place), weight);
    hn::Store(factor, d, partials.maxima + place);
  }
  HWY_ALIGN float sums[kMaxHeadDim + kLanes];
  HWY_ALIGN float inverse[kLanes];
  HWY_ALIGN float weights[kLanes];
  HWY_ALIGN float base_of[kLanes];
  // The largest score's own weight is 1, so only a query that sees nothing has weight 0.
  const auto sees_nothing = hn::Eq(weight, hn::Zero(d));
  hn::Store(hn::IfThenZeroElse(sees_nothing, hn::Div(hn::Set(d, 1.0F), weight)), d, inverse);
  hn::Store(weight, d, weights);
  hn::Store(base, d, base_of);

  const auto head_dim = static_cast<std::size_t>(arguments.head_dim);
  const std::int64_t num_heads = arguments.num_heads / arguments.num_kv_heads;
  const std::int64_t end_head = std::min<std::int64_t>(head + kLanes, num_heads);
  for (std::int64_t h = head; h < end_head; ++h) {
    const std::int64_t row = std::int64_t{query} * arguments.num_heads + kv_head * num_heads + h;
    std::fill_n(sums, head_dim + kLanes, 0.0F);
    for (SlotWalk walk(input.plan, query); walk.next();) {
      const FloatVector factor = hn::Set(d, partials.maxima[partials.place_of(kv_head, walk.slot) + h]);
      const float* HWY_RESTRICT from = partials.sums_of(kv_head, walk.slot) + h * partials.sum_stride;
      for (std::size_t c = 0; c < head_dim; c += kLanes) {
        hn::Store(hn::MulAdd(factor, hn::Load(d, from + c), hn::Load(d, sums + c)), d, sums + c);
      }
    }
    const FloatVector scale = hn::Set(d, inverse[h - head]);
    for (std::size_t c = 0; c < head_dim; c += kLanes) {
      // Plus zero: whether a hidden row was left out or weighed zero may not show in the sign of a zero.
      const FloatVector result = hn::MulAdd(hn::Load(d, sums + c), scale, hn::Zero(d));
      store_row(d, result, head_dim - c, arguments.out + row * arguments.head_dim + c);
    }
    if (arguments.lse == nullptr) continue;
    const double weight_sum = weights[h - head];
    arguments.lse[row] = weight_sum == 0.0
                             ? -std::numeric_limits<float>::infinity()
                             : static_cast<float>(base_of[h - head] * std::numbers::ln2 + std::log(weight_sum));
  }
}

}  // namespace pml::runtime::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
