// The cache of tails: what two requests have in common, which tail is taken and how, and what goes when memory is
// short.
#include <catch2/catch.hpp>
#include <numeric>
#include <random>
#include <set>
#include <tuple>

#include "runtime/generation/tail_cache.h"

namespace pml::runtime {
namespace {

constexpr KvShape kShape{2, 2, 16, KvType::f16};
const std::size_t kPage = KvBuffer::page_bytes(kShape);

/// A request's rows with the memory that OwnRows points into.
struct Rows {
  std::vector<TokenId> tokens;
  std::vector<Slot> positions;
  std::vector<KvView> context;

  operator OwnRows() const { return {tokens, positions, context}; }
};

/// A view whose memory is told apart by `artifact`; nothing is read from it.
KvView view_of(int artifact, Slot first, std::int32_t num_rows, Slot shift = 0) {
  static std::vector<std::byte> memory(64);
  KvView view;
  view.k = memory.data() + 2 * artifact;
  view.v = view.k + 1;
  view.shape = kShape;
  view.capacity = 64;
  view.num_rows = num_rows;
  view.first = first;
  view.shift = shift;
  return view;
}

/// Tokens begin, begin + 1, ... at positions from 0.
Rows rows_of(TokenId begin, std::int32_t count) {
  Rows rows;
  rows.tokens.resize(static_cast<std::size_t>(count));
  std::iota(rows.tokens.begin(), rows.tokens.end(), begin);
  rows.positions.resize(rows.tokens.size());
  std::iota(rows.positions.begin(), rows.positions.end(), 0);
  return rows;
}

/// `rows`, and behind the first `num_common` of them others, `count` in all.
Rows fork_of(Rows rows, std::int32_t num_common, std::int32_t count, TokenId salt) {
  const Rows others = rows_of(salt, count);
  rows.tokens.resize(static_cast<std::size_t>(num_common));
  rows.tokens.insert(rows.tokens.end(), others.tokens.begin() + num_common, others.tokens.end());
  rows.positions = others.positions;
  return rows;
}

/// The value that row `row` of `rows` has everywhere.
float value_of(const Rows& rows, std::size_t row) { return static_cast<float>(rows.tokens[row] % 512) + 0.5F; }

void compute(const Rows& rows, KvBuffer& buffer) {
  const auto first = static_cast<std::size_t>(buffer.num_rows());
  buffer.append(std::span(rows.positions).subspan(first));
  for (std::size_t row = first; row < rows.tokens.size(); ++row) {
    const std::vector<float> values(32, value_of(rows, row));
    for (std::int32_t layer = 0; layer < kShape.num_layers; ++layer) {
      buffer.write(layer, static_cast<std::int64_t>(row), 1, values.data(), values.data());
    }
  }
}

/// Whether the buffer's rows are those of the request, in every layer and head.
bool holds(const KvBuffer& buffer, const Rows& rows) {
  KvBuffer expected(kShape, std::max<std::int64_t>(1, static_cast<std::int64_t>(rows.tokens.size())));
  compute(rows, expected);
  const auto row_bytes = static_cast<std::size_t>(kShape.head_dim) * 2;
  for (std::int64_t head = 0; head < 4; ++head) {
    const std::size_t size = static_cast<std::size_t>(buffer.num_rows()) * row_bytes;
    const auto k = buffer.k().subspan(static_cast<std::size_t>(head * buffer.capacity()) * row_bytes, size);
    const auto v = buffer.v().subspan(static_cast<std::size_t>(head * buffer.capacity()) * row_bytes, size);
    const auto wanted = expected.k().subspan(static_cast<std::size_t>(head * expected.capacity()) * row_bytes, size);
    if (!std::ranges::equal(k, wanted) || !std::ranges::equal(v, wanted)) return false;
  }
  return true;
}

/// A cache as the scheduler uses it: takes a buffer for a request, computes what is missing, and puts it back.
struct Fixture {
  KvPool pool;
  TailCache cache;

  explicit Fixture(std::size_t pool_pages = 1000, std::size_t tail_pages = 1000)
      : pool(pool_pages * kPage), cache(pool, tail_pages * kPage) {}

