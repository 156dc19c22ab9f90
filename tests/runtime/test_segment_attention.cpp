// Segment attention against an oracle that knows no blocks, tiles, parts or merging: the visible rows of a
// query are gathered, and one dense softmax over them is computed in double.
#include <algorithm>
#include <atomic>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <deque>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "hwy/targets.h"
#include "runtime/cpu/amx.h"
#include "runtime/cpu/vnni.h"
#include "runtime/segment_attention.h"

namespace pml::runtime {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr double kTolerance = 2e-6;
constexpr double kFixedTolerance = 2e-3;  // of the largest values near a row, which are near 1
constexpr double kTileTolerance = 4e-3;   // the same, in bf16

// A pool for tests: threads that live for one call, and take indices one by one.
struct TestThreads {
  int num_threads = 1;

  cpu::ParallelFor parallel_for() {
    return {[](void* context, std::int64_t count, void (*task)(void*, std::int64_t), void* state) {
              std::atomic<std::int64_t> next{0};
              const auto work = [&] {
                for (std::int64_t i = next++; i < count; i = next++) task(state, i);
              };
              std::vector<std::thread> threads;
              for (int t = 1; t < static_cast<TestThreads*>(context)->num_threads; ++t) {
                threads.emplace_back(work);
              }
              work();
              for (std::thread& thread : threads) thread.join();
            },
            this};
  }
};

using Random = std::mt19937_64;

int pick(Random& random, int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); }

