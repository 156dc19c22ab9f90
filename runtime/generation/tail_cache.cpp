#include "runtime/generation/tail_cache.h"

#include <algorithm>
#include <limits>
#include <new>

#include "grammar/check.h"
#include "runtime/segment_attention.h"

namespace pml::runtime {
namespace {

static_assert(TailCache::kComputedRows >= kRoundedQueries);

/// A tail of which less than this part is lost is taken over: an answer that was cut in the middle of a token, or
/// behind a stop string, is not continued to its last row.
constexpr std::int64_t kLostPart = 8;

bool is_same(const KvView& a, const KvView& b) {
  return a.k == b.k && a.v == b.v && a.shape == b.shape && a.capacity == b.capacity && a.num_rows == b.num_rows &&
         a.first == b.first && a.shift == b.shift && std::ranges::equal(a.excluded_rows, b.excluded_rows);
}

}  // namespace

std::int64_t count_common_rows(const OwnRows& a, const OwnRows& b) {
  const auto tokens = std::ranges::mismatch(a.tokens, b.tokens);
  const std::span<const Slot> rows = a.positions.first(static_cast<std::size_t>(tokens.in1 - a.tokens.begin()));
  const auto end = std::ranges::mismatch(rows, b.positions).in1;
  if (end == rows.begin()) return 0;
  // Rows behind the first view that only one of them has are others, whatever their tokens are.
  const auto views = std::ranges::mismatch(a.context, b.context, is_same);
  Slot first_other = std::numeric_limits<Slot>::max();
  if (views.in1 != a.context.end()) first_other = views.in1->first;
  if (views.in2 != b.context.end()) first_other = std::min(first_other, views.in2->first);
  return std::lower_bound(rows.begin(), end, first_other) - rows.begin();
}

TailCache::Start TailCache::take(const OwnRows& request, const KvShape& shape, std::int64_t most_rows) {
  const Match match = find(request, shape);
  if (match.num_rows > 0) {
    const std::int64_t num_rows = match.tail->buffer.num_rows();
    const bool is_continued = (num_rows - match.num_rows) * kLostPart <= num_rows;
    if (is_continued && match.tail->buffer.capacity() >= most_rows) return take_over(match, most_rows);
    if (is_continued || match.num_rows >= kLeastCopiedRows) return copy(match, most_rows, !is_continued);
  }
  Start start{make_buffer(shape, most_rows)};
  while (!start.buffer.make_room(most_rows)) evict_oldest();
  return start;
}

/// The tail with most rows in common that need not be computed; of several the shortest.
TailCache::Match TailCache::find(const OwnRows& request, const KvShape& shape) {
  const std::int64_t most = static_cast<std::int64_t>(request.tokens.size()) - kComputedRows;
  Match best{tails_.end()};
  if (most <= 0) return best;
  for (auto tail = tails_.begin(); tail != tails_.end(); ++tail) {
    if (tail->buffer.shape() != shape) continue;
    const std::int64_t num_rows = std::min(most, count_common_rows(tail->rows(), request));
    const bool is_shorter = num_rows > 0 && num_rows == best.num_rows && tail->tokens.size() < best.tail->tokens.size();
    if (num_rows > best.num_rows || is_shorter) best = {tail, num_rows};
  }
  return best;
}

TailCache::Start TailCache::take_over(const Match& match, std::int64_t most_rows) {
  Start start{std::move(extract(match.tail).front().buffer)};
  start.buffer.truncate(match.num_rows);
  start.buffer.trim();
  while (!start.buffer.make_room(most_rows)) evict_oldest();
  return start;
}

/// If there is no room for the tail beside its copy, there is no copy either.
TailCache::Start TailCache::copy(const Match& match, std::int64_t most_rows, bool keeps_tail) {
  TailList tail = extract(match.tail);
  Start start{make_buffer(tail.front().buffer.shape(), most_rows)};
  while (!start.buffer.make_room(most_rows)) {
    if (!tails_.empty()) {
      evict_oldest();
    } else {
      PML_CHECK(!tail.empty(), "the pool has pages for the request");
      tail.clear();
    }
  }
  if (tail.empty()) return start;
  start.copied_bytes = start.buffer.copy_rows(tail.front().buffer, match.num_rows);
  if (keeps_tail) insert(tail);
  return start;
}

/// Addresses for twice as many rows, so that of a growing conversation little is copied to a larger buffer.
KvBuffer TailCache::make_buffer(const KvShape& shape, std::int64_t most_rows) {
  const std::int64_t capacity = KvBuffer::num_pages(most_rows) * KvBuffer::kPageRows;
  try {
    return KvBuffer(shape, 2 * capacity, &pool_);
  } catch (const std::bad_alloc&) {
    clear();
  }
  return KvBuffer(shape, capacity, &pool_);
}

bool TailCache::fits(const KvShape& shape, std::int64_t num_rows) const {
  const std::size_t free_bytes = pool_.limit_bytes() - (pool_.used_bytes() - used_bytes_);
  return static_cast<std::size_t>(KvBuffer::num_pages(num_rows)) <= free_bytes / KvBuffer::page_bytes(shape);
}

void TailCache::put(Tail tail) noexcept {
  PML_CHECK(static_cast<std::int64_t>(tail.tokens.size()) == tail.buffer.num_rows(), "every row has a token");
  tail.buffer.trim();
  if (tail.tokens.empty() || tail.buffer.size_bytes() > limit_bytes_) return;
  for (auto other = tails_.begin(); other != tails_.end();) {
    const auto next = std::next(other);
    if (other->buffer.shape() == tail.buffer.shape()) {
      const std::int64_t num_common = count_common_rows(other->rows(), tail.rows());
      if (num_common == other->buffer.num_rows()) {
        extract(other);
      } else if (num_common == tail.buffer.num_rows()) {
        tails_.splice(tails_.begin(), tails_, other);
        return;
      }
    }
    other = next;
  }
  while (!tails_.empty() && (used_bytes_ + tail.buffer.size_bytes() > limit_bytes_ || tails_.size() >= kMaxTails)) {
    evict_oldest();
  }
  try {
    TailList node;
    node.push_front(std::move(tail));
    insert(node);
  } catch (const std::bad_alloc&) {  // the header says so
  }
}

bool TailCache::clear() {
  const bool was_empty = tails_.empty();
  while (!tails_.empty()) evict_oldest();
  return !was_empty;
}

TailCache::TailList TailCache::extract(TailList::iterator tail) {
  TailList node;
  node.splice(node.begin(), tails_, tail);
  used_bytes_ -= node.front().buffer.size_bytes();
  return node;
}

void TailCache::insert(TailList& node) {
  used_bytes_ += node.front().buffer.size_bytes();
  tails_.splice(tails_.begin(), node);
}

void TailCache::evict_oldest() {
  PML_CHECK(!tails_.empty(), "the pool has pages for the request");
  extract(std::prev(tails_.end()));
}

}  // namespace pml::runtime
