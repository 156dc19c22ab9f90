// A plan and its artifacts -> a request, and the answer to one request.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "compiler/plan.h"
#include "runtime/generation/request.h"
#include "runtime/model.h"
#include "runtime/store/store.h"

namespace pml::runtime {

/// The plan's live rows over `artifacts`: those of the plan's segments that have one, in order.
GenerationRequest make_request(const compiler::Plan& plan,
                               const std::vector<std::shared_ptr<const Artifact>>& artifacts,
                               const GenerationOptions& options);

/// The logits before each of the `continuation`'s tokens, if those follow the request's own: [continuation.size(),
/// vocab_size]. One prefill; the request's options have no meaning.
std::vector<float> continuation_logits(const Model& model, const GenerationRequest& request,
                                       std::span<const TokenId> continuation);

/// Answers one request, alone on the model. Sampler options that are out of range make it fail.
Answer generate(const Model& model, GenerationRequest request);

}  // namespace pml::runtime