double decode_f16(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int mantissa = bits & 1023;
  const double magnitude = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

double decode_bf16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

// Rows of one kind, as stored and as the oracle reads them.
struct Rows {
  std::vector<float> f32;
  std::vector<std::uint16_t> bits;
  std::vector<double> values;

  Rows(Random& random, KvType type, std::size_t count) {
    std::normal_distribution<float> normal;
    for (std::size_t i = 0; i < count; ++i) {
      if (type == KvType::f32) {
        f32.push_back(normal(random));
        values.push_back(f32.back());
        continue;
      }
      const std::uint64_t draw = random();
      const std::uint64_t sign_and_mantissa = draw & (type == KvType::f16 ? 0x83FF : 0x807F);
      std::uint64_t exponent = (draw >> 16) % 5;  // up to 2 in magnitude; some f16 are denormal
      if (type == KvType::f16) {
        exponent = (draw >> 32) % 10 == 0 ? 0 : (exponent + 11) << 10;
      } else {
        exponent = (exponent + 123) << 7;
      }
      bits.push_back(static_cast<std::uint16_t>(sign_and_mantissa | exponent));
      values.push_back(type == KvType::f16 ? decode_f16(bits.back()) : decode_bf16(bits.back()));
    }
  }

  const void* data() const { return f32.empty() ? static_cast<const void*>(bits.data()) : f32.data(); }
};

struct Output {
  std::vector<float> out, lse;

  bool operator==(const Output& other) const {  // the bits, not the values
    return std::memcmp(out.data(), other.out.data(), out.size() * sizeof(float)) == 0 &&
           std::memcmp(lse.data(), other.lse.data(), lse.size() * sizeof(float)) == 0;
  }
};

// Everything that one call refers to. Not to be copied: parts point into it.
struct Problem {
  int num_heads, num_kv_heads, head_dim, num_queries, num_rotated_rows;
  float scale;
  bool may_round = false;
  std::vector<float> queries;
  std::deque<Rows> rows;  // k, v of each segment
  std::vector<AttentionSegment> segments;
  std::vector<AttentionPart> parts;
  std::deque<std::vector<std::int32_t>> limits, exclusions;

  Problem(Random& random, int kv_heads, int group, int dim, int queries_, int rotated_rows)
      : num_heads(kv_heads * group),
        num_kv_heads(kv_heads),
        head_dim(dim),
        num_queries(queries_),
        num_rotated_rows(rotated_rows),
        scale(1.0F / std::sqrt(static_cast<float>(dim))) {
    std::normal_distribution<float> normal;
    queries.resize(static_cast<std::size_t>(num_rotated_rows) * num_heads * dim);
    for (float& q : queries) q = normal(random);
  }
  Problem(const Problem&) = delete;

  // `by_token`: [rows, kv_heads, head_dim] instead of [kv_heads, rows, head_dim].
  int add_segment(Random& random, KvType type, int num_rows, bool by_token = false) {
    const std::size_t count = static_cast<std::size_t>(num_kv_heads) * num_rows * head_dim;
    AttentionSegment segment;
    segment.k = rows.emplace_back(random, type, count).data();
    segment.v = rows.emplace_back(random, type, count).data();
    segment.type = type;
    segment.num_rows = num_rows;
    segment.head_stride = by_token ? head_dim : std::int64_t{num_rows} * head_dim;
    segment.row_stride = by_token ? std::int64_t{num_kv_heads} * head_dim : head_dim;
    segments.push_back(segment);
    return static_cast<int>(segments.size()) - 1;
  }

  AttentionPart& add_part(int segment, int first_query, int count, int first_row) {
    AttentionPart part;
    part.segment = segment;
    part.first_query = first_query;
    part.num_queries = count;
    part.first_row = first_row;
    return parts.emplace_back(part);
  }

  AttentionArguments arguments(Output& output) const {
    output.out.assign(static_cast<std::size_t>(num_queries) * num_heads * head_dim, NAN);
    output.lse.assign(static_cast<std::size_t>(num_queries) * num_heads, NAN);
    AttentionArguments arguments;
    arguments.num_heads = num_heads;
    arguments.num_kv_heads = num_kv_heads;
    arguments.head_dim = head_dim;
    arguments.num_queries = num_queries;
    arguments.scale = scale;
    arguments.rounding = may_round ? AttentionRounding::wide : AttentionRounding::none;
    arguments.queries = queries.data();
    arguments.segments = segments;
    arguments.parts = parts;
    arguments.out = output.out.data();
    arguments.lse = output.lse.data();
    return arguments;
  }

  Output run(int num_threads = 1) const {
    Output output;
    TestThreads threads{num_threads};
    cpu::segment_attention(arguments(output), threads.parallel_for());
    return output;
  }

  // The query alone: a batch of one, whose parts are the query's own.
  Output run_alone(int query) const {
    std::vector<AttentionPart> own;
    for (AttentionPart part : parts) {
      const int index = query - part.first_query;
      if (index < 0 || index >= part.num_queries) continue;
      part.first_query = 0;
      part.num_queries = 1;
      part.first_row += index;
      if (part.row_limits != nullptr) part.row_limits += index;
      own.push_back(part);
    }
    Output output;
    TestThreads threads;
    AttentionArguments alone = arguments(output);
    output.out.resize(static_cast<std::size_t>(num_heads) * head_dim);
    output.lse.resize(static_cast<std::size_t>(num_heads));
    alone.num_queries = 1;
    alone.parts = own;
    cpu::segment_attention(alone, threads.parallel_for());
    return output;
  }

  Output of_query(const Output& all, int query) const {
    const auto lse = all.lse.begin() + std::ptrdiff_t{query} * num_heads;
    const auto out = all.out.begin() + std::ptrdiff_t{query} * num_heads * head_dim;
    return {{out, out + std::ptrdiff_t{num_heads} * head_dim}, {lse, lse + num_heads}};
  }
};

// A visible row of one query and head.
struct VisibleRow {
  const float* q;
  const double* k;
  const double* v;
};

std::vector<VisibleRow> gather(const Problem& problem, int query, int head) {
  const int kv_head = head / (problem.num_heads / problem.num_kv_heads);
  std::vector<VisibleRow> visible;
  for (const AttentionPart& part : problem.parts) {
    const int index = query - part.first_query;
    if (index < 0 || index >= part.num_queries) continue;
    const auto s = static_cast<std::size_t>(part.segment);
    const AttentionSegment& segment = problem.segments[s];
    const int limit = part.row_limits == nullptr ? segment.num_rows : part.row_limits[index];
    const float* q =
        problem.queries.data() + (std::int64_t{part.first_row + index} * problem.num_heads + head) * problem.head_dim;
    for (int row = 0; row < limit; ++row) {
      if (std::binary_search(part.excluded_rows.begin(), part.excluded_rows.end(), row)) continue;
      const std::int64_t place = kv_head * segment.head_stride + row * segment.row_stride;
      visible.push_back({q, problem.rows[2 * s].values.data() + place, problem.rows[2 * s + 1].values.data() + place});
    }
  }
  return visible;
}

// The largest error of a query's results, as a multiple of the tolerance: 1 is just allowed. Sums are
// compared relative to the sum of magnitudes, as cancellation is nobody's fault.
double error_of_query(const Problem& problem, const Output& output, int query) {
  const int dim = problem.head_dim;
  double worst = 0.0;
  for (int head = 0; head < problem.num_heads; ++head) {
    const std::int64_t place = std::int64_t{query} * problem.num_heads + head;
    const float* out = output.out.data() + place * dim;
    const float lse = output.lse[static_cast<std::size_t>(place)];
    const std::vector<VisibleRow> visible = gather(problem, query, head);
    if (visible.empty()) {
      if (lse != -kInfinity || std::any_of(out, out + dim, [](float x) { return x != 0.0F; })) return INFINITY;
      continue;
    }
    std::vector<double> scores;
    for (const VisibleRow& row : visible) {
      double dot = 0.0;
      for (int c = 0; c < dim; ++c) dot += row.q[c] * row.k[c];
      scores.push_back(dot * problem.scale);
    }
    const double largest = *std::max_element(scores.begin(), scores.end());
    double weight = 0.0;
    std::vector<double> sum(static_cast<std::size_t>(dim), 0.0), magnitude(sum);
    for (std::size_t j = 0; j < visible.size(); ++j) {
      const double p = std::exp(scores[j] - largest);
      weight += p;
      for (int c = 0; c < dim; ++c) {
        sum[static_cast<std::size_t>(c)] += p * visible[j].v[c];
        magnitude[static_cast<std::size_t>(c)] += p * std::abs(visible[j].v[c]);
      }
    }
    const auto check = [&](double error, double size) {
      const double rounding = cpu::has_amx() ? kTileTolerance : kFixedTolerance;
      const double tolerance = problem.may_round ? rounding : kTolerance;
      worst = std::isnan(error) ? INFINITY : std::max(worst, error / (tolerance * size));
    };
    for (int c = 0; c < dim; ++c) {
      const auto i = static_cast<std::size_t>(c);
      check(std::abs(out[c] - sum[i] / weight), magnitude[i] / weight + (problem.may_round ? 1.0 : 1e-30));
    }
    const double expected = largest + std::log(weight);
    check(std::abs(lse - expected), std::max(1.0, std::abs(expected)));
  }
  return worst;
}

double error(const Problem& problem, const Output& output) {
  double worst = 0.0;
  for (int q = 0; q < problem.num_queries; ++q) worst = std::max(worst, error_of_query(problem, output, q));
  return worst;
}

// One segment that all queries see, query i below a limit that grows with i as in a causal prefill.
void make_causal(Problem& problem, int segment, int first_row) {
  const int rows = problem.segments[static_cast<std::size_t>(segment)].num_rows;
  auto& limits = problem.limits.emplace_back();
  for (int i = 0; i < problem.num_queries; ++i) {
    limits.push_back(std::clamp(rows - problem.num_queries + i + 1, 0, rows));
  }
  problem.add_part(segment, 0, problem.num_queries, first_row).row_limits = limits.data();
}

// Several requests (runs of queries), each of which holds some of the segments, with its own shifts,
// exclusions and limits.
void make_batch(Random& random, Problem& problem, int num_segments, int max_rows) {
  for (int s = 0; s < num_segments; ++s) {
    const int rows = pick(random, 0, 7) == 0 ? 0 : pick(random, 1, max_rows);
    problem.add_segment(random, static_cast<KvType>(pick(random, 0, 2)), rows, pick(random, 0, 1) == 1);
  }
  for (int first = 0; first < problem.num_queries;) {
    const int count = pick(random, 1, problem.num_queries - first);
    for (int s = 0; s < num_segments; ++s) {
      if (pick(random, 0, 3) == 0) continue;
      const int rows = problem.segments[static_cast<std::size_t>(s)].num_rows;
      AttentionPart& part = problem.add_part(s, first, count, pick(random, 0, problem.num_rotated_rows - count));
      if (pick(random, 0, 2) == 0) {
        auto& limits = problem.limits.emplace_back();
        for (int i = 0; i < count; ++i) limits.push_back(pick(random, 0, 4) == 0 ? 0 : pick(random, 0, rows));
        part.row_limits = limits.data();
      }
      if (pick(random, 0, 2) == 0) {
        auto& excluded = problem.exclusions.emplace_back();
        const int one_in = pick(random, 0, 3) == 0 ? 1 : pick(random, 2, 50);
        for (int r = 0; r < rows; ++r) {
          if (pick(random, 1, one_in) == 1) excluded.push_back(r);
        }
        part.excluded_rows = excluded;
      }
    }
    first += count;
  }
}

// Restores the processor's own choice of instruction set at the end of a test.
struct TargetsGuard {
  ~TargetsGuard() {
    hwy::SetSupportedTargetsForTest(0);
    cpu::allow_vnni(true);
    cpu::allow_amx(true);
  }
};

}  // namespace

