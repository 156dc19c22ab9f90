// The threads that a forward pass runs on.
//
// Whoever starts a loop works through it, and idle threads help: a thread that the system does not run just now holds
// nobody up, except for the piece that it has begun. (A barrier, which OpenMP's loops end with, would wait for it, some
// milliseconds each time on a busy machine and hundreds of times in a pass.)
#pragma once

#include <algorithm>
#include <cstdint>

#include "runtime/cpu/parallel_for.h"

namespace pml::runtime {

/// From now on so many threads in all; 0: as many as there are cores.
void set_num_threads(int num_threads);
int num_threads();

/// Every thread begins with a share of neighbouring tasks of its own: mostly on the same rows from one loop to the
/// next.
extern const cpu::ParallelFor kParallelFor;

/// Calls `body(begin, end)` for pieces of [0, count) of `grain` or more: several for each thread, so that none waits
/// long for another's last.
template <typename Body>
void for_pieces(std::int64_t count, std::int64_t grain, const Body& body) {
  constexpr std::int64_t kPiecesEach = 8;
  const std::int64_t pieces = std::clamp<std::int64_t>(count / grain, 1, kPiecesEach * num_threads());
  kParallelFor(pieces, [&](std::int64_t piece) { body(piece * count / pieces, (piece + 1) * count / pieces); });
}

/// Calls `body(row)` for every row, in runs of neighbours.
template <typename Body>
void for_rows(std::int64_t num_rows, const Body& body) {
  for_pieces(num_rows, 4, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) body(row);
  });
}

}  // namespace pml::runtime
