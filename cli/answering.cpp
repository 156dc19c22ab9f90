#include "cli/answering.h"

#include "cli/interrupt.h"
#include "cli/load_model.h"
#include "cli/runtime_options.h"
#include "runtime/store/garbage.h"

namespace pml::cli {
namespace {

Json to_json(const std::vector<std::vector<runtime::LogProb>>& logprobs) {
  Json list = Json::array();
  for (const auto& step : logprobs) {
    Json entries = Json::array();
    for (const runtime::LogProb& entry : step) entries.push_back({{"id", entry.id}, {"logprob", entry.logprob}});
    list.push_back(std::move(entries));
  }
  return list;
}

}  // namespace

Answering::Answering(Workspace& workspace, const Options& options)
    : workspace_(workspace),
      options_(options),
      model_(load_model(workspace, options)),
      encoder_(model_, &workspace.store(), workspace.layout(), workspace.contexts(), workspace.recipe(),
               kv_type_of(workspace.recipe()), warn) {
  encoder_.is_cancelled = is_interrupted;
  generation_options_.max_tokens = options.max_tokens;
  generation_options_.sampler = options.sampler;
  generation_options_.num_logprobs = options.logprobs;
  generation_options_.forced_tokens = options.force_tokens;
  generation_options_.end_tokens = workspace.end_tokens();
  generation_options_.kv_type = kv_type_of(workspace.recipe());
}

Result<runtime::GenerationRequest> Answering::request(const compiler::Plan& plan,
                                                      const runtime::GenerationOptions& generation_options,
                                                      Usage& usage) {
  std::vector<std::shared_ptr<const runtime::Artifact>> artifacts;
  bool made_automatic = false;
  for (const compiler::PlannedSegment& segment : plan.segments) {
    if (segment.artifact == compiler::kNone) continue;
    auto outcome = encoder_.artifact(segment.artifact);
    if (!outcome) return tl::make_unexpected(outcome.error());
    usage.cached_tokens += segment.num_spliced();
    if (outcome->finding != runtime::Finding::found) {
      usage.encoded_tokens += segment.num_spliced();
      made_automatic = made_automatic || workspace_.contexts().is_automatic(segment.artifact);
    }
    if (outcome->artifact->is_mapped()) usage.bytes_mapped += outcome->artifact->size_bytes();
    artifacts.push_back(std::move(outcome->artifact));
  }
  if (made_automatic) trim_automatic(workspace_.store(), options_.automatic_bytes);
  usage.live_tokens = plan.num_live;
  usage.repaired_tokens = plan.num_repaired;
  runtime::GenerationRequest request = make_request(plan, artifacts, generation_options);
  request.is_cancelled = is_interrupted;
  return request;
}

std::string_view Answering::bytes_of(runtime::TokenId token) const {
  return workspace_.text_encoder().tokenizer()->bytes(token);
}

double decode_rate(const runtime::Answer& answer) {
  const auto num_decoded = static_cast<double>(answer.tokens.size()) - 1.0;
  return answer.decode_seconds > 0.0 && num_decoded > 0.0 ? num_decoded / answer.decode_seconds : 0.0;
}

Json to_json(const std::string& text, const runtime::Answer& answer, const Usage& usage,
             const runtime::GenerationOptions& generation_options, double ttft_ms) {
  Json result{{"text", text},
              {"tokens", answer.tokens},
              {"finish_reason", to_string(answer.finish_reason)},
              {"seed", generation_options.sampler.seed},
              {"usage",
               {{"cached_tokens", usage.cached_tokens},
                {"encoded_tokens", usage.encoded_tokens},
                {"live_tokens", usage.live_tokens},
                {"reused_tokens", answer.reused_rows},
                {"repaired_tokens", usage.repaired_tokens},
                {"generated_tokens", answer.tokens.size()}}},
              {"timing", {{"ttft_ms", ttft_ms}, {"decode_tokens_per_s", decode_rate(answer)}}},
              {"kv",
               {{"bytes_mapped", usage.bytes_mapped},
                {"bytes_private", answer.private_bytes},
                {"bytes_copied", answer.copied_bytes}}}};
  if (generation_options.num_logprobs > 0) result["logprobs"] = to_json(answer.logprobs);
  return result;
}

}  // namespace pml::cli