TEST_CASE("segment attention: awkward sizes", "[attention]") {
  Random random(1);
  for (const int group : {1, 3, 8}) {
    for (const int dim : {8, 64, 80, 128}) {
      for (const int queries : {1, 17, 37}) {
        for (const int rows : {1, 17, 37}) {
          Problem problem(random, 2, group, dim, queries, queries);
          const auto type = static_cast<KvType>(pick(random, 0, 2));
          problem.add_part(problem.add_segment(random, type, rows), 0, queries, 0);
          CAPTURE(group, dim, queries, rows, to_string(type));
          CHECK(error(problem, problem.run()) <= 1.0);
        }
      }
    }
  }
}

TEST_CASE("segment attention: every type and head size, over several blocks", "[attention]") {
  Random random(2);
  for (const KvType type : {KvType::f32, KvType::f16, KvType::bf16}) {
    for (const int dim : {24, 64, 96, 256}) {
      for (const bool by_token : {false, true}) {
        for (const int queries : {1, 30}) {
          Problem problem(random, 2, 1, dim, queries, queries);
          problem.add_part(problem.add_segment(random, type, 620, by_token), 0, queries, 0);
          CAPTURE(to_string(type), dim, by_token, queries);
          CHECK(error(problem, problem.run()) <= 1.0);
        }
      }
    }
  }
}

