#include "bench/read_bandwidth.h"

#include <chrono>
#include <cstdint>

#include "runtime/threads.h"

namespace pml::bench {
namespace {

/// Eight independent sums, so that loads are not held up by additions.
std::uint64_t sum(const std::uint64_t* values, std::size_t count) {
  std::uint64_t sums[8] = {};
  for (std::size_t i = 0; i + 8 <= count; i += 8) {
    for (std::size_t j = 0; j < 8; ++j) sums[j] += values[i + j];
  }
  std::uint64_t total = 0;
  for (const std::uint64_t part : sums) total += part;
  return total;
}

}  // namespace

std::vector<double> read_bandwidth(std::size_t size_bytes, int repeat) {
  using Clock = std::chrono::steady_clock;
  constexpr std::size_t kPieceBytes = 1 << 20;
  const std::size_t num_pieces = size_bytes / kPieceBytes;
  const std::size_t piece_values = kPieceBytes / sizeof(std::uint64_t);
  const std::vector<std::uint64_t> memory(num_pieces * piece_values, 1);  // written once, so that every page is there
  std::vector<std::uint64_t> sums(num_pieces);
  std::vector<double> rates;
  for (int i = 0; i < repeat; ++i) {
    const Clock::time_point start = Clock::now();
    runtime::kParallelFor(static_cast<std::int64_t>(num_pieces), [&](std::int64_t piece) {
      sums[piece] += sum(memory.data() + piece * piece_values, piece_values);
    });
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    rates.push_back(static_cast<double>(num_pieces * kPieceBytes) / seconds);
  }
  // What was read must be used, or it need not be read.
  volatile std::uint64_t used = 0;
  for (const std::uint64_t total : sums) used = used + total;
  return rates;
}

}  // namespace pml::bench
