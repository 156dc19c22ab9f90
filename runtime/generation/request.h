// What a request asks of generation, and what it gets.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "runtime/generation/sampler.h"
#include "runtime/kv.h"

namespace pml::runtime {

struct GenerationOptions {
  std::int32_t max_tokens = 256;
  SamplerOptions sampler;
  std::int32_t num_logprobs = 0;       // per generated token, of the raw distribution
  std::vector<TokenId> forced_tokens;  // generated instead of choosing
  std::vector<TokenId> end_tokens;     // generation ends after any of these
  KvType kv_type = KvType::f16;        // of the request's own rows
};

enum class FinishReason { stop, length, cancelled };
/// "stop": an end token, or what the caller took for an end; "length": max_tokens, the end of the forced tokens,
/// or of the model's context; "cancelled": the caller wants no more.
std::string_view to_string(FinishReason reason);

struct Answer {
  std::vector<TokenId> tokens;                 // the end token included
  std::vector<std::vector<LogProb>> logprobs;  // by token, best first
  FinishReason finish_reason = FinishReason::length;
  double first_token_seconds = 0.0;  // from submission
  double decode_seconds = 0.0;       // from the first token to the last
  std::size_t private_bytes = 0;     // KV of the request's own rows
};

/// The rows that a request computes, over the KV that it only reads.
struct GenerationRequest {
  std::vector<TokenId> tokens;                     // live rows, at least one; the answer follows the last
  std::vector<Slot> positions;                     // of the live rows, ascending
  std::vector<KvView> context;                     // in position order
  std::vector<std::shared_ptr<const void>> keeps;  // what the views point into
  GenerationOptions options;
  /// Called with every token as soon as it is known; a reason ends the answer there. May be empty.
  std::function<std::optional<FinishReason>(TokenId)> on_token;
  /// Called once, with whatever was generated. May be empty.
  std::function<void(Answer)> on_done;
};

}  // namespace pml::runtime
