// Which query meets which block of rows: the work of one attention call, cut into items that any thread can
// take in any order, and the places where their partial results wait for the merge.
//
// A plan is a plain value. It says nothing of instruction sets, and no number in it depends on the number of
// threads. How queries are put together into items is free to change: the kernel's result for a query does
// not depend on the others of its item.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/segment_attention.h"

namespace pml::runtime::cpu {

/// Rows of one work item, and of one partial result. Fixed: part of what makes results reproducible.
inline constexpr std::int32_t kBlockRows = 512;

/// Queries of one item at most, times the query heads of a KV head. Their partial sums stay in the L2 cache
/// while the block's rows go by, and the conversion of the rows is shared by enough queries to cost little.
inline constexpr std::int32_t kItemQueryHeads = 256;

/// One query of one part.
struct Contribution {
  std::int32_t part = 0;
  std::int32_t row = 0;         // of `AttentionArguments::queries`
  std::int32_t row_limit = 0;   // sees only rows below
  std::int32_t num_blocks = 0;  // blocks below the limit; 0: an empty part
  std::int64_t first_slot = 0;  // its partial results have slots [first_slot, first_slot + num_blocks)
  bool may_round = false;
};

/// A block of one segment's rows and queries that see some of it; done once for each KV head.
struct WorkItem {
  std::int32_t segment = 0;
  std::int32_t block = 0;  // rows [block * kBlockRows, (block + 1) * kBlockRows)
  std::int64_t first = 0;  // into AttentionPlan::item_contributions
  std::int32_t count = 0;
  bool may_round = false;  // all its queries, or none
};

/// An item for one KV head; none if `item` is null.
struct HeadItem {
  const WorkItem* item = nullptr;
  std::int32_t kv_head = 0;
};

/// The work of a run of output rows.
struct AttentionPlan {
  std::int32_t first_query = 0;
  std::int32_t num_queries = 0;
  std::int64_t num_slots = 0;
  std::vector<Contribution> contributions;        // by part, then by query
  std::vector<std::int32_t> item_contributions;   // indices into `contributions`, item by item
  std::vector<WorkItem> items;                    // by segment, arithmetic, block
  std::vector<std::int64_t> task_items;           // task t does items [task_items[t], task_items[t + 1])
  std::vector<std::int64_t> query_begin;          // [num_queries + 1], into `query_contributions`
  std::vector<std::int32_t> query_contributions;  // per query in the order in which its parts are listed

  std::int64_t num_tasks() const { return static_cast<std::int64_t>(task_items.size()) - 1; }
};

/// Is the part computed from rounded numbers?
bool may_round(const AttentionArguments& arguments, const AttentionPart& part);

/// The number of partial results of each query over all parts. [num_queries]
std::vector<std::int64_t> count_slots(const AttentionArguments& arguments);

/// The work of output rows [first_query, first_query + num_queries).
AttentionPlan plan_attention(const AttentionArguments& arguments, std::int32_t first_query, std::int32_t num_queries);

}  // namespace pml::runtime::cpu
