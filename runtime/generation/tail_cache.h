// What finished requests leave in memory, for requests that begin in the same way.
//
// The second turn of a conversation repeats the first: the same modules before it, the same rows, and then the answer
// that the first turn generated. A *tail* is a finished request's own rows with what they were computed from. A row's
// keys and values follow from the tokens and positions of its request's rows up to it and from the context that stands
// before it; so a new request may go on from the rows that it has in common with a tail, and computes the others alone.
// It gets what it would have computed.
//
// A tail that is common to its end, or nearly, is taken over as it is, without a copy: the conversation goes on, and
// leaves a longer tail. Of another one the common rows are copied, which takes a hundredth of the time of computing
// them, and the tail stays for the conversation that it belongs to. Bounded in bytes and in number; the least recently
// used go first. Needs no LibTorch. Not thread-safe.
#pragma once

#include <list>
#include <memory>
#include <span>
#include <vector>

#include "runtime/kv.h"

namespace pml::runtime {

inline constexpr std::size_t kDefaultTailBytes = std::size_t{1} << 30;

/// A request's own rows and what else they were computed from.
struct OwnRows {
  std::span<const TokenId> tokens;  // [n]
  std::span<const Slot> positions;  // [n], ascending
  std::span<const KvView> context;  // in position order; no row that is not excluded at a position of another
};

/// How many rows two requests have in common from the first on: the same tokens at the same positions, and before each
/// of them the same views. The views' memory is what tells them apart, so both contexts must still be there.
std::int64_t count_common_rows(const OwnRows& a, const OwnRows& b);

struct Tail {
  std::vector<TokenId> tokens;                     // of the buffer's rows, at least one
  std::vector<KvView> context;                     // of the whole request
  std::vector<std::shared_ptr<const void>> keeps;  // what the views point into, so that it stays there
  KvBuffer buffer;

  OwnRows rows() const { return {tokens, buffer.positions(), context}; }
};

class TailCache {
 public:
  /// So many rows at the end of a request are always computed: the last one's logits are wanted, and with fewer queries
  /// than kRoundedQueries attention would round in another way than without a tail.
  static constexpr std::int64_t kComputedRows = 8;
  /// Fewer rows are not worth a copy: a role's opening tag is common to all requests.
  static constexpr std::int64_t kLeastCopiedRows = 16;
  /// Every request is compared with every tail.
  static constexpr std::size_t kMaxTails = 1024;

  /// `pool` holds the pages of tails and of the requests that take() gives buffers to, and outlives the cache. Tails
  /// that use more than `limit_bytes` of it together are not kept (0: none is).
  TailCache(KvPool& pool, std::size_t limit_bytes) : pool_(pool), limit_bytes_(limit_bytes) {}

  /// The buffer that a request begins with, and what is in it already.
  struct Start {
    KvBuffer buffer;               // its first rows are the request's; with pages for all that it may need
    std::size_t copied_bytes = 0;  // of the rows that are there
  };
  /// A request with these rows that may need `most_rows` in all. Tails make room for what it needs; the pool must have
  /// that much without them (fits()). Throws std::bad_alloc if there are not enough addresses, also without any tail.
  Start take(const OwnRows& request, const KvShape& shape, std::int64_t most_rows);
  /// Whether the pool has pages for so many rows, without the tails.
  bool fits(const KvShape& shape, std::int64_t num_rows) const;

  /// Keeps a tail as the most recently used, instead of those that it goes on from. Drops it if there is no memory
  /// left.
  void put(Tail tail) noexcept;
  /// Drops all. False if there was none.
  bool clear();

  std::size_t size() const { return tails_.size(); }
  /// Of the tails' pages.
  std::size_t used_bytes() const { return used_bytes_; }

 private:
  using TailList = std::list<Tail>;

  struct Match {
    TailList::iterator tail;
    std::int64_t num_rows = 0;
  };
  Match find(const OwnRows& request, const KvShape& shape);
  Start take_over(const Match& match, std::int64_t most_rows);
  Start copy(const Match& match, std::int64_t most_rows, bool keeps_tail);
  KvBuffer make_buffer(const KvShape& shape, std::int64_t most_rows);
  void evict_oldest();

  // A tail leaves and joins as a list of one, which allocates nothing.
  TailList extract(TailList::iterator tail);
  void insert(TailList& tail);

  KvPool& pool_;
  std::size_t limit_bytes_;
  std::size_t used_bytes_ = 0;
  TailList tails_;  // the most recently used first
};

}  // namespace pml::runtime
