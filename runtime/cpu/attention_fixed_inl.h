// A work item in fixed point: queries, keys, weights and values as 16-bit integers, whose products are added up in
// pairs. Twice as fast as f32 where there is an instruction for that.
//
// Integers have 13 bits, so that sums of a sub-block (64 rows, or 128 columns) fit into 32 and are exact. Scales: one
// for a row of a head's queries or keys, one for a head's values in a sub-block, and for the weights of a query the
// largest in the sub-block. So rounding errors are 2^-13 of the largest of few neighbours, and independent of what else
// the query sees.
//
// Included for every Highway target by attention_kernel.cpp, and by attention_kernel_vnni.cpp for one that Highway does
// not know (simd_pairs_inl.h).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "runtime/cpu/attention_group.h"
#include "runtime/cpu/simd_pairs_inl.h"

PML_SIMD_BEFORE
namespace pml::runtime::cpu::PML_SIMD_NAMESPACE {
#if HWY_TARGET != HWY_SCALAR

using HWY_NAMESPACE::convert_keys;
using HWY_NAMESPACE::exp2_nonpositive;
using HWY_NAMESPACE::load_f32;
using HWY_NAMESPACE::mask_scores;
using HWY_NAMESPACE::max_score;

/// Queries of a register tile, and its accumulators: as many as leave registers for a row of operands.
constexpr std::size_t kFixedTileQueries = 6;
constexpr std::size_t kFixedTileAccumulators = HWY_TARGET <= HWY_AVX3 ? 24 : 12;

template <std::size_t kQueries>
constexpr std::size_t fixed_tile_vectors() {
  return std::min<std::size_t>(kSubBlockRows / kLanes, kFixedTileAccumulators / kQueries);
}

/// dots[i, v] = sum over p of the pair products of operands[p, v] and pairs[i][p], for kVectors vectors.
/// operands: [num_pairs, stride] pairs.
template <std::size_t kQueries, std::size_t kVectors>
HWY_INLINE void dot_tile(const std::uint32_t* const* pairs, std::size_t num_pairs,
                         const std::uint32_t* HWY_RESTRICT operands, std::size_t stride,
                         IntVector (&dots)[kQueries][kVectors]) {
  constexpr IntTag i32;
  constexpr ShortTag i16;
  const std::uint32_t* HWY_RESTRICT query[kQueries];
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kQueries; ++i) {
    query[i] = pairs[i];
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors; ++v) dots[i][v] = hn::Zero(i32);
  }
  for (std::size_t p = 0; p < num_pairs; ++p) {
    ShortVector operand[kVectors];
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors; ++v) {
      const auto* from = reinterpret_cast<const std::int32_t*>(operands + p * stride + v * kLanes);
      operand[v] = hn::BitCast(i16, hn::Load(i32, from));
    }
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kQueries; ++i) {
      const ShortVector pair = hn::BitCast(i16, hn::Set(i32, static_cast<std::int32_t>(query[i][p])));
#pragma GCC unroll 16
      for (std::size_t v = 0; v < kVectors; ++v) dots[i][v] = add_pair_products(dots[i][v], operand[v], pair);
    }
  }
}

/// scores[i, r] = factors[i] * key_scales[r] * dot(query i, key r). keys: [num_pairs, kSubBlockRows] pairs.
template <std::size_t kQueries, std::size_t kVectors>
HWY_NOINLINE void score_fixed_tile(const std::uint32_t* const* queries, const float* factors, std::size_t num_pairs,
                                   const std::uint32_t* HWY_RESTRICT keys, const float* HWY_RESTRICT key_scales,
                                   float* HWY_RESTRICT scores) {
  constexpr FloatTag f32;
  IntVector dots[kQueries][kVectors];
  dot_tile<kQueries, kVectors>(queries, num_pairs, keys, kSubBlockRows, dots);
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kQueries; ++i) {
    const FloatVector factor = hn::Set(f32, factors[i]);
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors; ++v) {
      const FloatVector scaled = hn::Mul(hn::ConvertTo(f32, dots[i][v]), factor);
      hn::Store(hn::Mul(scaled, hn::Load(f32, key_scales + v * kLanes)), f32, scores + i * kSubBlockRows + v * kLanes);
    }
  }
}

