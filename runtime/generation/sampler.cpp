#include "runtime/generation/sampler.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "grammar/check.h"

namespace pml::runtime {
namespace {

/// Token IDs, the best `count` of them first and in order.
std::vector<TokenId> best_ids(std::span<const float> logits, std::size_t count) {
  std::vector<TokenId> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto better = [&](TokenId a, TokenId b) { return logits[a] != logits[b] ? logits[a] > logits[b] : a < b; };
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(std::min(count, order.size()));
  std::partial_sort(order.begin(), middle, order.end(), better);
  order.erase(middle, order.end());
  return order;
}

}  // namespace

std::string to_string(const OptionRange& range) {
  char text[80];
  std::snprintf(text, sizeof text, range.excludes_least ? "above %.10g and at most %.10g" : "from %.10g to %.10g",
                range.least, range.most);
  return text;
}

Result<void> check(const SamplerOptions& options) {
  struct Row {
    const char* name;
    double value;
    OptionRange range;
  };
  for (const Row& row : {Row{"temperature", options.temperature, kTemperatureRange},
                         Row{"top_k", static_cast<double>(options.top_k), kTopKRange},
                         Row{"top_p", options.top_p, kTopPRange}, Row{"min_p", options.min_p, kMinPRange}}) {
    if (!row.range.contains(row.value)) return fail(std::string(row.name) + " must be " + to_string(row.range));
  }
  return {};
}

std::vector<Candidate> candidates(std::span<const float> logits, const SamplerOptions& options) {
  PML_CHECK(!logits.empty() && options.temperature > 0.0, "there is something to draw from");
  const double most = *std::max_element(logits.begin(), logits.end());
  std::vector<Candidate> all(logits.size());  // weights first: the likeliest has 1
  double mass = 0.0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    all[i] = {static_cast<TokenId>(i), std::exp((static_cast<double>(logits[i]) - most) / options.temperature)};
    mass += all[i].probability;
  }

  // Every filter keeps a prefix of the order, so only what is kept is ever sorted.
  const auto worse = [](const Candidate& a, const Candidate& b) {
    return a.probability != b.probability ? a.probability < b.probability : a.id > b.id;
  };
  const bool has_top_k = options.top_k > 0 && static_cast<std::size_t>(options.top_k) < all.size();
  if (has_top_k) {
    const auto middle = all.begin() + options.top_k;
    std::nth_element(all.begin(), middle - 1, all.end(), [&](const auto& a, const auto& b) { return worse(b, a); });
    all.erase(middle, all.end());
    mass = 0.0;
    for (const Candidate& candidate : all) mass += candidate.probability;
  }
  std::vector<Candidate> kept;
  if (!has_top_k && options.top_p >= 1.0 && options.min_p <= 0.0) {
    kept = std::move(all);
  } else {
    double sum = 0.0;
    for (std::make_heap(all.begin(), all.end(), worse); !all.empty(); all.pop_back()) {
      std::pop_heap(all.begin(), all.end(), worse);
      const Candidate& next = all.back();
      const bool is_past = (options.top_p < 1.0 && sum >= options.top_p * mass) || next.probability < options.min_p;
      if (is_past && !kept.empty()) break;
      kept.push_back(next);
      sum += next.probability;
    }
    mass = sum;
  }
  for (Candidate& candidate : kept) candidate.probability /= mass;
  return kept;
}

std::vector<LogProb> best_logprobs(std::span<const float> logits, std::int32_t count) {
  const double most = *std::max_element(logits.begin(), logits.end());
  double sum = 0.0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - most);
  const double log_sum = most + std::log(sum);
  std::vector<LogProb> result;
  for (const TokenId id : best_ids(logits, static_cast<std::size_t>(count))) {
    result.push_back({id, static_cast<float>(static_cast<double>(logits[id]) - log_sum)});
  }
  return result;
}

TokenId Sampler::choose(std::span<const float> logits) {
  if (options_.temperature <= 0.0) {
    return static_cast<TokenId>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  }
  const std::vector<Candidate> from = candidates(logits, options_);
  // 53 random bits; the standard's own distributions differ between libraries.
  double left = static_cast<double>(engine_() >> 11) * 0x1.0p-53;
  for (const Candidate& candidate : from) {
    left -= candidate.probability;
    if (left < 0.0) return candidate.id;
  }
  return from.back().id;
}

}  // namespace pml::runtime
