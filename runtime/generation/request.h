// What a request asks of generation, and what it gets.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/generation/sampler.h"
#include "runtime/kv.h"

namespace pml::runtime {

inline constexpr OptionRange kMaxTokensRange{1.0, 1 << 20};

struct GenerationOptions {
  std::int32_t max_tokens = 256;
  SamplerOptions sampler;
  std::int32_t num_logprobs = 0;       // per generated token, of the raw distribution
  std::vector<TokenId> forced_tokens;  // generated instead of choosing
  std::vector<TokenId> end_tokens;     // generation ends after any of these
  KvType kv_type = KvType::f16;        // of the request's own rows
};

enum class FinishReason { stop, length, cancelled, failed };
/// "stop": an end token, or what the caller took for an end; "length": max_tokens, the end of the forced tokens,
/// or of the model's context; "cancelled": the caller wants no more; "failed": the machine could not go on.
std::string_view to_string(FinishReason reason);

struct Answer {
  std::vector<TokenId> tokens;                 // the end token included
  std::vector<std::vector<LogProb>> logprobs;  // by token, best first
  FinishReason finish_reason = FinishReason::length;
  std::string error;                 // why it failed; else empty
  double first_token_seconds = 0.0;  // from submission
  double decode_seconds = 0.0;       // from the first token to the last
  std::int64_t reused_rows = 0;      // live rows that an earlier request had computed, and that were still in memory
  std::size_t copied_bytes = 0;      // of their KV; 0 if they were taken over where they lay
  std::size_t private_bytes = 0;     // KV of the request's own rows, in whole pages
};

/// The rows that a request computes, over the KV that it only reads.
struct GenerationRequest {
  std::vector<TokenId> tokens;                     // live rows, at least one; the answer follows the last
  std::vector<Slot> positions;                     // of the live rows, ascending
  std::vector<KvView> context;                     // in position order
  std::vector<std::shared_ptr<const void>> keeps;  // what the views point into, one each
  GenerationOptions options;
  /// Called with every token as soon as it is known; a reason ends the answer there. May be empty.
  std::function<std::optional<FinishReason>(TokenId)> on_token;
  /// Asked before every forward pass; once it says yes, the request is cancelled. Does not throw. May be empty.
  std::function<bool()> is_cancelled;
  /// Called exactly once, however the request ends, with whatever was generated. What it throws is lost: there is
  /// nobody left to tell. May be empty.
  std::function<void(Answer)> on_done;
};

}  // namespace pml::runtime