template <std::size_t kQueries, std::size_t kVectors = fixed_tile_vectors<kQueries>()>
HWY_INLINE void score_fixed_tiles(const std::uint32_t* const* queries, const float* factors, std::size_t num_pairs,
                                  const std::uint32_t* HWY_RESTRICT keys, const float* HWY_RESTRICT key_scales,
                                  std::size_t num_vectors, float* HWY_RESTRICT scores) {
  for (; num_vectors >= kVectors; num_vectors -= kVectors) {
    score_fixed_tile<kQueries, kVectors>(queries, factors, num_pairs, keys, key_scales, scores);
    keys += kVectors * kLanes;
    key_scales += kVectors * kLanes;
    scores += kVectors * kLanes;
  }
  if constexpr (kVectors > 1) {
    score_fixed_tiles<kQueries, kVectors / 2>(queries, factors, num_pairs, keys, key_scales, num_vectors, scores);
  }
}

/// sums[i][:] = sums[i][:] * rescale[i] + factors[i] * (weights i times values), from column `column` on.
/// values: [num_pairs, value_stride] pairs of rows.
template <std::size_t kQueries, std::size_t kVectors>
HWY_NOINLINE void sum_fixed_tile(const std::uint32_t* const* weights, const float* rescale, const float* factors,
                                 std::size_t num_pairs, const std::uint32_t* HWY_RESTRICT values,
                                 std::size_t value_stride, std::size_t column, float* const* HWY_RESTRICT sums) {
  constexpr FloatTag f32;
  IntVector dots[kQueries][kVectors];
  dot_tile<kQueries, kVectors>(weights, num_pairs, values + column, value_stride, dots);
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kQueries; ++i) {
    const FloatVector old = hn::Set(f32, rescale[i]);
    const FloatVector factor = hn::Set(f32, factors[i]);
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors; ++v) {
      float* HWY_RESTRICT sum = sums[i] + column + v * kLanes;
      const FloatVector added = hn::Mul(hn::ConvertTo(f32, dots[i][v]), factor);
      hn::Store(hn::MulAdd(hn::Load(f32, sum), old, added), f32, sum);
    }
  }
}

template <std::size_t kQueries, std::size_t kVectors = fixed_tile_vectors<kQueries>()>
HWY_INLINE void sum_fixed_tiles(const std::uint32_t* const* weights, const float* rescale, const float* factors,
                                std::size_t num_pairs, const std::uint32_t* HWY_RESTRICT values,
                                std::size_t value_stride, std::size_t num_vectors, std::size_t column,
                                float* const* HWY_RESTRICT sums) {
  for (; num_vectors >= kVectors; num_vectors -= kVectors) {
    sum_fixed_tile<kQueries, kVectors>(weights, rescale, factors, num_pairs, values, value_stride, column, sums);
    column += kVectors * kLanes;
  }
  if constexpr (kVectors > 1) {
    sum_fixed_tiles<kQueries, kVectors / 2>(weights, rescale, factors, num_pairs, values, value_stride, num_vectors,
                                            column, sums);
  }
}

/// A sub-block's rows in fixed point.
struct FixedSubBlock {
  HWY_ALIGN std::uint32_t keys[kMaxHeadDim / 2 * kSubBlockRows];    // [head_dim / 2, kSubBlockRows]
  HWY_ALIGN std::uint32_t values[kSubBlockRows / 2 * kMaxHeadDim];  // [kSubBlockRows / 2, head_dim]
  HWY_ALIGN float key_scales[kSubBlockRows];
  float value_scale = 0.0F;
  std::size_t head_dim = 0;
};

