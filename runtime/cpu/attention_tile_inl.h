// The two matrix products of attention in register tiles, for the Highway target that is being compiled:
// a few queries by a few vectors of rows (scores) or of columns (sums).
//
// Each lane of a tile is a chain of its own, added up in ascending order whatever the tile's shape. So the
// bits of a query's result do not depend on its place in a tile or on its neighbours.
#if defined(PML_RUNTIME_CPU_ATTENTION_TILE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PML_RUNTIME_CPU_ATTENTION_TILE_INL_H
#undef PML_RUNTIME_CPU_ATTENTION_TILE_INL_H
#else
#define PML_RUNTIME_CPU_ATTENTION_TILE_INL_H
#endif

#include <algorithm>
#include <cstddef>

#include "hwy/highway.h"
#include "runtime/cpu/kv_scratch_inl.h"
#include "runtime/cpu/row_mask.h"

HWY_BEFORE_NAMESPACE();
namespace pml::runtime::cpu::HWY_NAMESPACE {

/// Queries of a tile, and its accumulators: as many as leave registers for a row of operands.
constexpr std::size_t kTileQueries = 6;
constexpr std::size_t kTileAccumulators = HWY_TARGET <= HWY_AVX3 ? 24 : 12;  // of 32, 16 registers

template <std::size_t kQueries>
constexpr std::size_t max_tile_vectors() {
  return std::min<std::size_t>(8, kTileAccumulators / kQueries);
}

/// scores[i, r] = factor * dot(queries[i], keys[:, r]) for kVectors vectors of rows.
/// keys: [head_dim, kSubBlockRows]; scores: [kQueries, kSubBlockRows].
template <std::size_t kQueries, std::size_t kVectors>
HWY_NOINLINE void score_tile(const float* const* HWY_RESTRICT queries, const float* HWY_RESTRICT keys,
                             std::size_t head_dim, float factor, float* HWY_RESTRICT scores) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> d;
  constexpr std::size_t kLanes = hn::MaxLanes(d);
  using V = hn::Vec<decltype(d)>;
  const float* HWY_RESTRICT query[kQueries];
  V sums[kQueries][kVectors];
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kQueries; ++i) {
    query[i] = queries[i];
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) sums[i][v] = hn::Zero(d);
  }
  for (std::size_t c = 0; c < head_dim; ++c) {
    V key[kVectors];
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) key[v] = hn::Load(d, keys + c * kSubBlockRows + v * kLanes);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kQueries; ++i) {
      const V q = hn::Set(d, query[i][c]);
#pragma GCC unroll 8
      for (std::size_t v = 0; v < kVectors; ++v) sums[i][v] = hn::MulAdd(q, key[v], sums[i][v]);
    }
  }
  const V scale = hn::Set(d, factor);
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kQueries; ++i) {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) {
      hn::Store(hn::Mul(sums[i][v], scale), d, scores + i * kSubBlockRows + v * kLanes);
    }
  }
}

template <std::size_t kQueries, std::size_t kVectors = max_tile_vectors<kQueries>()>
HWY_INLINE void score_tiles(const float* const* HWY_RESTRICT queries, const float* HWY_RESTRICT keys,
                            std::size_t num_vectors, std::size_t head_dim, float factor, float* HWY_RESTRICT scores) {
  constexpr std::size_t kLanes = hwy::HWY_NAMESPACE::MaxLanes(hwy::HWY_NAMESPACE::ScalableTag<float>());
  for (; num_vectors >= kVectors; num_vectors -= kVectors) {
    score_tile<kQueries, kVectors>(queries, keys, head_dim, factor, scores);
    keys += kVectors * kLanes;
    scores += kVectors * kLanes;
  }
  if constexpr (kVectors > 1) {
    score_tiles<kQueries, kVectors / 2>(queries, keys, num_vectors, head_dim, factor, scores);
  }
}

/// sums[i][:] = sums[i][:] * rescale[i] + sum_r weights[i, r] * values[r, :] for kVectors vectors of columns,
/// from column `column` on. The sub-block's own sum starts at zero: shorter chains, smaller rounding errors.
/// weights: [kQueries, kSubBlockRows]; values: [num_rows, value_stride].
template <std::size_t kQueries, std::size_t kVectors, class T>
HWY_NOINLINE void sum_tile(const float* HWY_RESTRICT weights, const T* HWY_RESTRICT values, std::size_t num_rows,
                           std::size_t value_stride, const float* HWY_RESTRICT rescale, std::size_t column,
                           float* const* HWY_RESTRICT sums, RowPrefetch& prefetch) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> d;
  constexpr std::size_t kLanes = hn::MaxLanes(d);
  using V = hn::Vec<decltype(d)>;
  V added[kQueries][kVectors];
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kQueries; ++i) {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) added[i][v] = hn::Zero(d);
  }
  for (std::size_t r = 0; r < num_rows; ++r) {
    prefetch.step();
    V value[kVectors];
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) {
      value[v] = load_f32(d, values + r * value_stride + column + v * kLanes);
    }
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kQueries; ++i) {
      const V weight = hn::Set(d, weights[i * kSubBlockRows + r]);
#pragma GCC unroll 8
      for (std::size_t v = 0; v < kVectors; ++v) added[i][v] = hn::MulAdd(weight, value[v], added[i][v]);
    }
  }
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kQueries; ++i) {
    const V factor = hn::Set(d, rescale[i]);
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) {
      float* HWY_RESTRICT sum = sums[i] + column + v * kLanes;
      hn::Store(hn::MulAdd(hn::Load(d, sum), factor, added[i][v]), d, sum);
    }
  }
}

template <std::size_t kQueries, class T, std::size_t kVectors = max_tile_vectors<kQueries>()>
HWY_INLINE void sum_tiles(const float* HWY_RESTRICT weights, const T* HWY_RESTRICT values, std::size_t num_rows,
                          std::size_t value_stride, const float* HWY_RESTRICT rescale, std::size_t num_vectors,
                          std::size_t column, float* const* HWY_RESTRICT sums, RowPrefetch& prefetch) {
  constexpr std::size_t kLanes = hwy::HWY_NAMESPACE::MaxLanes(hwy::HWY_NAMESPACE::ScalableTag<float>());
  for (; num_vectors >= kVectors; num_vectors -= kVectors) {
    sum_tile<kQueries, kVectors>(weights, values, num_rows, value_stride, rescale, column, sums, prefetch);
    column += kVectors * kLanes;
  }
  if constexpr (kVectors > 1) {
    sum_tiles<kQueries, T, kVectors / 2>(weights, values, num_rows, value_stride, rescale, num_vectors, column, sums,
                                         prefetch);
  }
}

}  // namespace pml::runtime::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
