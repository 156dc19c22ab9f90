#include "runtime/cpu/elementwise.h"

#include <bit>
#include <cmath>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/cpu/elementwise.cpp"
// The order matters: what follows foreach_target.h is compiled once for every instruction set.
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace pml::runtime::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// In the models that are served rows are whole vectors; what is left over in others is done one by one.

float sum_of_squares(const float* x, std::int64_t size) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto sum = hn::Zero(d);
  std::int64_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    const auto value = hn::LoadU(d, x + i);
    sum = hn::MulAdd(value, value, sum);
  }
  float total = hn::GetLane(hn::SumOfLanes(d, sum));
  for (; i < size; ++i) total += x[i] * x[i];
  return total;
}

void RmsNorm(const float* x, const float* weight, float eps, std::int64_t size, float* out) {
  const float scale = 1.0F / std::sqrt(sum_of_squares(x, size) / static_cast<float>(size) + eps);
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto factor = hn::Set(d, scale);
  std::int64_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    hn::StoreU(hn::Mul(hn::Mul(hn::LoadU(d, x + i), factor), hn::LoadU(d, weight + i)), d, out + i);
  }
  for (; i < size; ++i) out[i] = x[i] * scale * weight[i];
}

void SiluMultiply(const float* gate, const float* up, std::int64_t size, float* out) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto one = hn::Set(d, 1.0F);
  // exp(88) is near the largest float; beyond, silu(x) is 0 to the last bit anyway.
  const auto most = hn::Set(d, 88.0F);
  std::int64_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    const auto x = hn::LoadU(d, gate + i);
    const auto silu = hn::Div(x, hn::Add(one, hn::Exp(d, hn::Min(hn::Neg(x), most))));
    hn::StoreU(hn::Mul(silu, hn::LoadU(d, up + i)), d, out + i);
  }
  for (; i < size; ++i) out[i] = gate[i] / (1.0F + std::exp(std::fmin(-gate[i], 88.0F))) * up[i];
}

void Rotate(const float* x, const float* cosine, const float* sine, std::int64_t half, float* out) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= half; i += lanes) {
    const auto c = hn::LoadU(d, cosine + i);
    const auto s = hn::LoadU(d, sine + i);
    const auto low = hn::LoadU(d, x + i);
    const auto high = hn::LoadU(d, x + half + i);
    hn::StoreU(hn::Sub(hn::Mul(low, c), hn::Mul(high, s)), d, out + i);
    hn::StoreU(hn::Add(hn::Mul(high, c), hn::Mul(low, s)), d, out + half + i);
  }
  for (; i < half; ++i) {
    const float low = x[i];
    const float high = x[half + i];
    out[i] = low * cosine[i] - high * sine[i];
    out[half + i] = high * cosine[i] + low * sine[i];
  }
}

void RoundToF16(const float* x, std::int64_t size, void* out) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<hwy::float16_t, decltype(d)> half;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto* to = static_cast<hwy::float16_t*>(out);
  std::int64_t i = 0;
  for (; i + lanes <= size; i += lanes) hn::StoreU(hn::DemoteTo(half, hn::LoadU(d, x + i)), half, to + i);
  const hn::CappedTag<float, 1> one;
  const hn::Rebind<hwy::float16_t, decltype(one)> one_half;
  for (; i < size; ++i) hn::StoreU(hn::DemoteTo(one_half, hn::LoadU(one, x + i)), one_half, to + i);
}

}  // namespace pml::runtime::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pml::runtime::cpu {

HWY_EXPORT(RmsNorm);
HWY_EXPORT(SiluMultiply);
HWY_EXPORT(Rotate);
HWY_EXPORT(RoundToF16);

void rms_norm(const float* x, const float* weight, float eps, std::int64_t size, float* out) {
  HWY_DYNAMIC_DISPATCH(RmsNorm)(x, weight, eps, size, out);
}
void silu_multiply(const float* gate, const float* up, std::int64_t size, float* out) {
  HWY_DYNAMIC_DISPATCH(SiluMultiply)(gate, up, size, out);
}
void add(const float* x, std::int64_t size, float* out) {
  for (std::int64_t i = 0; i < size; ++i) out[i] += x[i];
}
void rotate(const float* x, const float* cosine, const float* sine, std::int64_t half, float* out) {
  HWY_DYNAMIC_DISPATCH(Rotate)(x, cosine, sine, half, out);
}

void round_to(KvType type, const float* x, std::int64_t size, void* out) {
  switch (type) {
    case KvType::f32:
      std::memcpy(out, x, static_cast<std::size_t>(size) * sizeof(float));
      return;
    case KvType::f16:
      HWY_DYNAMIC_DISPATCH(RoundToF16)(x, size, out);
      return;
    case KvType::bf16: {
      auto* to = static_cast<std::uint16_t*>(out);
      for (std::int64_t i = 0; i < size; ++i) {
        const auto bits = std::bit_cast<std::uint32_t>(x[i]);
        // To nearest, ties to even; a NaN keeps a bit of its payload.
        const std::uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
        to[i] = static_cast<std::uint16_t>(std::isnan(x[i]) ? (bits >> 16) | 0x40 : rounded);
      }
      return;
    }
  }
}

}  // namespace pml::runtime::cpu
#endif
