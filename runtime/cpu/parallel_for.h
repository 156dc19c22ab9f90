// How kernels get threads: from whoever calls them.
#pragma once

#include <cstdint>

namespace pml::runtime::cpu {

/// Runs `task(state, index)` for every index in [0, count), on any number of threads, and returns when all
/// are done; what the tasks wrote is then visible to the caller. Tasks do not throw and are of unequal
/// length: a thread should take one after the other, in ascending order (neighbours read neighbouring memory). Each
/// needs 300 KB of stack.
struct ParallelFor {
  void (*run)(void* context, std::int64_t count, void (*task)(void* state, std::int64_t index), void* state);
  void* context;

  /// Calls `body(index)` for every index.
  template <typename Body>
  void operator()(std::int64_t count, const Body& body) const {
    run(
        context, count, [](void* state, std::int64_t index) { (*static_cast<const Body*>(state))(index); },
        const_cast<void*>(static_cast<const void*>(&body)));
  }
};

}  // namespace pml::runtime::cpu
