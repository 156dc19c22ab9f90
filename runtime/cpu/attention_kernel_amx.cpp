// A work item in tiles of bf16 (amx.h): queries, keys, weights and values are rounded to 8 bits, sums are in f32.
// Several times as fast as fixed point.
//
// Everything is transposed: a vector holds one number each of 16 query heads, so that maxima and sums over rows are
// element by element, and weights come out as tiles want their right operand. With K and V the rows of a sub-block:
//
//     scores [rows, 16] = K [rows, head_dim] times queries [head_dim, 16]
//     sums [head_dim, 16] += V^T [head_dim, rows] times weights [rows, 16]
//
// A right operand has two rows of a column side by side.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "runtime/cpu/attention_kernel.h"
#include "runtime/cpu/vnni.h"

#if HWY_ARCH_X86
#include "runtime/cpu/vnni_target_inl.h"
// The order matters: the kernel is made of the others.
// clang-format off
#include "runtime/cpu/kv_scratch_inl.h"
#include "runtime/cpu/exp2_inl.h"
#include "runtime/cpu/bf16_vectors_inl.h"
// clang-format on
#include "runtime/cpu/amx_tiles.h"
#include "runtime/cpu/attention_group.h"

PML_SIMD_BEFORE
namespace pml::runtime::cpu::PML_SIMD_NAMESPACE {
namespace {

using HWY_NAMESPACE::convert_keys;
using HWY_NAMESPACE::exp2_nonpositive;
using HWY_NAMESPACE::load_f32;

constexpr std::size_t kHeads = 16;  // query heads of a group: lanes
constexpr std::size_t kLine = 64;   // bytes of a tile's row
constexpr std::size_t kMostGroups = kItemQueryHeads / kHeads;
constexpr float kNothing = -std::numeric_limits<float>::infinity();

/// Tiles: four of sums, a right and two left operands.
constexpr int kRight = 4, kLeft = 5;

/// A sub-block's rows in bf16.
struct TileRows {
  std::size_t head_dim = 0;
  HWY_ALIGN std::uint16_t keys[kSubBlockRows * kMaxTileHeadDim];  // [kSubBlockRows, head_dim]
  HWY_ALIGN std::uint32_t
      values[kMaxTileHeadDim * kSubBlockRows];  // [head_dim, kSubBlockRows]: pairs of rows, half used

  template <class T>
  HWY_NOINLINE void load_keys(const T* HWY_RESTRICT from, std::int64_t row_stride, std::int32_t num_rows) {
    constexpr FloatTag f32;
    for (std::int32_t r = 0; r < num_rows; ++r) {
      const T* HWY_RESTRICT row = from + r * row_stride;
      std::uint16_t* HWY_RESTRICT to = keys + static_cast<std::size_t>(r) * head_dim;
      for (std::size_t c = 0; c < head_dim; c += 2 * kLanes) {
        const FloatVector first = load_f32(f32, row + c), second = load_f32(f32, row + c + kLanes);
        IntVector both;
        asm("vcvtne2ps2bf16 %1, %2, %0" : "=v"(both.raw) : "v"(first.raw), "v"(second.raw));
        hn::Store(both, IntTag(), reinterpret_cast<std::int32_t*>(to + c));
      }
    }
  }