TEST_CASE("segment attention: causal limits", "[attention]") {
  Random random(3);
  for (const int queries : {37, 256}) {
    Problem problem(random, 1, 3, 64, queries, queries);
    problem.add_part(problem.add_segment(random, KvType::f16, 100), 0, queries, 0);
    make_causal(problem, problem.add_segment(random, KvType::f16, 600), 0);
    CHECK(error(problem, problem.run()) <= 1.0);
  }
  Problem square(random, 1, 1, 64, 700, 700);
  make_causal(square, square.add_segment(random, KvType::f32, 700), 0);
  CHECK(error(square, square.run(2)) <= 1.0);
}

TEST_CASE("segment attention: properties of random batches", "[attention]") {
  for (int seed = 0; seed < 60; ++seed) {
    Random random(static_cast<std::uint64_t>(seed));
    const bool is_long = seed % 10 == 0;
    const int dims[] = {8, 64, 80, 128};
    const int groups[] = {1, 3, 8};
    const int queries = pick(random, 1, is_long ? 9 : 40);
    Problem problem(random, pick(random, 1, 2), groups[pick(random, 0, 2)], dims[pick(random, 0, is_long ? 1 : 3)],
                    queries, queries + pick(random, 0, 20));
    make_batch(random, problem, pick(random, 1, 8), is_long ? 5000 : pick(random, 1, 200));
    const Output output = problem.run(pick(random, 1, 3));
    CAPTURE(seed, problem.num_heads, problem.num_kv_heads, problem.head_dim, queries);
    CHECK(error(problem, output) <= 1.0);
  }
}

TEST_CASE("segment attention: a query that sees nothing", "[attention]") {
  Random random(4);
  Problem problem(random, 1, 3, 64, 4, 4);
  const int segment = problem.add_segment(random, KvType::f16, 70);
  const int empty = problem.add_segment(random, KvType::f16, 0);
  problem.segments[static_cast<std::size_t>(empty)].k = nullptr;
  problem.segments[static_cast<std::size_t>(empty)].v = nullptr;
  auto& all = problem.exclusions.emplace_back();
  for (int r = 0; r < 70; ++r) all.push_back(r);
  const std::vector<std::int32_t> limits = {0, 70};
  problem.add_part(empty, 0, 4, 0);                               // query 0: an empty segment only
  problem.add_part(segment, 1, 1, 1).excluded_rows = all;         // query 1: every row excluded
  problem.add_part(segment, 2, 2, 2).row_limits = limits.data();  // query 2: limit 0; query 3 sees all
  const Output output = problem.run(2);
  for (std::size_t i = 0; i < std::size_t{3} * 3 * 64; ++i) REQUIRE(output.out[i] == 0.0F);
  for (std::size_t i = 0; i < std::size_t{3} * 3; ++i) REQUIRE(output.lse[i] == -kInfinity);
  CHECK(error(problem, output) <= 1.0);

  problem.parts.clear();
  CHECK(error(problem, problem.run()) == 0.0);
  problem.num_queries = 0;
  CHECK(problem.run().out.empty());
}

