// One work item is a flash-style pass (running maximum, rescaled sums) over sub-blocks of rows: rows are
// converted once, then all queries that see any of them go by in groups of a few register tiles.
//
// Compiled once for every instruction set; hwy::SupportedTargets chooses at run time. Arithmetic that could
// be contracted into a fused multiply-add is written as one, so that a compiler's choice never shows.
#include "runtime/cpu/attention_kernel.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>

#include "runtime/cpu/amx.h"
#include "runtime/cpu/attention_group.h"
#include "runtime/cpu/vnni.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/cpu/attention_kernel.cpp"
// The order matters: what follows foreach_target.h is compiled once for every instruction set.
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "runtime/cpu/attention_merge_inl.h"
#include "runtime/cpu/attention_tile_inl.h"
#include "runtime/cpu/exp2_inl.h"
#include "runtime/cpu/kv_scratch_inl.h"
#include "runtime/cpu/score_mask_inl.h"
#include "runtime/cpu/attention_fixed_inl.h"
// clang-format on

#ifndef PML_RUNTIME_CPU_ATTENTION_KERNEL_SHARED
#define PML_RUNTIME_CPU_ATTENTION_KERNEL_SHARED
namespace pml::runtime::cpu {
namespace {

// Up to so many query heads, values are converted where they are used.
constexpr std::int32_t kInPlaceQueries = 24;

}  // namespace
}  // namespace pml::runtime::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace pml::runtime::cpu::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Where converting a vector is an instruction, it may be done for every tile anew.
constexpr bool kConvertsInPlace = HWY_TARGET <= HWY_AVX2;

constexpr std::size_t round_up(std::size_t n, std::size_t unit) { return (n + unit - 1) / unit * unit; }

