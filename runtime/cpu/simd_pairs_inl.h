// Rounding to 16-bit integers and products of pairs of them, for the instruction set that is being compiled: one of
// Highway's targets, or one that Highway does not know.
//
// The including file says which: PML_SIMD_NAMESPACE is the namespace for its code, PML_SIMD_BEFORE and PML_SIMD_AFTER
// stand around it, and PML_SIMD_HAS_VNNI says that AVX-512's VNNI may be used.
#if defined(PML_RUNTIME_CPU_SIMD_PAIRS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PML_RUNTIME_CPU_SIMD_PAIRS_INL_H
#undef PML_RUNTIME_CPU_SIMD_PAIRS_INL_H
#else
#define PML_RUNTIME_CPU_SIMD_PAIRS_INL_H
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"

#ifndef PML_SIMD_BEFORE  // one of Highway's targets
#define PML_SIMD_NAMESPACE HWY_NAMESPACE
#define PML_SIMD_BEFORE HWY_BEFORE_NAMESPACE();
#define PML_SIMD_AFTER HWY_AFTER_NAMESPACE();
#endif

PML_SIMD_BEFORE
namespace pml::runtime::cpu::PML_SIMD_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::CappedTag<float, 16>;
using FloatVector = hn::Vec<FloatTag>;
constexpr std::size_t kLanes = hn::MaxLanes(FloatTag());

using IntTag = hn::RebindToSigned<FloatTag>;
using IntVector = hn::Vec<IntTag>;

/// What round_scaled() adds: floats near it are whole numbers, whose lowest bits are those of the integer.
constexpr float kRoundingOffset = 12582912.0F;  // 1.5 * 2^23

/// What numbers of at most `maximum` are multiplied by to get integers of at most `most`. Below 1e-30 they count as
/// zero: the quotient could be infinite.
HWY_INLINE FloatVector rounding_factor(float maximum, float most) {
  return hn::Set(FloatTag(), maximum > 1e-30F ? most / maximum : 0.0F);
}

/// The nearest integer of x * factor, below 2^21, plus kRoundingOffset.
HWY_INLINE FloatVector round_scaled(FloatVector x, FloatVector factor) {
  return hn::MulAdd(x, factor, hn::Set(FloatTag(), kRoundingOffset));
}

/// Stores what round_scaled() gave as 16-bit integers.
HWY_INLINE void store_rounded(FloatVector rounded, std::int16_t* HWY_RESTRICT to) {
  const hn::RebindToUnsigned<FloatTag> bits;
  const hn::Rebind<std::uint16_t, FloatTag> narrow;
  hn::StoreU(hn::TruncateTo(narrow, hn::BitCast(bits, rounded)), narrow, reinterpret_cast<std::uint16_t*>(to));
}

#if HWY_TARGET != HWY_SCALAR

using ShortTag = hn::Repartition<std::int16_t, IntTag>;
using ShortVector = hn::Vec<ShortTag>;

/// sum + a[2i] * b[2i] + a[2i + 1] * b[2i + 1] in every lane i.
HWY_INLINE IntVector add_pair_products(IntVector sum, ShortVector a, ShortVector b) {
#if PML_SIMD_HAS_VNNI
  // Not the intrinsic: of it GCC 12 keeps the accumulators twice, and in a loop stores them to the stack each time.
  asm("vpdpwssd %2, %1, %0" : "+v"(sum.raw) : "v"(a.raw), "v"(b.raw));
  return sum;
#elif HWY_ARCH_X86
  IntVector unused = hn::Zero(IntTag());
  return hn::ReorderWidenMulAccumulate(IntTag(), a, b, sum, unused);
#else
  const IntTag d;
  const IntVector wide_a = hn::BitCast(d, a);
  const IntVector wide_b = hn::BitCast(d, b);
  const IntVector low_a = hn::ShiftRight<16>(hn::ShiftLeft<16>(wide_a));
  const IntVector low_b = hn::ShiftRight<16>(hn::ShiftLeft<16>(wide_b));
  const IntVector high = hn::Mul(hn::ShiftRight<16>(wide_a), hn::ShiftRight<16>(wide_b));
  return hn::Add(sum, hn::Add(hn::Mul(low_a, low_b), high));
#endif
}

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace pml::runtime::cpu::PML_SIMD_NAMESPACE
PML_SIMD_AFTER
#endif