/// Rounds one row [head_dim] to integers of at most `most`; returns its scale.
template <class T>
HWY_INLINE float round_row(const T* HWY_RESTRICT row, std::size_t head_dim, float most, std::int16_t* HWY_RESTRICT to) {
  constexpr FloatTag f32;
  FloatVector largest = hn::Zero(f32);
  for (std::size_t c = 0; c < head_dim; c += kLanes) largest = hn::Max(largest, hn::Abs(load_f32(f32, row + c)));
  const float maximum = hn::GetLane(hn::MaxOfLanes(f32, largest));
  const FloatVector factor = rounding_factor(maximum, most);
  for (std::size_t c = 0; c < head_dim; c += kLanes)
    store_rounded(round_scaled(load_f32(f32, row + c), factor), to + c);
  return maximum / most;
}

template <class T>
HWY_NOINLINE void round_keys(const T* HWY_RESTRICT from, std::int64_t row_stride, std::int32_t num_rows,
                             FixedSubBlock& to) {
  HWY_ALIGN std::uint32_t rows[kSubBlockRows * kMaxHeadDim / 2];
  const std::size_t num_pairs = to.head_dim / 2;
  for (std::int32_t r = 0; r < num_rows; ++r) {
    auto* row = reinterpret_cast<std::int16_t*>(rows + static_cast<std::size_t>(r) * num_pairs);
    to.key_scales[r] = round_row(from + r * row_stride, to.head_dim, kFixedMost, row);
  }
  std::fill(to.key_scales + num_rows, to.key_scales + kSubBlockRows, 0.0F);
  // Transposed as floats are: moved, not computed with.
  RowPrefetch nothing;
  convert_keys(reinterpret_cast<const float*>(rows), static_cast<std::int64_t>(num_pairs), num_rows, num_pairs,
               reinterpret_cast<float*>(to.keys), nothing);
}

template <class T>
HWY_NOINLINE void round_values(const T* HWY_RESTRICT from, std::int64_t row_stride, std::int32_t num_rows,
                               FixedSubBlock& to) {
  constexpr FloatTag f32;
  constexpr IntTag i32;
  FloatVector largest = hn::Zero(f32);
  for (std::int32_t r = 0; r < num_rows; ++r) {
    for (std::size_t c = 0; c < to.head_dim; c += kLanes) {
      largest = hn::Max(largest, hn::Abs(load_f32(f32, from + r * row_stride + c)));
    }
  }
  const float maximum = hn::GetLane(hn::MaxOfLanes(f32, largest));
  const FloatVector factor = rounding_factor(maximum, kFixedMost);
  to.value_scale = maximum / kFixedMost;
  for (std::int32_t r = 0; r < num_rows; r += 2) {
    const T* HWY_RESTRICT row = from + r * row_stride;
    std::uint32_t* HWY_RESTRICT pairs = to.values + static_cast<std::size_t>(r / 2) * to.head_dim;
    for (std::size_t c = 0; c < to.head_dim; c += kLanes) {
      const IntVector first = hn::BitCast(i32, round_scaled(load_f32(f32, row + c), factor));
      IntVector second = hn::Zero(i32);
      if (r + 1 < num_rows) second = hn::BitCast(i32, round_scaled(load_f32(f32, row + row_stride + c), factor));
      const IntVector pair = hn::Or(hn::And(first, hn::Set(i32, 0xFFFF)), hn::ShiftLeft<16>(second));
      hn::Store(pair, i32, reinterpret_cast<std::int32_t*>(pairs + c));
    }
  }
}

/// Scores of one query -> integers 2^(s - maximum) * kFixedMostWeight, whose sum is returned.
HWY_INLINE float weigh_fixed(float maximum, std::size_t num_vectors, const float* HWY_RESTRICT scores,
                             std::int16_t* HWY_RESTRICT weights) {
  constexpr FloatTag f32;
  const FloatVector m = hn::Set(f32, maximum);
  const FloatVector most = hn::Set(f32, kFixedMostWeight);
  FloatVector sum = hn::Zero(f32);  // of whole numbers below 2^24: exact
  for (std::size_t v = 0; v < num_vectors; ++v) {
    const FloatVector p = exp2_nonpositive(f32, hn::Sub(hn::Load(f32, scores + v * kLanes), m));
    const FloatVector rounded = round_scaled(p, most);
    sum = hn::Add(sum, hn::Sub(rounded, hn::Set(f32, kRoundingOffset)));
    store_rounded(rounded, weights + v * kLanes);
  }
  return hn::GetLane(hn::SumOfLanes(f32, sum));
}