// Turns scores into weights 2^(s - maximum) in place and returns their sum. Vectors that are left out beyond
// the last visible row would add zeros: the sum is the same.
HWY_INLINE float weigh_scores(float maximum, std::size_t num_vectors, float* HWY_RESTRICT scores) {
  const FloatTag d;
  const FloatVector m = hn::Set(d, maximum);
  FloatVector sum = hn::Zero(d);
  for (std::size_t v = 0; v < num_vectors; ++v) {
    const FloatVector p = exp2_nonpositive(d, hn::Sub(hn::Load(d, scores + v * kLanes), m));
    sum = hn::Add(sum, p);
    hn::Store(p, d, scores + v * kLanes);
  }
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

template <std::size_t kQueries = kTileQueries>
HWY_INLINE void score_queries(std::size_t num_queries, const float* const* queries, const float* HWY_RESTRICT keys,
                              std::size_t num_vectors, std::size_t head_dim, float factor, float* HWY_RESTRICT scores) {
  if (num_queries == kQueries) {
    score_tiles<kQueries>(queries, keys, num_vectors, head_dim, factor, scores);
  } else if constexpr (kQueries > 1) {
    score_queries<kQueries - 1>(num_queries, queries, keys, num_vectors, head_dim, factor, scores);
  }
}

template <class T, std::size_t kQueries = kTileQueries>
HWY_INLINE void sum_queries(std::size_t num_queries, const float* HWY_RESTRICT weights, const T* HWY_RESTRICT values,
                            std::size_t num_rows, std::size_t value_stride, const float* HWY_RESTRICT rescale,
                            std::size_t num_vectors, float* const* sums, RowPrefetch& prefetch) {
  if (num_queries == kQueries) {
    sum_tiles<kQueries>(weights, values, num_rows, value_stride, rescale, num_vectors, 0, sums, prefetch);
  } else if constexpr (kQueries > 1) {
    sum_queries<T, kQueries - 1>(num_queries, weights, values, num_rows, value_stride, rescale, num_vectors, sums,
                                 prefetch);
  }
}

// The rows of a sub-block. V is float if values are read from scratch, else the segment's own type.
template <class V>
struct SubBlock {
  const float* keys = nullptr;  // [head_dim, kSubBlockRows]
  const V* values = nullptr;    // [rows, value_stride], in whole vectors
  std::size_t value_stride = 0;
  std::size_t head_dim = 0;
  float factor = 0.0F;  // scale * log2(e): scores are in base 2
  RowPrefetch* prefetch = nullptr;
};

// What is between the two products: the group's tiles, and what their sums are rescaled by.
struct GroupState {
  std::size_t num_tiles = 0;
  std::size_t tile_begin[kGroupQueries + 1];
  std::size_t tile_rows[kGroupQueries];  // one past the last row that a query of the tile sees
  HWY_ALIGN float rescale[round_up(kGroupQueries, kPartialPadding)] = {};

  std::size_t tile_size(std::size_t t) const { return tile_begin[t + 1] - tile_begin[t]; }
  std::size_t tile_vectors(std::size_t t) const { return round_up(tile_rows[t], kLanes) / kLanes; }
};

// Scores the group's queries, and turns scores into weights. `scores`: [kGroupQueries, kSubBlockRows].
HWY_NOINLINE void weigh_group(const float* queries, const float* HWY_RESTRICT keys, std::size_t head_dim, float factor,
                              const HeadGroup& group, GroupState& state, float* HWY_RESTRICT scores) {
  // Tiles of nearly equal size: eight queries as 4 + 4, not 6 + 2.
  state.num_tiles = (group.size + kTileQueries - 1) / kTileQueries;
  for (std::size_t t = 0; t <= state.num_tiles; ++t) state.tile_begin[t] = t * group.size / state.num_tiles;

  const float* group_queries[kGroupQueries];
  for (std::size_t i = 0; i < group.size; ++i) {
    group_queries[i] = queries + group.queries[i] * static_cast<std::int64_t>(head_dim);
  }
  float new_maxima[kGroupQueries];
  for (std::size_t t = 0; t < state.num_tiles; ++t) {
    const std::size_t begin = state.tile_begin[t];
    const std::size_t end = state.tile_begin[t + 1];
    std::uint64_t any = 0;
    for (std::size_t i = begin; i < end; ++i) any |= group.visible[i];
    state.tile_rows[t] = static_cast<std::size_t>(mask_end(any));
    const std::size_t num_vectors = state.tile_vectors(t);
    score_queries(end - begin, group_queries + begin, keys, num_vectors, head_dim, factor,
                  scores + begin * kSubBlockRows);
    for (std::size_t i = begin; i < end; ++i) {
      float* HWY_RESTRICT row = scores + i * kSubBlockRows;
      if (group.visible[i] != ~std::uint64_t{0}) mask_scores(group.visible[i], num_vectors, row);
      const float maximum = std::max(*group.maxima[i], max_score(num_vectors, row));
      // Until a query has seen a finite score its sums are zero, and any finite maximum will do.
      new_maxima[i] = maximum == -std::numeric_limits<float>::infinity() ? 0.0F : maximum;
      state.rescale[i] = *group.maxima[i] - new_maxima[i];
      *group.maxima[i] = maximum;
    }
  }
  const FloatTag d;
  for (std::size_t i = 0; i < group.size; i += kLanes) {
    hn::Store(exp2_nonpositive(d, hn::Load(d, state.rescale + i)), d, state.rescale + i);
  }
  for (std::size_t t = 0; t < state.num_tiles; ++t) {
    for (std::size_t i = state.tile_begin[t]; i < state.tile_begin[t + 1]; ++i) {
      const float sum = weigh_scores(new_maxima[i], state.tile_vectors(t), scores + i * kSubBlockRows);
      const hn::CappedTag<float, 1> d1;
      hn::StoreU(hn::MulAdd(hn::LoadU(d1, group.weights[i]), hn::Set(d1, state.rescale[i]), hn::Set(d1, sum)), d1,
                 group.weights[i]);
    }
  }
}

// Adds the sub-block to the partial results of the group.
template <class V>
HWY_NOINLINE void attend_group(const float* queries, const SubBlock<V>& rows, const HeadGroup& group,
                               float* HWY_RESTRICT scores) {
  GroupState state;
  weigh_group(queries, rows.keys, rows.head_dim, rows.factor, group, state, scores);
  for (std::size_t t = 0; t < state.num_tiles; ++t) {
    const std::size_t begin = state.tile_begin[t];
    sum_queries(state.tile_size(t), scores + begin * kSubBlockRows, rows.values, state.tile_rows[t], rows.value_stride,
                state.rescale + begin, round_up(rows.head_dim, kLanes) / kLanes, group.sums + begin, *rows.prefetch);
  }
}

template <class T>
void attend_rows(const KernelInput& input, const HeadItem& work, const HeadItem& next) {
  const WorkItem& item = *work.item;
  const std::int32_t kv_head = work.kv_head;
  HWY_ALIGN float keys[kMaxHeadDim * kSubBlockRows];
  HWY_ALIGN float values[kMaxHeadDim * kSubBlockRows];
  HWY_ALIGN float scores[kGroupQueries * kSubBlockRows];
  std::uint64_t visible[kItemQueryHeads];

  const AttentionSegment& segment = input.arguments.segments[item.segment];
  const T* k = static_cast<const T*>(segment.k) + kv_head * segment.head_stride;
  const T* v = static_cast<const T*>(segment.v) + kv_head * segment.head_stride;
  const auto head_dim = static_cast<std::size_t>(input.arguments.head_dim);
  const float factor = input.arguments.scale * std::numbers::log2e_v<float>;
  const std::size_t padded_head_dim = round_up(head_dim, kLanes);
  // With few queries a value is used a few times only: then scratch would do no more than push the keys out
  // of the L1 cache. Conversion is exact, so the bits are the same.
  const std::int32_t heads_per_kv_head = input.arguments.num_heads / input.arguments.num_kv_heads;
  const bool values_in_place =
      kConvertsInPlace && padded_head_dim == head_dim && item.count * heads_per_kv_head <= kInPlaceQueries;

  clear_partials(input, item, kv_head);
  const std::int32_t end_row = std::min(segment.num_rows, (item.block + 1) * kBlockRows);
  for (std::int32_t row = item.block * kBlockRows; row < end_row; row += kSubBlockRows) {
    const std::int32_t num_rows = mask_end(find_visible(input, item, row, visible));
    if (num_rows == 0) continue;
    // Steps are taken by convert_keys, and by sum_tile if it reads values in place.
    const std::int64_t num_steps = num_rows * (values_in_place ? 2 : 1);
    RowPrefetch prefetch = prefetch_next(input, work, next, row, num_steps);
    const auto attend_sub_block = [&](const auto& rows) {
      for_head_groups(input, item, kv_head, visible,
                      [&](const HeadGroup& group) { attend_group(input.arguments.queries, rows, group, scores); });
    };
    const T* sub_block_v = v + row * segment.row_stride;
    convert_keys(k + row * segment.row_stride, segment.row_stride, num_rows, head_dim, keys, prefetch);
    if (values_in_place) {
      if constexpr (kConvertsInPlace) {
        const auto stride = static_cast<std::size_t>(segment.row_stride);
        const SubBlock<T> rows{keys, sub_block_v, stride, head_dim, factor, &prefetch};
        attend_sub_block(rows);
      }
    } else {
      convert_values(sub_block_v, segment.row_stride, num_rows, head_dim, padded_head_dim, values);
      const SubBlock<float> rows{keys, values, padded_head_dim, head_dim, factor, &prefetch};
      attend_sub_block(rows);
    }
  }
}

bool has_fixed_point_on_target() { return HWY_TARGET != HWY_SCALAR; }

#if HWY_TARGET == HWY_SCALAR
void attend_fixed_on_target(const KernelInput&, const HeadItem&, const HeadItem&) {}
void round_query_on_target(const KernelInput&, std::int64_t, std::uint32_t*, float*) {}
void round_query_to_bf16_on_target(const KernelInput&, std::int64_t, std::uint32_t*) {}
#else
/// `round_query` of attention_kernel.h.
void round_query_on_target(const KernelInput& input, std::int64_t row, std::uint32_t* pairs, float* scales) {
  const AttentionArguments& arguments = input.arguments;
  const float factor = arguments.scale * std::numbers::log2e_v<float>;
  const float most = arguments.head_dim <= 128 ? kFixedMost : kFixedMost / 2;
  for (std::int64_t head = 0; head < arguments.num_heads; ++head) {
    const std::int64_t query = row * arguments.num_heads + head;
    auto* to = reinterpret_cast<std::int16_t*>(pairs + query * (arguments.head_dim / 2));
    const float* from = arguments.queries + query * arguments.head_dim;
    scales[query] = factor * round_row(from, static_cast<std::size_t>(arguments.head_dim), std::floor(most), to);
  }
}

void round_query_to_bf16_on_target(const KernelInput& input, std::int64_t row, std::uint32_t* pairs) {
  constexpr FloatTag f32;
  const hn::RebindToUnsigned<FloatTag> bits;
  const hn::Rebind<std::uint16_t, FloatTag> narrow;
  const AttentionArguments& arguments = input.arguments;
  const std::int64_t size = std::int64_t{arguments.num_heads} * arguments.head_dim;
  const float* from = arguments.queries + row * size;
  auto* to = reinterpret_cast<std::uint16_t*>(pairs) + row * size;
  const FloatVector factor = hn::Set(f32, arguments.scale * std::numbers::log2e_v<float>);
  for (std::int64_t i = 0; i < size; i += static_cast<std::int64_t>(kLanes)) {
    const FloatVector scaled = hn::Mul(hn::LoadU(f32, from + i), factor);
    const auto rounded = hn::Add(hn::BitCast(bits, scaled), hn::Set(bits, 0x8000));
    hn::StoreU(hn::TruncateTo(narrow, hn::ShiftRight<16>(rounded)), narrow, to + i);
  }
}
#endif

void attend_item_on_target(const KernelInput& input, const HeadItem& work, const HeadItem& next) {
  switch (input.arguments.segments[work.item->segment].type) {
    case KvType::f32:
      return attend_rows<float>(input, work, next);
    case KvType::f16:
      return attend_rows<hwy::float16_t>(input, work, next);
    case KvType::bf16:
      return attend_rows<hwy::bfloat16_t>(input, work, next);
  }
}

void merge_query_on_target(const KernelInput& input, std::int32_t query, std::int32_t kv_head) {
  for (std::int64_t head = 0; head < input.arguments.num_heads / input.arguments.num_kv_heads; head += kLanes) {
    merge_heads(input, query, kv_head, head);
  }
}

}  // namespace
}  // namespace pml::runtime::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pml::runtime::cpu {

