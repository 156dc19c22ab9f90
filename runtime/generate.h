// A plan and its artifacts -> an answer, token by token.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/plan.h"
#include "runtime/encoder.h"
#include "runtime/model.h"

namespace pml::runtime {

struct GenerateOptions {
  std::int32_t max_tokens = 256;
  std::int32_t num_logprobs = 0;             // per generated token, of the raw distribution
  std::vector<TokenId> forced_tokens;        // generated instead of choosing
  std::vector<TokenId> end_tokens;           // generation ends after any of these
  KvType kv_type = KvType::f16;
};

struct LogProb {
  TokenId id = 0;
  float logprob = 0.0F;
};

enum class FinishReason { stop, length };
/// "stop": an end token; "length": max_tokens, the end of the forced tokens, or of the model's context.
std::string_view to_string(FinishReason reason);

struct Answer {
  std::vector<TokenId> tokens;                  // the end token included
  std::vector<std::vector<LogProb>> logprobs;   // by token, best first
  FinishReason finish_reason = FinishReason::length;
  double first_token_seconds = 0.0;             // from the start of generate()
  double decode_seconds = 0.0;                  // from the first token to the last
  std::size_t private_bytes = 0;                // KV of the request's own rows
};

/// Computes the plan's live rows over `artifacts` and decodes greedily; ties go to the lowest ID. `artifacts`
/// are those of the plan's segments that have one, in order. Decoding goes on at the last row's position + 1.
/// `on_token` is called for every token as soon as it is known; returning false ends the answer.
Answer generate(const Model& model, const compiler::Plan& plan,
                const std::vector<std::shared_ptr<const Artifact>>& artifacts, const GenerateOptions& options,
                const std::function<bool(TokenId)>& on_token);

}  // namespace pml::runtime
