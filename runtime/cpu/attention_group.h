// What the attention kernels of all instruction sets and number formats share: which rows a work item's queries see,
// and where their partial results are.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "runtime/cpu/attention_kernel.h"
#include "runtime/cpu/row_mask.h"
#include "runtime/cpu/row_prefetch.h"

namespace pml::runtime::cpu {

// Query heads that share a walk over a sub-block: enough to hide reading it from the L2 cache, few enough for
// their scores to stay in the L1 cache beside keys or values.
inline constexpr std::size_t kGroupQueries = 24;

// (query, head) pairs of one KV head that see some row of the sub-block at hand.
struct HeadGroup {
  std::size_t size = 0;
  std::int64_t queries[kGroupQueries];  // row * num_heads + head
  float* sums[kGroupQueries];           // [sum_stride] each
  float* maxima[kGroupQueries];
  float* weights[kGroupQueries];
  std::uint64_t visible[kGroupQueries];
};

// Calls `attend(group)` for all query heads that see some row of the sub-block, in groups of nearly equal size.
template <class Attend>
void for_head_groups(const KernelInput& input, const WorkItem& item, std::int32_t kv_head, const std::uint64_t* visible,
                     const Attend& attend) {
  const AttentionArguments& arguments = input.arguments;
  const Partials& partials = input.partials;
  const std::int64_t heads_per_kv_head = arguments.num_heads / arguments.num_kv_heads;
  const auto num_seeing = item.count - std::count(visible, visible + item.count, std::uint64_t{0});
  const auto num_heads = static_cast<std::size_t>(num_seeing * heads_per_kv_head);
  const std::size_t num_groups = (num_heads + kGroupQueries - 1) / kGroupQueries;
  std::size_t num_done = 0;  // groups
  std::size_t num_taken = 0;
  HeadGroup group;
  for (std::int32_t i = 0; i < item.count; ++i) {
    if (visible[i] == 0) continue;
    const auto c = static_cast<std::size_t>(input.plan.item_contributions[item.first + i]);
    const Contribution& contribution = input.plan.contributions[c];
    const std::int64_t slot = contribution.first_slot + item.block;
    for (std::int64_t g = 0; g < heads_per_kv_head; ++g) {
      const std::int64_t head = kv_head * heads_per_kv_head + g;
      const std::size_t place = group.size++;
      group.queries[place] = std::int64_t{contribution.row} * arguments.num_heads + head;
      group.sums[place] = partials.sums_of(kv_head, slot) + g * partials.sum_stride;
      group.maxima[place] = partials.maxima + partials.place_of(kv_head, slot) + g;
      group.weights[place] = partials.weights + partials.place_of(kv_head, slot) + g;
      group.visible[place] = visible[i];
      if (++num_taken < (num_done + 1) * num_heads / num_groups) continue;
      attend(group);
      ++num_done;
      group.size = 0;
    }
  }
}

// The visible rows of the sub-block at `first_row`, per contribution of the item; returns their union.
inline std::uint64_t find_visible(const KernelInput& input, const WorkItem& item, std::int32_t first_row,
                                  std::uint64_t* visible) {
  std::uint64_t any = 0;
  std::uint64_t excluded = 0;
  std::int32_t excluded_part = -1;  // neighbours are mostly of one part: look its rows up once
  for (std::int32_t i = 0; i < item.count; ++i) {
    const auto c = static_cast<std::size_t>(input.plan.item_contributions[item.first + i]);
    const Contribution& contribution = input.plan.contributions[c];
    if (contribution.part != excluded_part) {
      excluded_part = contribution.part;
      excluded = mask_of(input.arguments.parts[excluded_part].excluded_rows, first_row);
    }
    visible[i] = mask_below(contribution.row_limit, first_row) & ~excluded;
    any |= visible[i];
  }
  return any;
}

// Asks for the rows [first_row, first_row + kSubBlockRows) of a segment, as far as they exist.
inline RowPrefetch prefetch_sub_block(const KernelInput& input, std::int32_t segment_index, std::int32_t kv_head,
                                      std::int32_t first_row, std::int64_t num_steps) {
  const AttentionSegment& segment = input.arguments.segments[segment_index];
  const auto size = static_cast<std::int64_t>(size_bytes(segment.type));
  const std::int64_t begin = (kv_head * segment.head_stride + first_row * segment.row_stride) * size;
  return RowPrefetch(static_cast<const char*>(segment.k) + begin, static_cast<const char*>(segment.v) + begin,
                     segment.row_stride * size, input.arguments.head_dim * size,
                     std::min(kSubBlockRows, segment.num_rows - first_row), num_steps);
}

// Asks, in `num_steps` steps, for what comes after the sub-block at `row` of the item.
inline RowPrefetch prefetch_next(const KernelInput& input, const HeadItem& work, const HeadItem& next, std::int32_t row,
                                 std::int64_t num_steps) {
  const WorkItem& item = *work.item;
  const std::int32_t num_rows = input.arguments.segments[item.segment].num_rows;
  const std::int32_t end_row = std::min(num_rows, (item.block + 1) * kBlockRows);
  if (const std::int32_t next_row = row + kSubBlockRows; next_row < end_row) {
    return prefetch_sub_block(input, item.segment, work.kv_head, next_row, num_steps);
  }
  if (next.item == nullptr) return {};
  return prefetch_sub_block(input, next.item->segment, next.kv_head, next.item->block * kBlockRows, num_steps);
}

inline void clear_partials(const KernelInput& input, const WorkItem& item, std::int32_t kv_head) {
  const Partials& partials = input.partials;
  const std::int64_t heads = input.arguments.num_heads / input.arguments.num_kv_heads;
  for (std::int32_t i = 0; i < item.count; ++i) {
    const auto c = static_cast<std::size_t>(input.plan.item_contributions[item.first + i]);
    const std::int64_t slot = input.plan.contributions[c].first_slot + item.block;
    std::fill_n(partials.sums_of(kv_head, slot), partials.slot_stride, 0.0F);
    const std::int64_t place = partials.place_of(kv_head, slot);
    std::fill_n(partials.maxima + place, heads, -std::numeric_limits<float>::infinity());
    std::fill_n(partials.weights + place, heads, 0.0F);
  }
}

}  // namespace pml::runtime::cpu
