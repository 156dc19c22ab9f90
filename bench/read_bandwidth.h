// How fast the machine reads memory.
#pragma once

#include <cstddef>
#include <vector>

namespace pml::bench {

/// Bytes a second of each of `repeat` passes in which all threads (runtime/threads.h) together read `size_bytes` bytes
/// once, in order; more than the caches hold. Throws std::bad_alloc.
std::vector<double> read_bandwidth(std::size_t size_bytes, int repeat);

}  // namespace pml::bench
