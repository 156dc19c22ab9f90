// What the kernels for AMX share besides tiles: rounding to bf16, and powers of two as coarse as bf16 needs them. For
// the target of vnni_target_inl.h.
#pragma once

#include <cstddef>

#include "runtime/cpu/simd_pairs_inl.h"

PML_SIMD_BEFORE
namespace pml::runtime::cpu::PML_SIMD_NAMESPACE {

using WordTag = hn::RebindToUnsigned<FloatTag>;
using Words = hn::Vec<WordTag>;

/// Rounds two vectors to bf16; in every lane `first` comes in the low bits.
HWY_INLINE Words round_pair(FloatVector first, FloatVector second) {
  constexpr WordTag words;
  const Words half = hn::Set(words, 0x8000);  // of the last place that is kept
  const Words low = hn::ShiftRight<16>(hn::Add(hn::BitCast(words, first), half));
  return hn::OrAnd(low, hn::Add(hn::BitCast(words, second), half), hn::Set(words, 0xFFFF0000));
}

/// Minimax fits of 2^f over [-0.5, 0.5], highest power first: relative errors of 7.5e-5 and 2.6e-6.
inline constexpr float kCubicExp2[] = {5.51716704e-2F, 2.42611143e-1F, 6.93260987e-1F, 9.99928072e-1F};
inline constexpr float kQuarticExp2[] = {9.57010206e-3F, 5.59178632e-2F, 2.40247448e-1F, 6.93121814e-1F,
                                         9.99999261e-1F};

/// 2^x for |x| <= 126, by a fit.
template <std::size_t kTerms>
HWY_INLINE FloatVector exp2_by(const float (&fit)[kTerms], FloatVector x) {
  constexpr FloatTag d;
  FloatVector whole;
  asm("vrndscaleps $0, %1, %0" : "=v"(whole.raw) : "v"(x.raw));
  const FloatVector f = hn::Sub(x, whole);
  FloatVector p = hn::Set(d, fit[0]);
#pragma GCC unroll 8
  for (std::size_t i = 1; i < kTerms; ++i) p = hn::MulAdd(p, f, hn::Set(d, fit[i]));
  FloatVector result;
  asm("vscalefps %2, %1, %0" : "=v"(result.raw) : "v"(p.raw), "v"(whole.raw));
  return result;
}

}  // namespace pml::runtime::cpu::PML_SIMD_NAMESPACE
PML_SIMD_AFTER