HWY_EXPORT(attend_item_on_target);
HWY_EXPORT(attend_fixed_on_target);
HWY_EXPORT(has_fixed_point_on_target);
HWY_EXPORT(round_query_on_target);
HWY_EXPORT(round_query_to_bf16_on_target);
HWY_EXPORT(merge_query_on_target);

void attend_item(const KernelInput& input, const HeadItem& work, const HeadItem& next) {
  if (!work.item->may_round || !has_fixed_point()) {
    return HWY_DYNAMIC_DISPATCH(attend_item_on_target)(input, work, next);
  }
  if (has_attention_tiles(input.arguments)) return attend_with_amx(input, work, next);
  if (has_vnni()) return attend_fixed_with_vnni(input, work, next);
  HWY_DYNAMIC_DISPATCH(attend_fixed_on_target)(input, work, next);
}

bool has_attention_tiles(const AttentionArguments& arguments) {
  return has_amx() && arguments.head_dim % 32 == 0 && arguments.head_dim <= kMaxTileHeadDim;
}
bool has_fixed_point() { return HWY_DYNAMIC_DISPATCH(has_fixed_point_on_target)(); }

void round_query(const KernelInput& input, std::int64_t row, std::uint32_t* pairs, float* scales) {
  if (has_attention_tiles(input.arguments)) {
    return HWY_DYNAMIC_DISPATCH(round_query_to_bf16_on_target)(input, row, pairs);
  }
  HWY_DYNAMIC_DISPATCH(round_query_on_target)(input, row, pairs, scales);
}

void merge_query(const KernelInput& input, std::int32_t query, std::int32_t kv_head) {
  HWY_DYNAMIC_DISPATCH(merge_query_on_target)(input, query, kv_head);
}

}  // namespace pml::runtime::cpu
#endif
