// Filters against a second implementation that sorts everything and works on the distribution itself.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "runtime/generation/sampler.h"

namespace pml::runtime {
namespace {

using Distribution = std::map<TokenId, double>;

Distribution scaled(Distribution distribution) {
  double sum = 0.0;
  for (const auto& [id, probability] : distribution) sum += probability;
  for (auto& [id, probability] : distribution) probability /= sum;
  return distribution;
}

/// As `transformers` chains its warpers: temperature, top-k, top-p, min-p, each on what the last one left.
Distribution filtered(const std::vector<float>& logits, const SamplerOptions& options) {
  Distribution left;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    left[static_cast<TokenId>(i)] = std::exp(static_cast<double>(logits[i]) / options.temperature);
  }
  left = scaled(left);
  const auto best_first = [&] {
    std::vector<std::pair<TokenId, double>> order(left.begin(), left.end());
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    return order;
  };
  if (options.top_k > 0) {
    auto order = best_first();
    order.resize(std::min<std::size_t>(order.size(), static_cast<std::size_t>(options.top_k)));
    left = scaled({order.begin(), order.end()});
  }
  if (options.top_p < 1.0) {
    Distribution kept;
    double sum = 0.0;
    for (const auto& entry : best_first()) {
      if (!kept.empty() && sum >= options.top_p) break;
      kept.insert(entry);
      sum += entry.second;
    }
    left = scaled(kept);
  }
  const double most = best_first().front().second;
  std::erase_if(left, [&](const auto& entry) { return entry.second < options.min_p * most; });
  return scaled(left);
}

std::vector<float> some_logits(std::size_t size, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal(0.0F, 2.5F);
  std::vector<float> logits(size);
  for (float& logit : logits) logit = normal(engine);
  return logits;
}

}  // namespace

TEST_CASE("sampler: each filter, and filters together, keep what a plain implementation keeps") {
  const std::vector<SamplerOptions> rows{
      {.temperature = 1.0},
      {.temperature = 0.3},
      {.temperature = 7.0},
      {.temperature = 1.0, .top_k = 1},
      {.temperature = 1.0, .top_k = 40},
      {.temperature = 1.0, .top_k = 100000},
      {.temperature = 0.7, .top_p = 0.9},
      {.temperature = 1.0, .top_p = 1e-9},
      {.temperature = 1.0, .min_p = 0.1},
      {.temperature = 1.0, .min_p = 1.0},
      {.temperature = 1.5, .top_k = 50, .top_p = 0.8},
      {.temperature = 0.8, .top_k = 100, .top_p = 0.95, .min_p = 0.02},
  };
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{3000}}) {
    const std::vector<float> logits = some_logits(size, static_cast<unsigned>(size));
    for (const SamplerOptions& row : rows) {
      INFO("size " << size << " temperature " << row.temperature << " top_k " << row.top_k << " top_p " << row.top_p
                   << " min_p " << row.min_p);
      Distribution found;
      for (const Candidate& candidate : candidates(logits, row)) found[candidate.id] = candidate.probability;
      const Distribution expected = filtered(logits, row);
      REQUIRE(found.size() == expected.size());
      for (const auto& [id, probability] : expected) CHECK(found.at(id) == Approx(probability).epsilon(1e-9));
    }
  }
}

TEST_CASE("sampler: of equals the lower ID, and a distribution that is drawn from as it says") {
  const std::vector<float> equal(5, 1.0F);
  CHECK(Sampler({}).choose(equal) == 0);
  CHECK(candidates(equal, {.temperature = 1.0, .top_k = 2})[1].id == 1);
  CHECK(candidates(equal, {.temperature = 1.0, .top_p = 0.5}).size() == 3);

  const std::vector<float> logits{std::log(0.5F), std::log(0.3F), std::log(0.2F)};
  Sampler sampler({.temperature = 1.0, .seed = 11});
  std::vector<int> counts(3);
  constexpr int kDraws = 20000;
  for (int i = 0; i < kDraws; ++i) ++counts[sampler.choose(logits)];
  CHECK(counts[0] == Approx(0.5 * kDraws).epsilon(0.03));
  CHECK(counts[1] == Approx(0.3 * kDraws).epsilon(0.03));

  // The same seed, the same tokens.
  Sampler first({.temperature = 1.0, .seed = 5}), again({.temperature = 1.0, .seed = 5});
  for (int i = 0; i < 100; ++i) CHECK(first.choose(logits) == again.choose(logits));
}

TEST_CASE("sampler: options out of their range are refused by name") {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  struct Row {
    SamplerOptions options;
    std::string refused;  // empty: good
  };
  const std::vector<Row> rows{
      {{}, ""},
      {{.temperature = 100.0, .top_k = 1 << 30, .top_p = 1.0, .min_p = 1.0, .seed = ~std::uint64_t{0}}, ""},
      {{.top_p = 1e-300}, ""},
      {{.temperature = kNan}, "temperature must be from 0 to 100"},
      {{.temperature = kInfinity}, "temperature must be from 0 to 100"},
      {{.temperature = -1e-9}, "temperature must be from 0 to 100"},
      {{.temperature = 100.1}, "temperature must be from 0 to 100"},
      {{.top_k = -1}, "top_k must be from 0 to 1073741824"},
      {{.top_k = (1 << 30) + 1}, "top_k must be from 0 to 1073741824"},
      {{.top_p = 0.0}, "top_p must be above 0 and at most 1"},
      {{.top_p = 1.0001}, "top_p must be above 0 and at most 1"},
      {{.top_p = kNan}, "top_p must be above 0 and at most 1"},
      {{.min_p = -0.1}, "min_p must be from 0 to 1"},
      {{.min_p = kInfinity}, "min_p must be from 0 to 1"},
      {{.min_p = kNan}, "min_p must be from 0 to 1"},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    INFO("row " << i);
    const auto checked = check(rows[i].options);
    CHECK((checked ? "" : checked.error().message) == rows[i].refused);
  }
}

}  // namespace pml::runtime