  /// Rows from num_rows up to a multiple of 32 become zero.
  template <class T>
  HWY_NOINLINE void load_values(const T* HWY_RESTRICT from, std::int64_t row_stride, std::int32_t num_rows) {
    constexpr FloatTag f32;
    HWY_ALIGN std::uint32_t pairs[kSubBlockRows / 2 * kMaxTileHeadDim];  // [kSubBlockRows / 2, head_dim]
    for (std::int32_t r = 0; r < num_rows; r += 2) {
      const T* HWY_RESTRICT row = from + r * row_stride;
      std::uint32_t* HWY_RESTRICT to = pairs + static_cast<std::size_t>(r / 2) * head_dim;
      for (std::size_t c = 0; c < head_dim; c += kLanes) {
        const FloatVector second = r + 1 < num_rows ? load_f32(f32, row + row_stride + c) : hn::Zero(f32);
        hn::Store(round_pair(load_f32(f32, row + c), second), WordTag(), to + c);
      }
    }
    // Transposed as floats are: moved, not computed with.
    RowPrefetch nothing;
    convert_keys(reinterpret_cast<const float*>(pairs), static_cast<std::int64_t>(head_dim), (num_rows + 1) / 2,
                 head_dim, reinterpret_cast<float*>(values), nothing);
  }
};

/// What an item's query heads have come to, in groups.
struct TileGroups {
  std::size_t head_dim = 0;
  std::size_t num_groups = 0;
  HWY_ALIGN std::uint32_t queries[kMostGroups * kMaxTileHeadDim / 2 * kHeads];  // [num_groups, head_dim / 2, 16] pairs
  HWY_ALIGN float sums[kMostGroups * kMaxTileHeadDim * kHeads];                 // [num_groups, head_dim, 16]
  HWY_ALIGN float maxima[kMostGroups * kHeads];
  HWY_ALIGN float weights[kMostGroups * kHeads];
};

/// to[c][r] = from[r][c]: 16 words of 16 rows each.
HWY_NOINLINE void transpose_words(const std::uint32_t* const* from, std::uint32_t* const* to) {
  __m512i rows[16], pairs[16];
#pragma GCC unroll 16
  for (int r = 0; r < 16; ++r) rows[r] = _mm512_loadu_si512(from[r]);
    // Two by two, four by four inside of 128 bits, then blocks of these.
#pragma GCC unroll 8
  for (int r = 0; r < 16; r += 2) {
    pairs[r] = _mm512_unpacklo_epi32(rows[r], rows[r + 1]);
    pairs[r + 1] = _mm512_unpackhi_epi32(rows[r], rows[r + 1]);
  }
#pragma GCC unroll 4
  for (int r = 0; r < 16; r += 4) {
    rows[r] = _mm512_unpacklo_epi64(pairs[r], pairs[r + 2]);
    rows[r + 1] = _mm512_unpackhi_epi64(pairs[r], pairs[r + 2]);
    rows[r + 2] = _mm512_unpacklo_epi64(pairs[r + 1], pairs[r + 3]);
    rows[r + 3] = _mm512_unpackhi_epi64(pairs[r + 1], pairs[r + 3]);
  }
#pragma GCC unroll 4
  for (int c = 0; c < 4; ++c) {
    const __m512i low_even = _mm512_shuffle_i32x4(rows[c], rows[4 + c], 0x88);
    const __m512i low_odd = _mm512_shuffle_i32x4(rows[c], rows[4 + c], 0xDD);
    const __m512i high_even = _mm512_shuffle_i32x4(rows[8 + c], rows[12 + c], 0x88);
    const __m512i high_odd = _mm512_shuffle_i32x4(rows[8 + c], rows[12 + c], 0xDD);
    _mm512_storeu_si512(to[c], _mm512_shuffle_i32x4(low_even, high_even, 0x88));
    _mm512_storeu_si512(to[4 + c], _mm512_shuffle_i32x4(low_odd, high_odd, 0x88));
    _mm512_storeu_si512(to[8 + c], _mm512_shuffle_i32x4(low_even, high_even, 0xDD));
    _mm512_storeu_si512(to[12 + c], _mm512_shuffle_i32x4(low_odd, high_odd, 0xDD));
  }
}

/// Scores of the group's query heads, [kSubBlockRows, 16].
HWY_INLINE void multiply_keys(const TileRows& rows, const std::uint32_t* queries, std::size_t num_tiles,
                              float* scores) {
  const std::size_t stride = rows.head_dim * sizeof(std::uint16_t);
  clear_tile<0>();
  clear_tile<1>();
  clear_tile<2>();
  clear_tile<3>();
  for (std::size_t column = 0; column < rows.head_dim; column += 32) {
    const std::uint16_t* keys = rows.keys + column;
    load_tile<kRight>(queries + column / 2 * kHeads, kLine);
    load_tile<kLeft>(keys, stride);
    multiply_tiles<0, kLeft, kRight>();
    if (num_tiles < 2) continue;
    load_tile<kLeft + 1>(keys + 16 * rows.head_dim, stride);
    multiply_tiles<1, kLeft + 1, kRight>();
    if (num_tiles < 3) continue;
    load_tile<kLeft>(keys + 32 * rows.head_dim, stride);
    multiply_tiles<2, kLeft, kRight>();
    if (num_tiles < 4) continue;
    load_tile<kLeft + 1>(keys + 48 * rows.head_dim, stride);
    multiply_tiles<3, kLeft + 1, kRight>();
  }
  store_tile<0>(scores, kLine);
  if (num_tiles > 1) store_tile<1>(scores + 16 * kHeads, kLine);
  if (num_tiles > 2) store_tile<2>(scores + 32 * kHeads, kLine);
  if (num_tiles > 3) store_tile<3>(scores + 48 * kHeads, kLine);
}

/// sums [head_dim, 16] += V^T times weights, [kSubBlockRows / 2, 16] pairs of rows.
HWY_INLINE void add_values(const TileRows& rows, const std::uint32_t* weights, std::size_t num_steps, float* sums) {
  constexpr std::size_t kStride = kSubBlockRows * sizeof(std::uint32_t);
  // head_dim is a multiple of 32: two tiles at a time.
  for (std::size_t column = 0; column < rows.head_dim; column += 32, sums += 32 * kHeads) {
    const std::uint32_t* values = rows.values + column * kSubBlockRows;
    load_tile<0>(sums, kLine);
    load_tile<1>(sums + 16 * kHeads, kLine);
    for (std::size_t step = 0; step < num_steps; ++step) {
      load_tile<kRight>(weights + step * 16 * kHeads, kLine);
      load_tile<kLeft>(values + step * 16, kStride);
      multiply_tiles<0, kLeft, kRight>();
      load_tile<kLeft + 1>(values + 16 * kSubBlockRows + step * 16, kStride);
      multiply_tiles<1, kLeft + 1, kRight>();
    }
    store_tile<0>(sums, kLine);
    store_tile<1>(sums + 16 * kHeads, kLine);
  }
}

/// 2^x for x <= 0, to 13 bits: more than bf16 keeps. 0 below -126, also for -inf.
HWY_INLINE FloatVector weight_of(FloatVector x) {
  return hn::IfThenElseZero(hn::Ge(x, hn::Set(FloatTag(), -126.0F)), exp2_by(kCubicExp2, x));
}

/// Hidden rows' scores become -inf. visible: [16] masks of rows.
HWY_NOINLINE void hide_rows(const std::uint64_t* visible, std::size_t num_rows, float* HWY_RESTRICT scores) {
  constexpr FloatTag f32;
  const auto first = _mm512_loadu_si512(visible), second = _mm512_loadu_si512(visible + 8);
  const FloatVector hidden = hn::Set(f32, kNothing);
  for (std::size_t r = 0; r < num_rows; ++r) {
    const auto bit = _mm512_set1_epi64(static_cast<std::int64_t>(std::uint64_t{1} << r));
    const std::uint16_t lanes[] = {
        static_cast<std::uint16_t>(_mm512_test_epi64_mask(first, bit) | _mm512_test_epi64_mask(second, bit) << 8)};
    const auto seen = hn::LoadMaskBits(f32, reinterpret_cast<const std::uint8_t*>(lanes));
    hn::Store(hn::IfThenElse(seen, hn::Load(f32, scores + r * kHeads), hidden), f32, scores + r * kHeads);
  }
}

/// Adds the sub-block to what group `g` has come to. visible: [16] masks of rows.
HWY_NOINLINE void attend_group(const TileRows& rows, const std::uint64_t* visible, std::size_t g, TileGroups& groups) {
  constexpr FloatTag f32;
  HWY_ALIGN float scores[kSubBlockRows * kHeads];
  HWY_ALIGN std::uint32_t weights[kSubBlockRows / 2 * kHeads];
  std::uint64_t any = 0, all = ~std::uint64_t{0};
  for (std::size_t i = 0; i < kHeads; ++i) {
    any |= visible[i];
    all &= visible[i];
  }
  if (any == 0) return;
  const auto num_tiles = static_cast<std::size_t>(mask_end(any) + 15) / 16;
  const std::size_t num_rows = (num_tiles + 1) / 2 * 32;  // weights come in pairs of tiles

  multiply_keys(rows, groups.queries + g * groups.head_dim / 2 * kHeads, num_tiles, scores);
  if (~all != 0) hide_rows(visible, num_rows, scores);

  FloatVector largest[4];
  for (std::size_t i = 0; i < 4; ++i) largest[i] = hn::Load(f32, scores + i * kHeads);
  for (std::size_t r = 4; r < num_rows; r += 4) {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) largest[i] = hn::Max(largest[i], hn::Load(f32, scores + (r + i) * kHeads));
  }
  const FloatVector before = hn::Load(f32, groups.maxima + g * kHeads);
  const FloatVector maximum =
      hn::Max(before, hn::Max(hn::Max(largest[0], largest[1]), hn::Max(largest[2], largest[3])));
  // Until a query has seen a finite score its sums are zero, and any finite maximum will do.
  const FloatVector base = hn::IfThenElseZero(hn::Gt(maximum, hn::Set(f32, kNothing)), maximum);
  const FloatVector rescale = exp2_nonpositive(f32, hn::Sub(before, base));
  hn::Store(maximum, f32, groups.maxima + g * kHeads);

