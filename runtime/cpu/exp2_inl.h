// 2^x for x <= 0, for the Highway target that is being compiled.
//
// Base 2 rather than e, because x then splits into integer and fraction without error; the scores carry the
// factor log2(e). The polynomial is a minimax fit (Remez, relative error 2e-9 before rounding) of 2^f over
// [-0.5, 0.5] with the constant term held at 1, so that 2^0 is exactly 1. With f32 rounding: within 2 ulp.
#if defined(PML_RUNTIME_CPU_EXP2_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PML_RUNTIME_CPU_EXP2_INL_H
#undef PML_RUNTIME_CPU_EXP2_INL_H
#else
#define PML_RUNTIME_CPU_EXP2_INL_H
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pml::runtime::cpu::HWY_NAMESPACE {

/// 2^x for x <= 0; 0 below -125, also for -inf, so that no result is denormal. NaN gives NaN.
template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE V exp2_nonpositive(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::RebindToSigned<D> di;
  // Adding 1.5 * 2^23 rounds to an integer, which then is in the low bits; 127 more make it a biased
  // exponent.
  const V magic = hn::Set(d, 0x1.8p23F + 127.0F);
  const V shifted = hn::Add(x, magic);
  const V power = hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(di, shifted)));
  const V f = hn::Sub(x, hn::Sub(shifted, magic));
  V p = hn::Set(d, 0x1.41fbbcp-13F);
  p = hn::MulAdd(p, f, hn::Set(d, 0x1.5f3e52p-10F));
  p = hn::MulAdd(p, f, hn::Set(d, 0x1.3b2d4cp-7F));
  p = hn::MulAdd(p, f, hn::Set(d, 0x1.c6aee8p-5F));
  p = hn::MulAdd(p, f, hn::Set(d, 0x1.ebfbdcp-3F));
  p = hn::MulAdd(p, f, hn::Set(d, 0x1.62e430p-1F));
  p = hn::MulAdd(p, f, hn::Set(d, 1.0F));
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -125.0F)), hn::Mul(p, power));
}

}  // namespace pml::runtime::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
