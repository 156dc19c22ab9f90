// Rows of a segment, converted to f32 scratch once for all queries that see them; for the Highway target that
// is being compiled. Keys are transposed, so that scores of neighbouring rows are neighbouring lanes.
#if defined(PML_RUNTIME_CPU_KV_SCRATCH_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PML_RUNTIME_CPU_KV_SCRATCH_INL_H
#undef PML_RUNTIME_CPU_KV_SCRATCH_INL_H
#else
#define PML_RUNTIME_CPU_KV_SCRATCH_INL_H
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "runtime/cpu/row_mask.h"
#include "runtime/cpu/row_prefetch.h"

HWY_BEFORE_NAMESPACE();
namespace pml::runtime::cpu::HWY_NAMESPACE {

template <class D>
HWY_INLINE hwy::HWY_NAMESPACE::Vec<D> load_f32(D d, const float* HWY_RESTRICT from) {
  return hwy::HWY_NAMESPACE::LoadU(d, from);
}

/// T is float16_t or bfloat16_t: one instruction where the target has it.
template <class D, class T>
HWY_INLINE hwy::HWY_NAMESPACE::Vec<D> load_f32(D d, const T* HWY_RESTRICT from) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::Rebind<T, D> narrow;
  return hn::PromoteTo(d, hn::LoadU(narrow, from));
}

#if HWY_TARGET != HWY_SCALAR
/// Stores the 128-bit blocks of `v` at `to`, `to + stride`, ...
template <class D>
HWY_INLINE void store_blocks(D d, hwy::HWY_NAMESPACE::Vec<D> v, float* HWY_RESTRICT to, std::size_t stride) {
  namespace hn = hwy::HWY_NAMESPACE;
  if constexpr (hn::MaxLanes(D()) <= 4) {
    hn::Store(v, d, to);
  } else {
    const hn::Half<D> half;
    store_blocks(half, hn::LowerHalf(half, v), to, stride);
    store_blocks(half, hn::UpperHalf(half, v), to + stride * (hn::MaxLanes(D()) / 8), stride);
  }
}

/// Transposes columns [0, lanes of D) of four rows; rows from `num_rows` on count as zero.
template <class D, class T>
HWY_INLINE void transpose_four_rows(D d, const T* HWY_RESTRICT from, std::int64_t row_stride, std::int32_t num_rows,
                                    float* HWY_RESTRICT to) {
  namespace hn = hwy::HWY_NAMESPACE;
  using V = hn::Vec<D>;
  const V a = load_f32(d, from);
  const V b = num_rows > 1 ? load_f32(d, from + row_stride) : hn::Zero(d);
  const V c = num_rows > 2 ? load_f32(d, from + 2 * row_stride) : hn::Zero(d);
  const V e = num_rows > 3 ? load_f32(d, from + 3 * row_stride) : hn::Zero(d);
  const V ac_lower = hn::InterleaveLower(d, a, c);
  const V ac_upper = hn::InterleaveUpper(d, a, c);
  const V be_lower = hn::InterleaveLower(d, b, e);
  const V be_upper = hn::InterleaveUpper(d, b, e);
  constexpr std::size_t kColumn = kSubBlockRows;
  store_blocks(d, hn::InterleaveLower(d, ac_lower, be_lower), to, 4 * kColumn);
  store_blocks(d, hn::InterleaveUpper(d, ac_lower, be_lower), to + kColumn, 4 * kColumn);
  store_blocks(d, hn::InterleaveLower(d, ac_upper, be_upper), to + 2 * kColumn, 4 * kColumn);
  store_blocks(d, hn::InterleaveUpper(d, ac_upper, be_upper), to + 3 * kColumn, 4 * kColumn);
}

#endif  // HWY_TARGET != HWY_SCALAR

/// keys[c, r] = from[r, c]; rows from num_rows up to a multiple of 16 become zero.
/// from: [num_rows, head_dim]; keys: [head_dim, kSubBlockRows]. A step of `prefetch` a row.
template <class T>
HWY_NOINLINE void convert_keys(const T* HWY_RESTRICT from, std::int64_t row_stride, std::int32_t num_rows,
                               std::size_t head_dim, float* HWY_RESTRICT keys, RowPrefetch& prefetch) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> d;
#if HWY_TARGET == HWY_SCALAR  // processors without SSSE3
  for (std::int32_t r = 0; r < num_rows; ++r) {
    prefetch.step();
    for (std::size_t c = 0; c < head_dim; ++c) {
      hn::Store(load_f32(d, from + r * row_stride + c), d, keys + c * kSubBlockRows + r);
    }
  }
#else
  constexpr std::size_t kLanes = hn::MaxLanes(d);
  const hn::CappedTag<float, 8> d8;  // head_dim is a multiple of 8
  std::int32_t r = 0;
  for (; r < num_rows; r += 4) {
    const T* HWY_RESTRICT rows = from + r * row_stride;
    std::size_t c = 0;
    for (int step = 0; step < 4; ++step) prefetch.step();
    for (; c + kLanes <= head_dim; c += kLanes) {
      transpose_four_rows(d, rows + c, row_stride, num_rows - r, keys + c * kSubBlockRows + r);
    }
    if (c < head_dim) {
      transpose_four_rows(d8, rows + c, row_stride, num_rows - r, keys + c * kSubBlockRows + r);
    }
  }
  const hn::CappedTag<float, 4> d4;
  for (; r % 16 != 0; r += 4) {
    for (std::size_t c = 0; c < head_dim; ++c) hn::Store(hn::Zero(d4), d4, keys + c * kSubBlockRows + r);
  }
#endif
}

/// values[r, c] = from[r, c]; columns from head_dim up to value_stride become zero.
/// from: [num_rows, head_dim]; values: [num_rows, value_stride].
template <class T>
HWY_NOINLINE void convert_values(const T* HWY_RESTRICT from, std::int64_t row_stride, std::int32_t num_rows,
                                 std::size_t head_dim, std::size_t value_stride, float* HWY_RESTRICT values) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 8> d8;
  constexpr std::size_t kLanes = hn::MaxLanes(d);
  for (std::int32_t r = 0; r < num_rows; ++r) {
    const T* HWY_RESTRICT row = from + r * row_stride;
    float* HWY_RESTRICT to = values + static_cast<std::size_t>(r) * value_stride;
    std::size_t c = 0;
    for (; c + kLanes <= head_dim; c += kLanes) hn::Store(load_f32(d, row + c), d, to + c);
    if (c < head_dim) {
      hn::Store(hn::Zero(d), d, to + c);
      hn::Store(load_f32(d8, row + c), d8, to + c);
    }
  }
}

}  // namespace pml::runtime::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