  FloatVector total[2] = {hn::Zero(f32), hn::Zero(f32)};
  for (std::size_t r = 0; r < num_rows; r += 2) {
    const FloatVector first = weight_of(hn::Sub(hn::Load(f32, scores + r * kHeads), base));
    const FloatVector second = weight_of(hn::Sub(hn::Load(f32, scores + (r + 1) * kHeads), base));
    total[0] = hn::Add(total[0], first);
    total[1] = hn::Add(total[1], second);
    hn::Store(round_pair(first, second), WordTag(), weights + r / 2 * kHeads);
  }
  float* weight = groups.weights + g * kHeads;
  hn::Store(hn::MulAdd(hn::Load(f32, weight), rescale, hn::Add(total[0], total[1])), f32, weight);

  float* sums = groups.sums + g * groups.head_dim * kHeads;
  if (!hn::AllTrue(f32, hn::Eq(rescale, hn::Set(f32, 1.0F)))) {
    for (std::size_t c = 0; c < groups.head_dim; ++c) {
      hn::Store(hn::Mul(hn::Load(f32, sums + c * kHeads), rescale), f32, sums + c * kHeads);
    }
  }
  add_values(rows, weights, num_rows / 32, sums);
}

/// Query heads [begin, begin + count) of an item: head h of query i is number i * heads + h.
struct Lanes {
  std::size_t begin, count, heads;
};

/// Where a lane belongs.
struct Lane {
  std::uint32_t query = 0;  // of the item
  std::int32_t head = 0;
  const Contribution* contribution = nullptr;
};

/// Where all lanes belong; those of nobody to the last one's place.
void find_lanes(const KernelInput& input, const HeadItem& work, const Lanes& lanes, std::size_t num_lanes, Lane* out) {
  std::size_t query = lanes.begin / lanes.heads, head = lanes.begin % lanes.heads;
  for (std::size_t lane = 0; lane < num_lanes; ++lane) {
    if (lane >= lanes.count) {
      out[lane] = out[lanes.count - 1];
      continue;
    }
    const auto c = input.plan.item_contributions[work.item->first + static_cast<std::int64_t>(query)];
    out[lane] = {static_cast<std::uint32_t>(query),
                 work.kv_head * static_cast<std::int32_t>(lanes.heads) + static_cast<std::int32_t>(head),
                 &input.plan.contributions[static_cast<std::size_t>(c)]};
    if (++head == lanes.heads) {
      head = 0;
      ++query;
    }
  }
}

void load_queries(const KernelInput& input, const Lane* lanes, TileGroups& groups) {
  const std::size_t num_pairs = groups.head_dim / 2;
  for (std::size_t g = 0; g < groups.num_groups; ++g) {
    const std::uint32_t* from[kHeads];
    for (std::size_t i = 0; i < kHeads; ++i) {
      const Lane& lane = lanes[g * kHeads + i];
      const std::int64_t row = lane.contribution->row * std::int64_t{input.arguments.num_heads} + lane.head;
      from[i] = input.rounded_queries.pairs + static_cast<std::size_t>(row) * num_pairs;
    }
    for (std::size_t column = 0; column < num_pairs; column += kHeads) {
      std::uint32_t* to[kHeads];
      for (std::size_t c = 0; c < kHeads; ++c) to[c] = groups.queries + (g * num_pairs + column + c) * kHeads;
      transpose_words(from, to);
      for (const std::uint32_t*& row : from) row += kHeads;
    }
  }
}

void store_partials(const KernelInput& input, const HeadItem& work, const Lane* lanes, std::size_t num_lanes,
                    const TileGroups& groups) {
  const Partials& partials = input.partials;
  const std::int32_t block = work.item->block;
  const std::int32_t kv_head = work.kv_head;
  const std::int64_t heads_per_kv_head = input.arguments.num_heads / input.arguments.num_kv_heads;
  HWY_ALIGN std::uint32_t nowhere[kHeads];
  for (std::size_t g = 0; g < groups.num_groups; ++g) {
    std::uint32_t* to[kHeads];
    const std::size_t count = std::min(kHeads, num_lanes - g * kHeads);
    for (std::size_t i = 0; i < count; ++i) {
      const Lane& lane = lanes[g * kHeads + i];
      const std::int64_t slot = lane.contribution->first_slot + block;
      const std::int64_t head = lane.head - kv_head * heads_per_kv_head;
      float* sums = partials.sums_of(kv_head, slot) + head * partials.sum_stride;
      to[i] = reinterpret_cast<std::uint32_t*>(sums);
      const std::int64_t place = partials.place_of(kv_head, slot) + head;
      partials.maxima[place] = groups.maxima[g * kHeads + i];
      partials.weights[place] = groups.weights[g * kHeads + i];
    }
    std::fill(to + count, to + kHeads, static_cast<std::uint32_t*>(nowhere));
    for (std::size_t column = 0; column < groups.head_dim; column += kHeads) {
      const std::uint32_t* from[kHeads];
      for (std::size_t c = 0; c < kHeads; ++c) {
        from[c] = reinterpret_cast<const std::uint32_t*>(groups.sums + (g * groups.head_dim + column + c) * kHeads);
      }
      transpose_words(from, to);
      for (std::size_t i = 0; i < count; ++i) to[i] += kHeads;
    }
  }
}

template <class T>
HWY_NOINLINE void attend_lanes(const KernelInput& input, const HeadItem& work, const HeadItem& next,
                               const Lanes& lanes) {
  const WorkItem& item = *work.item;
  const AttentionArguments& arguments = input.arguments;
  const AttentionSegment& segment = arguments.segments[item.segment];
  const T* k = static_cast<const T*>(segment.k) + work.kv_head * segment.head_stride;
  const T* v = static_cast<const T*>(segment.v) + work.kv_head * segment.head_stride;
  TileGroups groups;
  TileRows rows;
  groups.head_dim = rows.head_dim = static_cast<std::size_t>(arguments.head_dim);
  groups.num_groups = (lanes.count + kHeads - 1) / kHeads;
  Lane lane_places[kItemQueryHeads];
  find_lanes(input, work, lanes, groups.num_groups * kHeads, lane_places);
  load_queries(input, lane_places, groups);
  std::fill_n(groups.sums, groups.num_groups * groups.head_dim * kHeads, 0.0F);
  std::fill_n(groups.maxima, groups.num_groups * kHeads, kNothing);
  std::fill_n(groups.weights, groups.num_groups * kHeads, 0.0F);

  std::uint64_t visible[kItemQueryHeads];
  HWY_ALIGN std::uint64_t visible_of_lane[kItemQueryHeads];
  const std::int32_t end_row = std::min(segment.num_rows, (item.block + 1) * kBlockRows);
  for (std::int32_t row = item.block * kBlockRows; row < end_row; row += kSubBlockRows) {
    const std::int32_t num_rows = mask_end(find_visible(input, item, row, visible));
    if (num_rows == 0) continue;
    for (std::size_t lane = 0; lane < groups.num_groups * kHeads; ++lane) {
      visible_of_lane[lane] = visible[lane_places[lane].query];
    }
    RowPrefetch prefetch = prefetch_next(input, work, next, row, static_cast<std::int64_t>(groups.num_groups));
    rows.load_keys(k + row * segment.row_stride, segment.row_stride, num_rows);
    rows.load_values(v + row * segment.row_stride, segment.row_stride, num_rows);
    for (std::size_t g = 0; g < groups.num_groups; ++g) {
      prefetch.step();
      attend_group(rows, visible_of_lane + g * kHeads, g, groups);
    }
  }
  store_partials(input, work, lane_places, lanes.count, groups);
}

template <class T>
void attend_in_tiles(const KernelInput& input, const HeadItem& work, const HeadItem& next) {
  constexpr TileShape kWhole{16, kLine};
  const TileScope scope({kWhole, kWhole, kWhole, kWhole, kWhole, kWhole, kWhole});
  const auto heads = static_cast<std::size_t>(input.arguments.num_heads / input.arguments.num_kv_heads);
  const std::size_t count = static_cast<std::size_t>(work.item->count) * heads;
  for (std::size_t begin = 0; begin < count; begin += kItemQueryHeads) {
    attend_lanes<T>(input, work, next, {begin, std::min<std::size_t>(kItemQueryHeads, count - begin), heads});
  }
}

}  // namespace
}  // namespace pml::runtime::cpu::PML_SIMD_NAMESPACE
PML_SIMD_AFTER
#endif

namespace pml::runtime::cpu {

void attend_with_amx([[maybe_unused]] const KernelInput& input, [[maybe_unused]] const HeadItem& work,
                     [[maybe_unused]] const HeadItem& next) {
#if HWY_ARCH_X86
  using namespace N_AVX3_VNNI;  // NOLINT
  switch (input.arguments.segments[work.item->segment].type) {
    case KvType::f32:
      return attend_in_tiles<float>(input, work, next);
    case KvType::f16:
      return attend_in_tiles<hwy::float16_t>(input, work, next);
    case KvType::bf16:
      return attend_in_tiles<hwy::bfloat16_t>(input, work, next);
  }
#endif
}

}  // namespace pml::runtime::cpu
