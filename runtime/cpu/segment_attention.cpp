#include "runtime/segment_attention.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "grammar/check.h"
#include "hwy/aligned_allocator.h"
#include "runtime/cpu/attention_kernel.h"
#include "runtime/cpu/attention_plan.h"

namespace pml::runtime::cpu {
namespace {

// Queries are done in runs whose partial results fit here (but at least one at a time). Small enough to stay
// in the last cache and not to be given back to the system between calls; large enough that reading the rows
// anew for every run costs nothing.
constexpr std::int64_t kMaxPartialBytes = std::int64_t{16} << 20;

// Queries of one merge task.
constexpr std::int64_t kMergeQueries = 8;

constexpr std::int64_t round_up(std::int64_t n, std::int64_t unit) { return (n + unit - 1) / unit * unit; }

void check(const AttentionArguments& arguments) {
  PML_CHECK(arguments.num_kv_heads > 0 && arguments.num_heads > 0 && arguments.num_heads % arguments.num_kv_heads == 0,
            "query heads do not divide into KV heads");
  PML_CHECK(arguments.head_dim > 0 && arguments.head_dim % 8 == 0 && arguments.head_dim <= kMaxHeadDim,
            "head size of no kernel");
  for (const AttentionPart& part : arguments.parts) {
    PML_CHECK(part.segment >= 0 && static_cast<std::size_t>(part.segment) < arguments.segments.size(),
              "part of an unknown segment");
    PML_CHECK(part.first_row >= 0 && part.first_query >= 0 && part.num_queries >= 0 &&
                  part.num_queries <= arguments.num_queries - part.first_query,
              "part beyond the queries");
  }
}

// Floats of partial results per slot.
std::int64_t slot_size(const AttentionArguments& arguments) {
  return arguments.num_heads * round_up(arguments.head_dim, kPartialPadding) +
         2 * round_up(arguments.num_heads, kPartialPadding);
}

struct Run {
  const KernelInput& input;

  // Tasks of all items for one KV head, then for the next: neighbours read neighbouring rows.
  void attend(std::int64_t index) const {
    const AttentionPlan& plan = input.plan;
    const auto kv_head = static_cast<std::int32_t>(index / plan.num_tasks());
    const auto task = static_cast<std::size_t>(index % plan.num_tasks());
    const WorkItem* item = plan.items.data() + plan.task_items[task];
    const WorkItem* end = plan.items.data() + plan.task_items[task + 1];
    for (; item != end; ++item) attend_item(input, *item, item + 1 == end ? nullptr : item + 1, kv_head);
  }

  void merge(std::int64_t index) const {
    const std::int64_t begin = index * kMergeQueries;
    const std::int64_t end = std::min<std::int64_t>(begin + kMergeQueries, input.plan.num_queries);
    for (std::int64_t i = begin; i < end; ++i) {
      merge_query(input, input.plan.first_query + static_cast<std::int32_t>(i));
    }
  }
};

// The queries of parts that are computed in fixed point, rounded once for all items.
class RoundedQueries {
 public:
  RoundedQueries(const AttentionArguments& arguments, const ParallelFor& parallel_for) {
    if (!arguments.may_round || !has_fixed_point()) return;
    std::vector<std::int32_t> rows;
    for (const AttentionPart& part : arguments.parts) {
      if (!is_fixed(arguments, part)) continue;
      for (std::int32_t i = 0; i < part.num_queries; ++i) rows.push_back(part.first_row + i);
    }
    if (rows.empty()) return;
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    const std::int64_t num_heads = (std::int64_t{rows.back()} + 1) * arguments.num_heads;
    pairs_ = allocate<std::uint32_t>(num_heads * arguments.head_dim / 2);
    scales_ = allocate<float>(num_heads);
    const AttentionPlan no_plan;
    const KernelInput input{arguments, no_plan, {}, {}};
    parallel_for(static_cast<std::int64_t>(rows.size()), [&](std::int64_t i) {
      round_query(input, rows[static_cast<std::size_t>(i)], pairs_.get(), scales_.get());
    });
  }

  FixedQueries view() const { return {pairs_.get(), scales_.get()}; }

 private:
  template <typename T>
  static hwy::AlignedFreeUniquePtr<T[]> allocate(std::int64_t count) {
    auto memory = hwy::AllocateAligned<T>(static_cast<std::size_t>(count));
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
  }

  hwy::AlignedFreeUniquePtr<std::uint32_t[]> pairs_;
  hwy::AlignedFreeUniquePtr<float[]> scales_;
};

// Items in any order, then merges in any order.
void run_plan(const KernelInput& input, const ParallelFor& parallel_for) {
  Run run{input};
  if (!input.plan.items.empty()) {
    parallel_for.run(
        parallel_for.context, input.plan.num_tasks() * input.arguments.num_kv_heads,
        [](void* state, std::int64_t index) { static_cast<const Run*>(state)->attend(index); }, &run);
  }
  parallel_for.run(
      parallel_for.context, round_up(input.plan.num_queries, kMergeQueries) / kMergeQueries,
      [](void* state, std::int64_t index) { static_cast<const Run*>(state)->merge(index); }, &run);
}

}  // namespace

void segment_attention(const AttentionArguments& arguments, const ParallelFor& parallel_for) {
  check(arguments);
  const std::int64_t max_slots =
      std::max<std::int64_t>(1, kMaxPartialBytes / (slot_size(arguments) * std::int64_t{sizeof(float)}));
  const std::vector<std::int64_t> slots = count_slots(arguments);

  const RoundedQueries rounded(arguments, parallel_for);
  hwy::AlignedFreeUniquePtr<float[]> buffer;
  std::int64_t buffer_slots = 0;
  for (std::int32_t first = 0; first < arguments.num_queries;) {
    std::int32_t end = first;
    std::int64_t num_slots = 0;
    while (end < arguments.num_queries && (end == first || num_slots + slots[end] <= max_slots)) {
      num_slots += slots[end++];
    }
    if (num_slots > buffer_slots) {
      buffer.reset();
      buffer = hwy::AllocateAligned<float>(static_cast<std::size_t>(num_slots * slot_size(arguments)));
      if (buffer == nullptr) throw std::bad_alloc();
      buffer_slots = num_slots;
    }
    Partials partials;
    partials.sum_stride = round_up(arguments.head_dim, kPartialPadding);
    partials.head_stride = round_up(arguments.num_heads, kPartialPadding);
    partials.sums = buffer.get();
    partials.maxima = partials.sums + num_slots * arguments.num_heads * partials.sum_stride;
    partials.weights = partials.maxima + num_slots * partials.head_stride;
    const AttentionPlan plan = plan_attention(arguments, first, end - first);
    run_plan(KernelInput{arguments, plan, partials, rounded.view()}, parallel_for);
    first = end;
  }
}

}  // namespace pml::runtime::cpu
