// The vectorised part of segment attention: one work item, and the merge of one query. Each call is made by
// one thread, and writes only what belongs to its item and KV head, or to its query.
#pragma once

#include <cstdint>

#include "runtime/cpu/attention_plan.h"

namespace pml::runtime::cpu {

/// Partial results by KV head, slot and query head, not normalised: the sum over a block's visible rows of p_j v_j and
/// of p_j, where p_j = 2^(s_j - m), s_j is the score in base 2 and m the largest of them. A slot whose rows
/// are all masked has sum 0, weight 0 and m = -inf. A KV head's results are by themselves, so that threads which work
/// on different ones share no cache line.
struct Partials {
  float* sums = nullptr;     // [num_kv_heads, num_slots, heads_per_kv_head, sum_stride]
  float* maxima = nullptr;   // [num_kv_heads, num_slots, head_stride], m
  float* weights = nullptr;  // [num_kv_heads, num_slots, head_stride], sum of p_j
  std::int64_t num_slots = 0;
  std::int64_t slot_stride = 0;  // heads_per_kv_head * sum_stride
  std::int64_t sum_stride = 0;   // head_dim rounded up to kPartialPadding
  std::int64_t head_stride = 0;  // heads_per_kv_head rounded up to kPartialPadding

  /// Where the results of the KV head's first query head are.
  float* sums_of(std::int64_t kv_head, std::int64_t slot) const {
    return sums + (kv_head * num_slots + slot) * slot_stride;
  }
  std::int64_t place_of(std::int64_t kv_head, std::int64_t slot) const {
    return (kv_head * num_slots + slot) * head_stride;
  }
};

/// The lanes of the widest vector, so that kernels need no special case at the end of a row.
inline constexpr std::int64_t kPartialPadding = 16;

inline constexpr std::int64_t kMaxHeadDim = 256;
inline constexpr std::int64_t kMaxTileHeadDim = 128;  // in tiles

/// Rounded queries, of parts that may be rounded. In fixed point (attention_fixed_inl.h): integers of 13 bits, and what
/// they are multiplied with, which holds the scale of the scores and log2(e). For tiles: bf16 that holds this scale.
struct RoundedQueries {
  const std::uint32_t* pairs = nullptr;  // [num_rotated_rows, num_heads, head_dim / 2], two neighbours each
  const float* scales = nullptr;         // [num_rotated_rows, num_heads]; not for tiles
};

/// The largest integers of queries, keys and values, and of weights.
inline constexpr float kFixedMost = 4095.0F;
inline constexpr float kFixedMostWeight = 8191.0F;

struct KernelInput {
  const AttentionArguments& arguments;
  const AttentionPlan& plan;
  Partials partials;
  RoundedQueries rounded_queries;
};

/// Fills the partial results of the item's queries for the query heads of one KV head. `next` is what the thread will
/// do next, as far as that can be known: its first rows are asked for in time. Uses up to 280 KB of the thread's stack.
void attend_item(const KernelInput& input, const HeadItem& work, const HeadItem& next);

/// attend_item() in fixed point for AVX-512 with VNNI (vnni.h).
void attend_fixed_with_vnni(const KernelInput& input, const HeadItem& work, const HeadItem& next);

/// attend_item() in tiles of bf16 for AMX (amx.h), if has_attention_tiles().
void attend_with_amx(const KernelInput& input, const HeadItem& work, const HeadItem& next);

/// Can this processor do items whose parts may be rounded: in tiles, or in fixed point?
bool has_attention_tiles(const AttentionArguments& arguments);
bool has_fixed_point();
/// Rounds the heads of row `row` of `AttentionArguments::queries`, into RoundedQueries.
void round_query(const KernelInput& input, std::int64_t row, std::uint32_t* pairs, float* scales);

/// Merges the partial results of output row `query` for the query heads of one KV head in listed order into `out` and
/// `lse`. Overwrites their maxima.
void merge_query(const KernelInput& input, std::int32_t query, std::int32_t kv_head);

}  // namespace pml::runtime::cpu
