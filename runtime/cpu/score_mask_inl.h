// A query's scores over the rows of a sub-block, for the Highway target that is being compiled.
#if defined(PML_RUNTIME_CPU_SCORE_MASK_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PML_RUNTIME_CPU_SCORE_MASK_INL_H
#undef PML_RUNTIME_CPU_SCORE_MASK_INL_H
#else
#define PML_RUNTIME_CPU_SCORE_MASK_INL_H
#endif

#include <cstddef>
#include <cstdint>
#include <limits>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pml::runtime::cpu::HWY_NAMESPACE {

/// Hidden rows' scores become -inf. `scores`: [num_vectors vectors].
HWY_INLINE void mask_scores(std::uint64_t visible, std::size_t num_vectors, float* HWY_RESTRICT scores) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> d;
  constexpr std::size_t kWidth = hn::MaxLanes(d);
  const auto hidden = hn::Set(d, -std::numeric_limits<float>::infinity());
  for (std::size_t v = 0; v < num_vectors; ++v) {
    const std::uint64_t bits = visible >> (v * kWidth);
    const auto mask = hn::LoadMaskBits(d, reinterpret_cast<const std::uint8_t*>(&bits));
    hn::Store(hn::IfThenElse(mask, hn::Load(d, scores + v * kWidth), hidden), d, scores + v * kWidth);
  }
}

HWY_INLINE float max_score(std::size_t num_vectors, const float* HWY_RESTRICT scores) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> d;
  constexpr std::size_t kWidth = hn::MaxLanes(d);
  auto largest = hn::Load(d, scores);
  for (std::size_t v = 1; v < num_vectors; ++v) largest = hn::Max(largest, hn::Load(d, scores + v * kWidth));
  return hn::GetLane(hn::MaxOfLanes(d, largest));
}

}  // namespace pml::runtime::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