template <std::size_t kQueries = kFixedTileQueries>
HWY_INLINE void score_fixed_queries(std::size_t num_queries, const std::uint32_t* const* queries, const float* factors,
                                    const FixedSubBlock& rows, std::size_t num_vectors, float* HWY_RESTRICT scores) {
  if (num_queries == kQueries) {
    score_fixed_tiles<kQueries>(queries, factors, rows.head_dim / 2, rows.keys, rows.key_scales, num_vectors, scores);
  } else if constexpr (kQueries > 1) {
    score_fixed_queries<kQueries - 1>(num_queries, queries, factors, rows, num_vectors, scores);
  }
}

template <std::size_t kQueries = kFixedTileQueries>
HWY_INLINE void sum_fixed_queries(std::size_t num_queries, const std::uint32_t* const* weights, const float* rescale,
                                  const float* factors, std::size_t num_pairs, const FixedSubBlock& rows,
                                  float* const* sums) {
  if (num_queries == kQueries) {
    sum_fixed_tiles<kQueries>(weights, rescale, factors, num_pairs, rows.values, rows.head_dim, rows.head_dim / kLanes,
                              0, sums);
  } else if constexpr (kQueries > 1) {
    sum_fixed_queries<kQueries - 1>(num_queries, weights, rescale, factors, num_pairs, rows, sums);
  }
}

/// Adds the sub-block to the partial results of the group.
HWY_NOINLINE void attend_fixed_group(const RoundedQueries& queries, const FixedSubBlock& rows, const HeadGroup& group,
                                     RowPrefetch& prefetch) {
  constexpr float kNothing = -std::numeric_limits<float>::infinity();
  constexpr FloatTag f32;
  HWY_ALIGN float scores[kGroupQueries * kSubBlockRows];
  HWY_ALIGN std::int16_t weights[kGroupQueries * kSubBlockRows];
  const std::uint32_t* weight_pairs[kGroupQueries];
  constexpr std::size_t kPadded = (kGroupQueries + kLanes - 1) / kLanes * kLanes;
  HWY_ALIGN float rescale[kPadded] = {};  // of what was summed before
  HWY_ALIGN float factors[kPadded] = {};  // of what is added
  float maxima[kGroupQueries];            // of the sub-block
  const std::uint32_t* query_pairs[kGroupQueries];
  float query_scales[kGroupQueries];
  for (std::size_t i = 0; i < group.size; ++i) {
    query_pairs[i] = queries.pairs + group.queries[i] * static_cast<std::int64_t>(rows.head_dim / 2);
    query_scales[i] = queries.scales[group.queries[i]];
  }
  // Tiles of nearly equal size: eight queries as 4 + 4, not 6 + 2.
  const std::size_t num_tiles = (group.size + kFixedTileQueries - 1) / kFixedTileQueries;
  const auto tile_begin = [&](std::size_t t) { return t * group.size / num_tiles; };
  std::size_t tile_rows[kGroupQueries];

  for (std::size_t t = 0; t < num_tiles; ++t) {
    const std::size_t begin = tile_begin(t), end = tile_begin(t + 1);
    std::uint64_t any = 0;
    for (std::size_t i = begin; i < end; ++i) any |= group.visible[i];
    tile_rows[t] = static_cast<std::size_t>(mask_end(any));
    const std::size_t num_vectors = (tile_rows[t] + kLanes - 1) / kLanes;
    prefetch.step();
    score_fixed_queries(end - begin, query_pairs + begin, query_scales + begin, rows, num_vectors,
                        scores + begin * kSubBlockRows);
    for (std::size_t i = begin; i < end; ++i) {
      float* HWY_RESTRICT row = scores + i * kSubBlockRows;
      if (group.visible[i] != ~std::uint64_t{0}) mask_scores(group.visible[i], num_vectors, row);
      const float largest = max_score(num_vectors, row);
      const float maximum = std::max(*group.maxima[i], largest);
      // Until a query has seen a finite score its sums are zero, and any finite maximum will do.
      const float base = maximum == kNothing ? 0.0F : maximum;
      maxima[i] = largest == kNothing ? 0.0F : largest;
      rescale[i] = *group.maxima[i] - base;
      factors[i] = largest - base;
      *group.maxima[i] = maximum;
    }
  }
  for (std::size_t i = 0; i < group.size; i += kLanes) {
    hn::Store(exp2_nonpositive(f32, hn::Load(f32, rescale + i)), f32, rescale + i);
    const FloatVector factor = exp2_nonpositive(f32, hn::Load(f32, factors + i));
    hn::Store(hn::Mul(factor, hn::Set(f32, 1.0F / kFixedMostWeight)), f32, factors + i);
  }
  for (std::size_t t = 0; t < num_tiles; ++t) {
    const std::size_t begin = tile_begin(t), end = tile_begin(t + 1);
    const std::size_t num_vectors = (tile_rows[t] + kLanes - 1) / kLanes;
    for (std::size_t i = begin; i < end; ++i) {
      std::int16_t* to = weights + i * kSubBlockRows;
      weight_pairs[i] = reinterpret_cast<const std::uint32_t*>(to);
      const float sum = weigh_fixed(maxima[i], num_vectors, scores + i * kSubBlockRows, to);
      *group.weights[i] = __builtin_fmaf(*group.weights[i], rescale[i], sum * factors[i]);
      factors[i] *= rows.value_scale;
    }
    prefetch.step();
    sum_fixed_queries(end - begin, weight_pairs + begin, rescale + begin, factors + begin, (tile_rows[t] + 1) / 2, rows,
                      group.sums + begin);
  }
}