  struct Served {
    std::int64_t num_reused = 0;
    bool is_copied = false;
    bool is_right = false;
  };
  Served serve(const Rows& rows, std::int64_t num_generated = 0) {
    const std::int64_t most_rows = static_cast<std::int64_t>(rows.tokens.size()) + num_generated;
    REQUIRE(cache.fits(kShape, most_rows));
    TailCache::Start start = cache.take(rows, kShape, most_rows);
    Served served{start.buffer.num_rows(), start.copied_bytes > 0, false};
    const bool copies_all = start.copied_bytes == 2 * kShape.size_bytes(served.num_reused);
    compute(rows, start.buffer);
    served.is_right = holds(start.buffer, rows) && (copies_all || !served.is_copied);
    cache.put({rows.tokens, rows.context, {}, std::move(start.buffer)});
    CHECK(pool.used_bytes() == cache.used_bytes());
    return served;
  }
};

/// What the definition says, row by row: the same tokens and positions up to it, and before it the same set of views.
std::int64_t common_by_definition(const Rows& a, const Rows& b) {
  using View = std::tuple<const std::byte*, std::int32_t, Slot, Slot>;
  const auto views_before = [](const Rows& rows, Slot position) {
    std::multiset<View> views;
    for (const KvView& view : rows.context) {
      if (view.first < position) views.insert({view.k, view.num_rows, view.first, view.shift});
    }
    return views;
  };
  const auto is_common = [&](std::size_t row) {
    return a.tokens[row] == b.tokens[row] && a.positions[row] == b.positions[row] &&
           views_before(a, a.positions[row]) == views_before(b, b.positions[row]);
  };
  std::size_t count = 0;
  while (count < a.tokens.size() && count < b.tokens.size() && is_common(count)) ++count;
  return static_cast<std::int64_t>(count);
}

}  // namespace

TEST_CASE("tails: the rows that two requests have in common are those that see the same") {
  std::mt19937 random(7);
  const auto below = [&](std::uint32_t limit) { return static_cast<std::int32_t>(random() % limit); };
  // Views at slots, own rows between them.
  const auto draw = [&] {
    Rows rows;
    Slot position = 0;
    for (int step = 0; step < 6; ++step) {
      if (below(2) == 0) {
        const std::int32_t num_rows = 1 + below(3);
        rows.context.push_back(view_of(below(2), position, num_rows, below(8) == 0 ? 5 : 0));
        position += num_rows;
      } else {
        for (std::int32_t i = below(3); i >= 0; --i) {
          rows.tokens.push_back(below(12) == 0 ? 1 : 0);
          rows.positions.push_back(position++);
        }
      }
      position += below(6) == 0 ? 1 : 0;
    }
    return rows;
  };
  std::set<std::int64_t> seen;
  for (int round = 0; round < 20000; ++round) {
    const Rows a = draw(), b = draw();
    const std::int64_t expected = common_by_definition(a, b);
    seen.insert(expected);
    if (count_common_rows(a, b) != expected || count_common_rows(b, a) != expected) FAIL("round " << round);
  }
  CHECK(seen.size() > 6);
}

TEST_CASE("tails: a conversation goes on where it stopped, without a copy") {
  Fixture fixture;
  const Rows first = rows_of(100, 60);
  CHECK(fixture.serve(first, 200).num_reused == 0);
  const Rows second = rows_of(100, 90);  // the first with its answer, and what is said next
  const auto served = fixture.serve(second, 100);
  CHECK(served.num_reused == 60);
  CHECK_FALSE(served.is_copied);
  CHECK(served.is_right);
  CHECK(fixture.cache.size() == 1);
  CHECK(fixture.cache.used_bytes() == 3 * kPage);

  // An answer that was cut in the middle of a token: its last rows differ.
  const auto cut = fixture.serve(fork_of(second, 85, 120, 7000));
  CHECK(cut.num_reused == 85);
  CHECK_FALSE(cut.is_copied);
  CHECK(cut.is_right);
  // Too long for the addresses that were set aside: copied once, and the shorter tail is gone.
  const auto grown = fixture.serve(fork_of(fork_of(second, 85, 120, 7000), 110, 700, 7500));
  CHECK(grown.num_reused == 110);
  CHECK(grown.is_copied);
  CHECK(grown.is_right);
  CHECK(fixture.cache.size() == 1);
}

TEST_CASE("tails: conversations that begin alike do not take each other's") {
  Fixture fixture;
  const Rows a = rows_of(100, 200);
  const Rows b = fork_of(a, 40, 150, 5000);
  const Rows c = fork_of(a, 10, 150, 6000);
  fixture.serve(a);
  const auto fork = fixture.serve(b);
  CHECK(fork.num_reused == 40);
  CHECK(fork.is_copied);
  CHECK(fork.is_right);
  CHECK(fixture.serve(c).num_reused == 0);  // a role's opening tag
  CHECK(fixture.cache.size() == 3);
  for (const auto& [rows, salt] : {std::pair(a, 1), {b, 2}, {c, 3}}) {
    const auto next = fixture.serve(fork_of(rows, static_cast<std::int32_t>(rows.tokens.size()), 220, 8000 + salt));
    CHECK(next.num_reused == static_cast<std::int64_t>(rows.tokens.size()));
    CHECK(next.is_right);
  }
  CHECK(fixture.cache.size() == 3);
}

TEST_CASE("tails: the same request again computes its last rows, and leaves no second tail") {
  Fixture fixture;
  const Rows rows = rows_of(100, 50);
  fixture.serve(rows);
  for (int round = 0; round < 3; ++round) {
    const auto again = fixture.serve(rows);
    CHECK(again.num_reused == 50 - TailCache::kComputedRows);
    CHECK(again.is_right);
    CHECK(fixture.cache.size() == 1);
  }
  // A shorter one is part of what is there.
  CHECK(fixture.serve(rows_of(100, 30)).num_reused == 30 - TailCache::kComputedRows);
  CHECK(fixture.cache.size() == 1);
  CHECK(fixture.serve(rows_of(100, 60)).num_reused == 50);
  CHECK(fixture.serve(rows_of(100, 8)).num_reused == 0);
}

TEST_CASE("tails: another view before a row, and another KV type, are another row") {
  Fixture fixture;
  Rows rows = rows_of(100, 80);
  for (Slot& position : rows.positions) position += position < 40 ? 10 : 30;
  rows.context = {view_of(0, 0, 10), view_of(1, 50, 20), view_of(2, 200, 5)};
  fixture.serve(rows);
  const auto reused_with = [&](std::size_t index, const KvView& view) {
    Rows other = rows;
    other.context[index] = view;
    return fixture.cache.take(other, kShape, 80).buffer.num_rows();
  };
  CHECK(reused_with(0, view_of(3, 0, 10)) == 0);
  CHECK(reused_with(1, view_of(3, 50, 20)) == 40);
  CHECK(reused_with(1, view_of(1, 50, 19)) == 40);
  CHECK(reused_with(1, view_of(1, 50, 20, 1)) == 40);
  CHECK(reused_with(1, view_of(1, 51, 19)) == 40);
  KvShape wider = kShape;
  wider.type = KvType::f32;
  CHECK(fixture.cache.take(rows, wider, 80).buffer.num_rows() == 0);
  CHECK(fixture.cache.size() == 1);
  CHECK(reused_with(2, view_of(3, 210, 5)) == 72);  // behind the last row
}

TEST_CASE("tails: the least recently used go first, when others come and when a request needs their pages") {
  Fixture fixture(10, 6);
  const auto begin = [](TokenId tail) { return 1000 * tail; };
  const auto is_there = [&](TokenId tail) {
    // What is asked here is put back as it was found: the most recently used.
    return fixture.serve(rows_of(begin(tail), 64)).num_reused > 0;
  };
  for (const TokenId tail : {1, 2, 3}) fixture.serve(rows_of(begin(tail), 64));  // two pages each
  CHECK(fixture.cache.used_bytes() == 6 * kPage);
  CHECK(is_there(1));
  fixture.serve(rows_of(begin(4), 64));
  CHECK(fixture.cache.size() == 3);
  CHECK(is_there(1));
  CHECK(is_there(3));
  CHECK(is_there(4));
  CHECK_FALSE(is_there(2));  // and the first is gone for it
  {
    const Rows rows = rows_of(begin(5), 20);
    const TailCache::Start large = fixture.cache.take(rows, kShape, 7 * KvBuffer::kPageRows);
    CHECK(fixture.cache.size() == 1);
    CHECK(fixture.cache.fits(kShape, 3 * KvBuffer::kPageRows));
    CHECK_FALSE(fixture.cache.fits(kShape, 3 * KvBuffer::kPageRows + 1));
    const TailCache::Start rest = fixture.cache.take(rows, kShape, 3 * KvBuffer::kPageRows);
    CHECK(fixture.cache.size() == 0);
    CHECK(fixture.pool.used_bytes() == 10 * kPage);
  }
  CHECK(fixture.pool.used_bytes() == 0);
  fixture.serve(rows_of(begin(6), 7 * KvBuffer::kPageRows));  // more than tails may use
  CHECK(fixture.cache.size() == 0);
}

TEST_CASE("tails: what there is no room for beside its copy is computed again") {
  Fixture fixture(10, 6);
  const Rows a = rows_of(100, 6 * KvBuffer::kPageRows);
  fixture.serve(a);
  const auto fork = fixture.serve(fork_of(a, 100, 5 * KvBuffer::kPageRows, 5000));
  CHECK(fork.num_reused == 0);
  CHECK(fork.is_right);
  CHECK(fixture.cache.size() == 1);
}

TEST_CASE("tails: their number is bounded") {
  Fixture fixture(5000, 5000);
  for (TokenId tail = 0; tail < 1100; ++tail) fixture.serve(rows_of(100 * tail, 20));
  CHECK(fixture.cache.size() == TailCache::kMaxTails);
  CHECK(fixture.cache.clear());
  CHECK_FALSE(fixture.cache.clear());
  CHECK(fixture.pool.used_bytes() == 0);
}

}  // namespace pml::runtime