TEST_CASE("segment attention: LSE is optional", "[attention]") {
  Random random(5);
  Problem problem(random, 1, 2, 64, 3, 3);
  problem.add_part(problem.add_segment(random, KvType::f32, 90), 0, 3, 0);
  Output with, without;
  TestThreads threads;
  cpu::segment_attention(problem.arguments(with), threads.parallel_for());
  AttentionArguments arguments = problem.arguments(without);
  arguments.lse = nullptr;
  cpu::segment_attention(arguments, threads.parallel_for());
  CHECK(with.out == without.out);
}

TEST_CASE("segment attention: scores far apart, and ever growing", "[attention]") {
  Random random(6);
  for (const float scale : {1e-6F, 3.0F, 100.0F, -3.0F}) {
    Problem problem(random, 1, 3, 8, 5, 5);
    problem.scale = scale;
    problem.add_part(problem.add_segment(random, KvType::f16, 1300), 0, 5, 0);
    const Output output = problem.run();
    // An error of the scores, relative to them, is an absolute one of the exponents.
    CHECK(error(problem, output) <= std::max(1.0, 20.0 * std::abs(scale)));
  }
  // Every row's score is larger than the one before: the running maximum moves in every sub-block.
  Problem growing(random, 1, 1, 8, 1, 1);
  growing.scale = 0.2F;
  std::fill(growing.queries.begin(), growing.queries.end(), 0.125F);
  growing.add_part(growing.add_segment(random, KvType::f32, 1000), 0, 1, 0);
  for (std::size_t i = 0; i < growing.rows[0].f32.size(); ++i) {
    growing.rows[0].f32[i] = static_cast<float>(i / 8) * 0.125F;
    growing.rows[0].values[i] = growing.rows[0].f32[i];
  }
  CHECK(error(growing, growing.run()) <= 2.0);
}

TEST_CASE("segment attention: NaN is not hidden", "[attention]") {
  const TargetsGuard guard;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    Random random(7);
    Problem problem(random, 1, 1, 8, 2, 2);
    problem.add_part(problem.add_segment(random, KvType::f32, 600), 0, 2, 0);
    problem.rows[0].f32[std::size_t{555} * 8] = NAN;
    const Output output = problem.run();
    CAPTURE(hwy::TargetName(target));
    CHECK(std::all_of(output.out.begin(), output.out.end(), [](float x) { return std::isnan(x); }));
    CHECK(std::isnan(output.lse[0]));
  }
}

TEST_CASE("segment attention: the same bits for any threads, batch and place", "[attention]") {
  for (int seed = 100; seed < 112; ++seed) {
    Random random(static_cast<std::uint64_t>(seed));
    const int dims[] = {8, 64, 80, 128};
    const int groups[] = {1, 3, 8};
    const int queries = pick(random, 20, 60);
    Problem problem(random, 2, groups[seed % 3], dims[seed % 4], queries, queries + 10);
    make_batch(random, problem, 6, seed % 4 == 0 ? 1500 : 300);
    const Output output = problem.run(1);
    CAPTURE(seed);
    CHECK(output == problem.run(2));
    CHECK(output == problem.run(5));
    for (int q = 0; q < queries; ++q) {
      CAPTURE(q);
      CHECK(problem.of_query(output, q) == problem.run_alone(q));
    }
  }
}

TEST_CASE("segment attention: more partial results than fit in scratch", "[attention]") {
  Random random(8);
  Problem problem(random, 2, 16, 256, 700, 700);
  problem.add_part(problem.add_segment(random, KvType::bf16, 3), 0, 700, 0);
  problem.add_part(problem.add_segment(random, KvType::bf16, 2), 100, 600, 100);
  const Output output = problem.run(2);
  for (const int q : {0, 99, 100, 350, 510, 511, 512, 699}) {
    CAPTURE(q);
    CHECK(error_of_query(problem, output, q) <= 1.0);
    CHECK(problem.of_query(output, q) == problem.run_alone(q));
  }
}

TEST_CASE("segment attention: more query heads than an item holds", "[attention]") {
  Random random(9);
  Problem problem(random, 1, 300, 8, 2, 2);
  problem.add_part(problem.add_segment(random, KvType::f16, 130), 0, 2, 0);
  CHECK(error(problem, problem.run()) <= 1.0);
}

