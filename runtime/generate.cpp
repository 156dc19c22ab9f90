#include "runtime/generate.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "grammar/check.h"

namespace pml::runtime {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

TokenId best(std::span<const float> logits) {
  return static_cast<TokenId>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

std::vector<LogProb> best_logprobs(std::span<const float> logits, std::int32_t count) {
  const float most = *std::max_element(logits.begin(), logits.end());
  double sum = 0.0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit - most));
  const double log_sum = static_cast<double>(most) + std::log(sum);

  std::vector<TokenId> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto size = std::min<std::size_t>(static_cast<std::size_t>(count), order.size());
  const auto better = [&](TokenId a, TokenId b) {
    return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
  };
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(size), order.end(), better);
  std::vector<LogProb> result;
  for (std::size_t i = 0; i < size; ++i) {
    result.push_back({order[i], static_cast<float>(static_cast<double>(logits[order[i]]) - log_sum)});
  }
  return result;
}

/// The first rows of an artifact; the others are computed live.
KvView first_rows(KvView view, std::int32_t num_rows) {
  view.num_rows = num_rows;
  return view;
}

}  // namespace

std::string_view to_string(FinishReason reason) { return reason == FinishReason::stop ? "stop" : "length"; }

Answer generate(const Model& model, const compiler::Plan& plan,
                const std::vector<std::shared_ptr<const Artifact>>& artifacts, const GenerateOptions& options,
                const std::function<bool(TokenId)>& on_token) {
  const Clock::time_point start = Clock::now();
  std::vector<KvView> context;
  std::size_t next_artifact = 0;
  for (const compiler::PlannedSegment& segment : plan.segments) {
    if (segment.artifact == compiler::kNone) continue;
    KvView view = first_rows(artifacts.at(next_artifact++)->view(), segment.num_cached);
    view.first = segment.first;
    view.shift = segment.shift;
    context.push_back(view);
  }
  std::vector<TokenId> tokens;
  std::vector<Slot> positions;
  for (const compiler::PlannedRow& row : plan.rows) {
    if (row.source == compiler::RowSource::cached) continue;
    tokens.push_back(row.token);
    positions.push_back(row.position);
  }
  PML_CHECK(!tokens.empty(), "a plan's last row is live");

  const Slot room = model.config().max_positions - positions.back() - 1;
  auto limit = std::min<std::int64_t>(options.max_tokens, room);
  if (!options.forced_tokens.empty()) {
    limit = std::min<std::int64_t>(limit, static_cast<std::int64_t>(options.forced_tokens.size()));
  }
  // The last generated token is never read back, so it has no row.
  KvBuffer own(model.kv_shape(options.kv_type), static_cast<std::int64_t>(tokens.size()) + std::max<std::int64_t>(limit - 1, 0));

  Answer answer;
  answer.private_bytes = own.size_bytes();
  std::vector<float> logits = prefill(model, tokens, positions, context, own, /*wants_logits=*/true);
  Clock::time_point first_token_at = Clock::now();
  Slot position = positions.back();
  while (static_cast<std::int64_t>(answer.tokens.size()) < limit) {
    const std::size_t step = answer.tokens.size();
    const TokenId token = step < options.forced_tokens.size() ? options.forced_tokens[step] : best(logits);
    if (options.num_logprobs > 0) answer.logprobs.push_back(best_logprobs(logits, options.num_logprobs));
    answer.tokens.push_back(token);
    if (step == 0) {
      answer.first_token_seconds = seconds_since(start);
      first_token_at = Clock::now();
    }
    const bool goes_on = on_token(token);
    const bool is_end =
        std::find(options.end_tokens.begin(), options.end_tokens.end(), token) != options.end_tokens.end();
    if (options.forced_tokens.empty() && is_end) {
      answer.finish_reason = FinishReason::stop;
      break;
    }
    if (!goes_on || static_cast<std::int64_t>(answer.tokens.size()) == limit) break;
    ++position;
    logits = prefill(model, {&token, 1}, {&position, 1}, context, own, /*wants_logits=*/true);
  }
  answer.decode_seconds = seconds_since(first_token_at);
  return answer;
}

}  // namespace pml::runtime
