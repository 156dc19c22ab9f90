#include "runtime/threads.h"

#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>

#include <array>
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

/// Neighbouring tasks, which a worker takes one after the other; and so do others when they are done with theirs.
struct alignas(64) Share {
  std::atomic<std::int64_t> next{0};
  std::int64_t end = 0;
};
constexpr int kMostShares = 64;

const cpu::ParallelFor kParallelFor{
    [](void*, std::int64_t count, void (*task)(void*, std::int64_t), void* state) {
      const auto workers = static_cast<int>(std::min<std::int64_t>({count, num_threads(), kMostShares}));
      if (workers <= 1) {
        for (std::int64_t index = 0; index < count; ++index) task(state, index);
        return;
      }
      std::array<Share, kMostShares> shares;
      for (int i = 0; i < workers; ++i) {
        shares[static_cast<std::size_t>(i)].next = i * count / workers;
        shares[static_cast<std::size_t>(i)].end = (i + 1) * count / workers;
      }
      const auto work = [&](const tbb::blocked_range<int>& range) {
        for (int i = 0; i < workers; ++i) {
          Share& share = shares[static_cast<std::size_t>((range.begin() + i) % workers)];
          for (std::int64_t index = share.next++; index < share.end; index = share.next++) task(state, index);
        }
      };
      tbb::parallel_for(tbb::blocked_range<int>(0, workers, 1), work, tbb::simple_partitioner());
    },
    nullptr};

}  // namespace pml::runtime
