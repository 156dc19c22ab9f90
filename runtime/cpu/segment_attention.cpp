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
         2 * arguments.num_kv_heads * round_up(arguments.num_heads / arguments.num_kv_heads, kPartialPadding);
}

template <typename T>
hwy::AlignedFreeUniquePtr<T[]> allocate(std::int64_t count) {
  auto memory = hwy::AllocateAligned<T>(static_cast<std::size_t>(count));
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

struct Run {
  const KernelInput& input;

  // Tasks of all items for one KV head, then for the next: neighbours read neighbouring rows.
  std::int64_t num_tasks() const { return input.plan.num_tasks() * input.arguments.num_kv_heads; }

  HeadItem first_item(std::int64_t index) const {
    if (index >= num_tasks()) return {};
    const auto task = static_cast<std::size_t>(index % input.plan.num_tasks());
    return {input.plan.items.data() + input.plan.task_items[task],
            static_cast<std::int32_t>(index / input.plan.num_tasks())};
  }

  void attend(std::int64_t index) const {
    HeadItem work = first_item(index);
    const auto task = static_cast<std::size_t>(index % input.plan.num_tasks());
    const WorkItem* end = input.plan.items.data() + input.plan.task_items[task + 1];
    while (work.item != end) {
      HeadItem next{work.item + 1, work.kv_head};
      attend_item(input, work, next.item == end ? first_item(index + 1) : next);
      work = next;
    }
  }

  // Also one KV head after the other: a thread mostly merges what it left in its own cache.
  std::int64_t num_merges() const { return merges_of_head() * input.arguments.num_kv_heads; }

  void merge(std::int64_t index) const {
    const std::int64_t begin = index % merges_of_head() * kMergeQueries;
    const std::int64_t end = std::min<std::int64_t>(begin + kMergeQueries, input.plan.num_queries);
    for (std::int64_t i = begin; i < end; ++i) {
      merge_query(input, input.plan.first_query + static_cast<std::int32_t>(i),
                  static_cast<std::int32_t>(index / merges_of_head()));
    }
  }

 private:
  std::int64_t merges_of_head() const { return round_up(input.plan.num_queries, kMergeQueries) / kMergeQueries; }
};

// The rows of `queries` that are used in fixed point.
std::vector<std::int32_t> fixed_rows(const AttentionArguments& arguments) {
  std::vector<std::int32_t> rows;
  if (arguments.rounding == AttentionRounding::none || !has_fixed_point()) return rows;
  for (const AttentionPart& part : arguments.parts) {
    if (!may_round(arguments, part)) continue;
    for (std::int32_t i = 0; i < part.num_queries; ++i) rows.push_back(part.first_row + i);
  }
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

// Items in any order, then merges in any order.
void run_plan(const KernelInput& input, const ParallelFor& parallel_for) {
  const Run run{input};
  if (!input.plan.items.empty()) parallel_for(run.num_tasks(), [&](std::int64_t index) { run.attend(index); });
  parallel_for(run.num_merges(), [&](std::int64_t index) { run.merge(index); });
}

}  // namespace

struct SegmentAttention::Impl {
  std::vector<AttentionPlan> plans;  // of runs of queries, one after the other
  hwy::AlignedFreeUniquePtr<float[]> partials;
  // Queries in fixed point, rounded once for all items.
  std::vector<std::int32_t> fixed_rows;
  hwy::AlignedFreeUniquePtr<std::uint32_t[]> fixed_pairs;
  hwy::AlignedFreeUniquePtr<float[]> fixed_scales;
};

SegmentAttention::SegmentAttention(const AttentionArguments& arguments) : impl_(std::make_unique<Impl>()) {
  check(arguments);
  const std::int64_t max_slots =
      std::max<std::int64_t>(1, kMaxPartialBytes / (slot_size(arguments) * std::int64_t{sizeof(float)}));
  const std::vector<std::int64_t> slots = count_slots(arguments);
  std::int64_t most_slots = 0;
  for (std::int32_t first = 0; first < arguments.num_queries;) {
    std::int32_t end = first;
    std::int64_t num_slots = 0;
    while (end < arguments.num_queries && (end == first || num_slots + slots[end] <= max_slots)) {
      num_slots += slots[end++];
    }
    most_slots = std::max(most_slots, num_slots);
    impl_->plans.push_back(plan_attention(arguments, first, end - first));
    first = end;
  }
  impl_->partials = allocate<float>(std::max<std::int64_t>(1, most_slots) * slot_size(arguments));
  impl_->fixed_rows = fixed_rows(arguments);
  if (impl_->fixed_rows.empty()) return;
  const std::int64_t num_heads = (std::int64_t{impl_->fixed_rows.back()} + 1) * arguments.num_heads;
  impl_->fixed_pairs = allocate<std::uint32_t>(num_heads * arguments.head_dim / 2);
  impl_->fixed_scales = allocate<float>(num_heads);
}

SegmentAttention::SegmentAttention(SegmentAttention&&) noexcept = default;
SegmentAttention::~SegmentAttention() = default;

void SegmentAttention::run(const AttentionArguments& arguments, const ParallelFor& parallel_for) {
  const RoundedQueries fixed{impl_->fixed_pairs.get(), impl_->fixed_scales.get()};
  const AttentionPlan no_plan;
  const KernelInput rounding{arguments, no_plan, {}, {}};
  constexpr std::int64_t kRowsOfTask = 4;
  const auto num_fixed = static_cast<std::int64_t>(impl_->fixed_rows.size());
  parallel_for(round_up(num_fixed, kRowsOfTask) / kRowsOfTask, [&](std::int64_t task) {
    for (std::int64_t i = task * kRowsOfTask; i < std::min(num_fixed, (task + 1) * kRowsOfTask); ++i) {
      round_query(rounding, impl_->fixed_rows[static_cast<std::size_t>(i)], impl_->fixed_pairs.get(),
                  impl_->fixed_scales.get());
    }
  });
  for (const AttentionPlan& plan : impl_->plans) {
    Partials partials;
    const std::int64_t heads = arguments.num_heads / arguments.num_kv_heads;
    partials.num_slots = plan.num_slots;
    partials.sum_stride = round_up(arguments.head_dim, kPartialPadding);
    partials.slot_stride = heads * partials.sum_stride;
    partials.head_stride = round_up(heads, kPartialPadding);
    partials.sums = impl_->partials.get();
    partials.maxima = partials.sums_of(arguments.num_kv_heads, 0);
    partials.weights = partials.maxima + partials.place_of(arguments.num_kv_heads, 0);
    run_plan(KernelInput{arguments, plan, partials, fixed}, parallel_for);
  }
}

void segment_attention(const AttentionArguments& arguments, const ParallelFor& parallel_for) {
  SegmentAttention(arguments).run(arguments, parallel_for);
}

}  // namespace pml::runtime::cpu
