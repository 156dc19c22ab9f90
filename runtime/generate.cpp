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
    request.context.push_back(view);
    request.keeps.push_back(artifact);
  }
  for (const compiler::PlannedRow& row : plan.rows) {
    if (row.source == compiler::RowSource::cached) continue;
    request.tokens.push_back(row.token);
    request.positions.push_back(row.position);
  }
  return request;
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