/// attend_item() in fixed point.
template <class T>
void attend_fixed_rows(const KernelInput& input, const HeadItem& work, const HeadItem& next) {
  const WorkItem& item = *work.item;
  const std::int32_t kv_head = work.kv_head;
  FixedSubBlock rows;
  std::uint64_t visible[kItemQueryHeads];
  const AttentionArguments& arguments = input.arguments;
  const AttentionSegment& segment = arguments.segments[item.segment];
  const T* k = static_cast<const T*>(segment.k) + kv_head * segment.head_stride;
  const T* v = static_cast<const T*>(segment.v) + kv_head * segment.head_stride;
  rows.head_dim = static_cast<std::size_t>(arguments.head_dim);

  clear_partials(input, item, kv_head);
  const std::int32_t end_row = std::min(segment.num_rows, (item.block + 1) * kBlockRows);
  for (std::int32_t row = item.block * kBlockRows; row < end_row; row += kSubBlockRows) {
    if (find_visible(input, item, row, visible) == 0) continue;
    // All rows there are: values have one scale, which may not depend on what the queries of the item happen to see.
    const std::int32_t num_rows = std::min(kSubBlockRows, end_row - row);
    // A step a tile: they take long enough for what was asked for to arrive.
    const std::int64_t num_heads = item.count * (arguments.num_heads / arguments.num_kv_heads);
    const std::int64_t num_tiles = (num_heads + kFixedTileQueries - 1) / kFixedTileQueries;
    RowPrefetch prefetch = prefetch_next(input, work, next, row, 2 * num_tiles);
    round_keys(k + row * segment.row_stride, segment.row_stride, num_rows, rows);
    round_values(v + row * segment.row_stride, segment.row_stride, num_rows, rows);
    for_head_groups(input, item, kv_head, visible,
                    [&](const HeadGroup& group) { attend_fixed_group(input.rounded_queries, rows, group, prefetch); });
  }
}

inline void attend_fixed_on_target(const KernelInput& input, const HeadItem& work, const HeadItem& next) {
  switch (input.arguments.segments[work.item->segment].type) {
    case KvType::f32:
      return attend_fixed_rows<float>(input, work, next);
    case KvType::f16:
      return attend_fixed_rows<hwy::float16_t>(input, work, next);
    case KvType::bf16:
      return attend_fixed_rows<hwy::bfloat16_t>(input, work, next);
  }
}

#endif
}  // namespace pml::runtime::cpu::PML_SIMD_NAMESPACE
PML_SIMD_AFTER
