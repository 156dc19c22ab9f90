#include "runtime/generate.h"

#include "runtime/generation/scheduler.h"

namespace pml::runtime {

GenerationRequest make_request(const compiler::Plan& plan,
                               const std::vector<std::shared_ptr<const Artifact>>& artifacts,
                               const GenerationOptions& options) {
  GenerationRequest request;
  request.options = options;
  std::size_t next_artifact = 0;
  for (const compiler::PlannedSegment& segment : plan.segments) {
    if (segment.artifact == compiler::kNone) continue;
    const auto& artifact = artifacts.at(next_artifact++);
    KvView view = artifact->view();
    view.num_rows = segment.num_cached;  // the others are computed live
    view.first = segment.first;
    view.shift = segment.shift;
    request.keeps.push_back(artifact);
    if (!segment.repaired.empty()) {
      const auto repaired = std::make_shared<const std::vector<std::int32_t>>(segment.repaired);
      view.excluded_rows = *repaired;
      request.keeps.push_back(repaired);
    }
    request.context.push_back(view);
  }
  for (const compiler::PlannedRow& row : plan.rows) {
    if (row.source == compiler::RowSource::cached) continue;
    request.tokens.push_back(row.token);
    request.positions.push_back(row.position);
  }
  return request;
}

std::vector<float> continuation_logits(const Model& model, const GenerationRequest& request,
                                       std::span<const TokenId> continuation) {
  std::vector<TokenId> tokens = request.tokens;
  std::vector<Slot> positions = request.positions;
  for (std::size_t i = 0; i + 1 < continuation.size(); ++i) {
    tokens.push_back(continuation[i]);
    positions.push_back(positions.back() + 1);
  }
  KvBuffer own(model.kv_shape(request.options.kv_type), static_cast<std::int64_t>(tokens.size()));
  return prefill(model, tokens, positions, request.context, own, static_cast<std::int32_t>(continuation.size()));
}

Answer generate(const Model& model, GenerationRequest request) {
  Answer answer;
  const auto on_done = std::move(request.on_done);
  request.on_done = [&](Answer done) { answer = std::move(done); };
  Scheduler scheduler([&](std::span<const SequenceInput> inputs) { return model.forward(inputs); },
                      model.kv_shape(request.options.kv_type), model.config().max_positions, {.tail_kv_bytes = 0});
  const auto id = scheduler.submit(std::move(request));
  if (!id) {
    answer.finish_reason = FinishReason::failed;
    answer.error = id.error().message;
  }
  while (scheduler.step()) continue;
  if (on_done) on_done(answer);
  return answer;
}

}  // namespace pml::runtime
