#include "runtime/threads.h"

#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>

#include <atomic>
#include <memory>

namespace pml::runtime {
namespace {

std::atomic<int> wanted_threads{0};

}  // namespace

void set_num_threads(int num_threads) {
  static std::unique_ptr<tbb::global_control> control;
  wanted_threads = num_threads > 0 ? num_threads : tbb::info::default_concurrency();
  control = std::make_unique<tbb::global_control>(tbb::global_control::max_allowed_parallelism,
                                                  static_cast<std::size_t>(wanted_threads));
}

int num_threads() {
  if (wanted_threads == 0) wanted_threads = tbb::info::default_concurrency();
  return wanted_threads;
}

const cpu::ParallelFor kParallelFor{
    [](void*, std::int64_t count, void (*task)(void*, std::int64_t), void* state) {
      std::atomic<std::int64_t> next{0};
      const auto work = [&](const tbb::blocked_range<int>&) {
        for (std::int64_t index = next++; index < count; index = next++) task(state, index);
      };
      const auto workers = static_cast<int>(std::min<std::int64_t>(count, num_threads()));
      if (workers <= 1) return work({0, 1});
      tbb::parallel_for(tbb::blocked_range<int>(0, workers, 1), work, tbb::simple_partitioner());
    },
    nullptr};

}  // namespace pml::runtime
