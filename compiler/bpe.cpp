#include "compiler/bpe.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <queue>

#include "grammar/check.h"

namespace pml::compiler {
namespace {

constexpr std::uint32_t kNoRank = MergeTable::kNoRank;

/// Up to here scanning all ranks for each merge is faster than a heap.
constexpr std::size_t kMaxScanned = 48;

void apply_merges_by_scan(const MergeTable& table, std::vector<TokenId>& symbols) {
  std::size_t size = symbols.size();
  std::uint32_t ranks[kMaxScanned];  // of the pair that begins at each symbol
  for (std::size_t i = 0; i + 1 < size; ++i) ranks[i] = table.rank(symbols[i], symbols[i + 1]);
  while (size > 1) {
    const std::size_t at = std::min_element(ranks, ranks + size - 1) - ranks;  // the leftmost of equals
    if (ranks[at] == kNoRank) break;
    symbols[at] = table.token(ranks[at]);
    std::copy(symbols.begin() + at + 2, symbols.begin() + size, symbols.begin() + at + 1);
    std::copy(ranks + at + 1, ranks + size - 1, ranks + at);
    --size;
    if (at + 1 < size) ranks[at] = table.rank(symbols[at], symbols[at + 1]);
    if (at > 0) ranks[at - 1] = table.rank(symbols[at - 1], symbols[at]);
  }
  symbols.resize(size);
}

/// A linked list of symbols and a heap of pairs. A heap entry is dead when the pair at its place has another
/// rank by now: entries are never searched for, only skipped. (A pair that comes back to the same rank at the
/// same place cannot: symbols only grow.)
void apply_merges_by_heap(const MergeTable& table, std::vector<TokenId>& symbols) {
  using Index = std::uint32_t;
  PML_CHECK(symbols.size() < kNoRank, "a piece of text has fewer than 2^32 symbols");
  const auto size = static_cast<Index>(symbols.size());
  std::vector<Index> next(size);
  std::vector<Index> previous(size);
  std::vector<std::uint32_t> ranks(size, kNoRank);  // of the pair that begins here; none at the last, or dead
  std::vector<std::uint64_t> pairs;                 // rank << 32 | place: the order in which pairs merge
  pairs.reserve(size);
  for (Index i = 0; i < size; ++i) {
    next[i] = i + 1;
    previous[i] = i - 1;
    if (i + 1 < size) ranks[i] = table.rank(symbols[i], symbols[i + 1]);
    if (ranks[i] != kNoRank) pairs.push_back(std::uint64_t{ranks[i]} << 32 | i);
  }
  std::priority_queue heap(std::greater<>(), std::move(pairs));
  const auto update = [&](Index at) {
    ranks[at] = next[at] < size ? table.rank(symbols[at], symbols[next[at]]) : kNoRank;
    if (ranks[at] != kNoRank) heap.push(std::uint64_t{ranks[at]} << 32 | at);
  };
  while (!heap.empty()) {
    const std::uint64_t top = heap.top();
    heap.pop();
    const auto at = static_cast<Index>(top);
    if (ranks[at] != static_cast<std::uint32_t>(top >> 32)) continue;
    const Index right = next[at];
    symbols[at] = table.token(ranks[at]);
    ranks[right] = kNoRank;
    next[at] = next[right];
    if (next[at] < size) previous[next[at]] = at;
    update(at);
    if (at > 0) update(previous[at]);
  }
  std::size_t kept = 0;
  for (Index i = 0; i < size; i = next[i]) symbols[kept++] = symbols[i];
  symbols.resize(kept);
}

}  // namespace

MergeTable::MergeTable(std::size_t num_merges)
    : slots_(std::bit_ceil(std::max<std::size_t>(num_merges * 2, 2))),
      mask_(slots_.size() - 1),
      shift_(64 - std::countr_zero(slots_.size())) {
  rules_.reserve(num_merges);
}

bool MergeTable::add(TokenId left, TokenId right, TokenId token) {
  PML_CHECK(rules_.size() < slots_.size() / 2, "no more rules than were announced");
  Slot& slot = slots_[find_slot(left, right)];
  if (slot.rank != kNoRank) return false;
  slot = {static_cast<std::uint32_t>(hash_pair(left, right)), static_cast<std::uint32_t>(rules_.size())};
  rules_.push_back({left, right, token});
  return true;
}

void apply_merges(const MergeTable& table, std::vector<TokenId>& symbols) {
  if (symbols.size() <= kMaxScanned) {
    apply_merges_by_scan(table, symbols);
  } else {
    apply_merges_by_heap(table, symbols);
  }
}

}  // namespace pml::compiler