TEST_CASE("segment attention: every instruction set of this processor", "[attention]") {
  const TargetsGuard guard;
  const std::vector<std::int64_t> targets = hwy::SupportedAndGeneratedTargets();
  CHECK(!targets.empty());
  for (const std::int64_t target : targets) {
    hwy::SetSupportedTargetsForTest(target);
    for (int seed = 200; seed < 212; ++seed) {
      Random random(static_cast<std::uint64_t>(seed));
      const int dims[] = {8, 64, 80, 128};
      const int groups[] = {1, 3, 8};
      const int queries = pick(random, 1, 30);
      Problem problem(random, 1, groups[seed % 3], dims[seed % 4], queries, queries + 5);
      make_batch(random, problem, 5, seed % 4 == 0 ? 1200 : 150);
      const Output output = problem.run();
      CAPTURE(hwy::TargetName(target), seed);
      CHECK(error(problem, output) <= 1.0);
      CHECK(problem.of_query(output, queries / 2) == problem.run_alone(queries / 2));
    }
  }
}

TEST_CASE("segment attention, rounded: random batches on every instruction set", "[attention]") {
  const TargetsGuard guard;
  struct Allowed {
    bool amx, vnni;
  };
  for (int seed = 300; seed < 340; ++seed) {
    Random random(static_cast<std::uint64_t>(seed));
    const int dims[] = {16, 64, 80, 128, 256};
    const int groups[] = {1, 3, 8};
    const int queries = pick(random, 8, 60);
    Problem problem(random, 1, groups[seed % 3], dims[seed % 5], queries, queries + 5);
    problem.may_round = true;
    make_batch(random, problem, 5, seed % 10 == 0 ? 2000 : 150);
    for (const Allowed allowed : {Allowed{true, true}, Allowed{false, true}, Allowed{false, false}}) {
      for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
        hwy::SetSupportedTargetsForTest(target);
        cpu::allow_amx(allowed.amx);
        cpu::allow_vnni(allowed.vnni);
        const Output output = problem.run(2);
        CAPTURE(hwy::TargetName(target), allowed.amx, allowed.vnni, seed);
        CHECK(error(problem, output) <= 1.0);
      }
      hwy::SetSupportedTargetsForTest(0);
    }
  }
}

TEST_CASE("segment attention, rounded: more query heads than an item holds", "[attention]") {
  Random random(12);
  Problem problem(random, 1, 300, 32, 9, 9);
  problem.may_round = true;
  problem.add_part(problem.add_segment(random, KvType::f16, 130), 0, 9, 0);
  CHECK(error(problem, problem.run()) <= 1.0);
}

TEST_CASE("segment attention, rounded: the same bits for any threads and batch", "[attention]") {
  const TargetsGuard guard;
  for (int seed = 400; seed < 412; ++seed) {
    cpu::allow_amx(seed % 2 == 0);
    Random random(static_cast<std::uint64_t>(seed));
    const int dims[] = {16, 64, 128};
    Problem problem(random, 2, 3, dims[seed % 3], 620, 620);
    problem.may_round = true;
    const int shared = problem.add_segment(random, KvType::f16, 700);
    AttentionPart& part = problem.add_part(shared, 0, 20, 0);
    if (seed % 4 < 2) {  // each query sees a row more, as in a prompt
      auto& limits = problem.limits.emplace_back();
      for (int i = 0; i < 20; ++i) limits.push_back(100 + i);
      part.row_limits = limits.data();
    }
    problem.add_part(shared, 20, 200, 20);
    // So many queries that items are as large as they get.
    problem.add_part(problem.add_segment(random, KvType::f16, 1500), 220, 400, 220);
    const Output output = problem.run(1);
    CHECK(output == problem.run(3));
    problem.parts.resize(1);  // the first request without the others
    const Output alone = problem.run(2);
    for (int q = 0; q < 20; ++q) CHECK(problem.of_query(output, q) == problem.of_query(alone, q));
  }
}

TEST_CASE("segment attention, rounded: many small weights count beside a large one", "[attention]") {
  Random random(11);
  Problem problem(random, 1, 1, 16, 8, 8);
  problem.may_round = true;
  problem.add_part(problem.add_segment(random, KvType::f32, 5000), 0, 8, 0);
  std::fill(problem.queries.begin(), problem.queries.end(), 1.0F);
  for (std::size_t i = 0; i < problem.rows[0].f32.size(); ++i) {  // one row is e^9 times as likely as any other
    const float key = i / 16 == 3 ? 2.25F + 0.001F * static_cast<float>(i % 3) : 0.001F * static_cast<float>(i % 7);
    problem.rows[0].values[i] = problem.rows[0].f32[i] = key;
  }
  CHECK(error(problem, problem.run()) <= 2.0);
}

}  // namespace pml::runtime
