#include "runtime/cpu/attention_plan.h"

#include <algorithm>

#include "grammar/check.h"

namespace pml::runtime::cpu {
namespace {

// Items smaller than this share a task, so that hundreds of short segments do not cost hundreds of hand-outs.
// In rows times query heads: about 10 us.
constexpr std::int64_t kTaskCost = 8192;

// Tasks of a plan, if its items can be made small enough for that: with at least so many query heads.
constexpr std::int64_t kLeastTasks = 32;
constexpr std::int64_t kLeastItemHeads = 48;

// What converting a row costs, in query heads.
constexpr std::int64_t kConversionCost = 8;

std::int32_t num_rows(const AttentionArguments& arguments, const AttentionPart& part) {
  return arguments.segments[static_cast<std::size_t>(part.segment)].num_rows;
}

std::int32_t row_limit(const AttentionArguments& arguments, const AttentionPart& part, std::int32_t index) {
  const std::int32_t rows = num_rows(arguments, part);
  if (part.row_limits == nullptr) return rows;
  const std::int32_t limit = part.row_limits[index];
  PML_CHECK(limit >= 0 && limit <= rows, "row limit outside its segment");
  return limit;
}

std::int32_t count_blocks(std::int32_t limit) { return (limit + kBlockRows - 1) / kBlockRows; }

// The part's queries inside [first, end) of the output, as indices of the part.
struct IndexRange {
  std::int32_t begin, end;
};
IndexRange overlap(const AttentionPart& part, std::int32_t first, std::int32_t end) {
  const std::int32_t begin = std::max(0, first - part.first_query);
  return {begin, std::max(begin, std::min(part.num_queries, end - part.first_query))};
}

void add_contributions(const AttentionArguments& arguments, AttentionPlan& plan) {
  const std::int32_t end_query = plan.first_query + plan.num_queries;
  plan.query_begin.assign(static_cast<std::size_t>(plan.num_queries) + 1, 0);
  for (std::size_t p = 0; p < arguments.parts.size(); ++p) {
    const AttentionPart& part = arguments.parts[p];
    const IndexRange range = overlap(part, plan.first_query, end_query);
    for (std::int32_t i = range.begin; i < range.end; ++i) {
      const std::int32_t limit = row_limit(arguments, part, i);
      if (limit == 0) continue;
      Contribution contribution;
      contribution.part = static_cast<std::int32_t>(p);
      contribution.row = part.first_row + i;
      contribution.row_limit = limit;
      contribution.num_blocks = count_blocks(limit);
      contribution.first_slot = plan.num_slots;
      contribution.may_round = may_round(arguments, part);
      plan.num_slots += contribution.num_blocks;
      plan.contributions.push_back(contribution);
      ++plan.query_begin[static_cast<std::size_t>(part.first_query + i - plan.first_query) + 1];
    }
  }
}

// Lists each query's contributions. They were made part by part, so every list is in the listed order.
void index_by_query(const AttentionArguments& arguments, AttentionPlan& plan) {
  for (std::size_t q = 1; q < plan.query_begin.size(); ++q) plan.query_begin[q] += plan.query_begin[q - 1];
  std::vector<std::int64_t> next(plan.query_begin.begin(), plan.query_begin.end() - 1);
  plan.query_contributions.resize(plan.contributions.size());
  for (std::size_t c = 0; c < plan.contributions.size(); ++c) {
    const Contribution& contribution = plan.contributions[c];
    const AttentionPart& part = arguments.parts[static_cast<std::size_t>(contribution.part)];
    const std::int32_t query = part.first_query + (contribution.row - part.first_row) - plan.first_query;
    plan.query_contributions[static_cast<std::size_t>(next[static_cast<std::size_t>(query)]++)] =
        static_cast<std::int32_t>(c);
  }
}

// The contributions to each segment, those in fixed point after the others: a stable counting sort.
struct BySegment {
  std::vector<std::size_t> begin;  // [2 * num_segments + 1]
  std::vector<std::int32_t> contributions;
};
BySegment sort_by_segment(const AttentionArguments& arguments, const AttentionPlan& plan) {
  const auto place_of = [&](const Contribution& contribution) {
    const auto segment = arguments.parts[static_cast<std::size_t>(contribution.part)].segment;
    return 2 * static_cast<std::size_t>(segment) + (contribution.may_round ? 1 : 0);
  };
  BySegment sorted;
  sorted.begin.assign(2 * arguments.segments.size() + 2, 0);
  for (const Contribution& contribution : plan.contributions) ++sorted.begin[place_of(contribution) + 2];
  for (std::size_t s = 2; s < sorted.begin.size(); ++s) sorted.begin[s] += sorted.begin[s - 1];
  sorted.contributions.resize(plan.contributions.size());
  for (std::size_t c = 0; c < plan.contributions.size(); ++c) {
    const std::size_t place = sorted.begin[place_of(plan.contributions[c]) + 1]++;
    sorted.contributions[place] = static_cast<std::int32_t>(c);
  }
  sorted.begin.pop_back();
  return sorted;
}

void add_items(const AttentionArguments& arguments, AttentionPlan& plan) {
  const std::int32_t group = arguments.num_heads / arguments.num_kv_heads;
  // As many queries as an item may have, unless there were too few items for all threads to get some.
  const std::int64_t wanted_items = (kLeastTasks + arguments.num_kv_heads - 1) / arguments.num_kv_heads;
  const std::int64_t wanted_queries =
      std::max<std::int64_t>(plan.num_slots / wanted_items, (kLeastItemHeads + group - 1) / group);
  const auto max_queries = static_cast<std::size_t>(
      std::max<std::int64_t>(1, std::min<std::int64_t>(kItemQueryHeads / group, wanted_queries)));
  const BySegment sorted = sort_by_segment(arguments, plan);
  plan.item_contributions.reserve(static_cast<std::size_t>(plan.num_slots));
  for (std::size_t list = 0; list < 2 * arguments.segments.size(); ++list) {
    const std::size_t s = list / 2;
    const std::int32_t num_blocks = count_blocks(arguments.segments[s].num_rows);
    for (std::int32_t block = 0; block < num_blocks; ++block) {
      const std::size_t first = plan.item_contributions.size();
      for (std::size_t i = sorted.begin[list]; i < sorted.begin[list + 1]; ++i) {
        const std::int32_t c = sorted.contributions[i];
        if (plan.contributions[static_cast<std::size_t>(c)].num_blocks > block) {
          plan.item_contributions.push_back(c);
        }
      }
      const std::size_t end = plan.item_contributions.size();
      if (end == first) break;  // nobody sees this block, so nobody sees a later one
      // Items of nearly equal size: each converts the rows anew.
      const std::size_t num_items = (end - first + max_queries - 1) / max_queries;
      for (std::size_t i = 0; i < num_items; ++i) {
        const std::size_t begin = first + i * (end - first) / num_items;
        const std::size_t count = first + (i + 1) * (end - first) / num_items - begin;
        plan.items.push_back({static_cast<std::int32_t>(s), block, static_cast<std::int64_t>(begin),
                              static_cast<std::int32_t>(count), list % 2 == 1});
      }
    }
  }
}

void add_tasks(const AttentionArguments& arguments, AttentionPlan& plan) {
  const std::int32_t group = arguments.num_heads / arguments.num_kv_heads;
  std::int64_t cost = 0;
  plan.task_items.push_back(0);
  for (std::size_t i = 0; i < plan.items.size(); ++i) {
    const WorkItem& item = plan.items[i];
    const std::int32_t rows = arguments.segments[static_cast<std::size_t>(item.segment)].num_rows;
    cost += std::min(kBlockRows, rows - item.block * kBlockRows) * (std::int64_t{item.count} * group + kConversionCost);
    if (cost < kTaskCost && i + 1 < plan.items.size()) continue;
    plan.task_items.push_back(static_cast<std::int64_t>(i) + 1);
    cost = 0;
  }
}

}  // namespace

bool may_round(const AttentionArguments& arguments, const AttentionPart& part) {
  if (arguments.rounding == AttentionRounding::none || arguments.head_dim % 16 != 0) return false;
  return arguments.rounding == AttentionRounding::all || part.num_queries >= kRoundedQueries;
}

std::vector<std::int64_t> count_slots(const AttentionArguments& arguments) {
  std::vector<std::int64_t> slots(static_cast<std::size_t>(arguments.num_queries), 0);
  for (const AttentionPart& part : arguments.parts) {
    for (std::int32_t i = 0; i < part.num_queries; ++i) {
      slots[static_cast<std::size_t>(part.first_query + i)] += count_blocks(row_limit(arguments, part, i));
    }
  }
  return slots;
}

AttentionPlan plan_attention(const AttentionArguments& arguments, std::int32_t first_query, std::int32_t num_queries) {
  AttentionPlan plan;
  plan.first_query = first_query;
  plan.num_queries = num_queries;
  add_contributions(arguments, plan);
  index_by_query(arguments, plan);
  add_items(arguments, plan);
  add_tasks(arguments, plan);
  return plan;
}

}  // namespace pml::runtime::cpu
