#include "cli/verification.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

#include "cli/interrupt.h"
#include "cli/load_model.h"
#include "cli/plan_text.h"
#include "cli/prompt_log.h"
#include "cli/rank.h"
#include "cli/runtime_options.h"
#include "compiler/repair.h"
#include "runtime/fidelity.h"

namespace pml::cli {
Verification::Verification(Workspace& workspace, const Options& options)
    : workspace_(workspace), options_(options), model_(load_model(workspace, options)) {}

Verification::Kind& Verification::kind_of(ast::ContextKind kind) {
  const auto [entry, is_new] = kinds_.try_emplace(kind);
  Kind& known = entry->second;
  if (!is_new) return known;
  known.contexts = workspace_.declare_contexts(kind);
  known.encoder = make_encoder(known.contexts, &workspace_.store(), warn);
  const bool needs_ranking = std::ranges::any_of(
      options_.verification.repairs,
      [](const grammar::RepairPolicy& policy) { return policy.kind == grammar::RepairPolicy::Kind::ratio; });
  const bool is_ranked = kind == workspace_.context_kind() && !workspace_.ranking().empty();
  if (is_ranked) {
    known.ranking = workspace_.ranking();
  } else if (needs_ranking) {
    const auto prompts = random_prompts(workspace_, kRankingPrompts, options_.json);
    known.ranking = rank_tokens(workspace_, known.contexts, prompts, model_, *known.encoder);
  }
  return known;
}

std::unique_ptr<runtime::Encoder> Verification::make_encoder(const compiler::Contexts& contexts,
                                                             const runtime::Store* store, runtime::Warn warn) const {
  auto encoder = std::make_unique<runtime::Encoder>(model_, store, workspace_.layout(), contexts, workspace_.recipe(),
                                                    kv_type_of(workspace_.recipe()), std::move(warn));
  encoder->is_cancelled = is_interrupted;
  return encoder;
}

std::int64_t Verification::count_missing(ast::ContextKind kind) {
  Kind& known = kind_of(kind);
  const auto digests = chain_digests(workspace_.layout(), known.contexts, workspace_.recipe());
  std::int64_t sum = 0;
  for (std::size_t node = 0; node < known.contexts.nodes.size(); ++node) {
    if (workspace_.store().has(digests[node])) continue;
    sum += static_cast<std::int64_t>(workspace_.layout().segments[known.contexts.nodes[node].segment].tokens.size());
  }
  return sum;
}

compiler::Plan Verification::plan(const compiler::Selection& selection, const Setting& setting) {
  grammar::Diagnostics none;  // the prompt was planned before without any
  compiler::Plan plan = make_plan(workspace_.layout(), kind_of(setting.context).contexts, selection,
                                  workspace_.text_encoder(), workspace_.max_positions(), none);
  return repair(std::move(plan), workspace_.layout(), setting.repair, kind_of(setting.context).ranking);
}

compiler::Plan Verification::full_plan(const compiler::Selection& selection) {
  return without_cache(plan(selection, {workspace_.context_kind(), {}}));
}

Result<runtime::GenerationRequest> Verification::request(const compiler::Plan& plan, runtime::Encoder& encoder) const {
  std::vector<std::shared_ptr<const runtime::Artifact>> artifacts;
  for (const compiler::PlannedSegment& segment : plan.segments) {
    if (segment.artifact == compiler::kNone) continue;
    auto outcome = encoder.artifact(segment.artifact);
    if (!outcome) return tl::make_unexpected(outcome.error());
    artifacts.push_back(std::move(outcome->artifact));
  }
  runtime::GenerationOptions generation;
  generation.max_tokens = options_.verification.tokens;
  generation.end_tokens = workspace_.end_tokens();
  generation.kv_type = kv_type_of(workspace_.recipe());
  runtime::GenerationRequest request = make_request(plan, artifacts, generation);
  request.is_cancelled = is_interrupted;
  return request;
}

std::vector<std::vector<float>> Verification::distributions(const runtime::GenerationRequest& request,
                                                            std::span<const compiler::TokenId> continuation) {
  const std::vector<float> logits = continuation_logits(model_, request, continuation);
  const std::size_t size = logits.size() / continuation.size();
  std::vector<std::vector<float>> result;
  for (std::size_t i = 0; i < continuation.size(); ++i) {
    result.push_back(runtime::log_softmax(std::span(logits).subspan(i * size, size)));
  }
  return result;
}

Result<Reference> Verification::reference(const Sample& sample) {
  const compiler::Plan plan = full_plan(sample.selection);
  auto full = request(plan, *kind_of(workspace_.context_kind()).encoder);
  if (!full) return tl::make_unexpected(full.error());
  Reference reference;
  runtime::Answer answer = generate(model_, *full);
  if (answer.finish_reason == runtime::FinishReason::failed) return fail(answer.error);
  if (answer.finish_reason == runtime::FinishReason::cancelled) return fail("interrupted");
  reference.tokens = std::move(answer.tokens);
  // Once more in one pass, as the others are computed: rounding would be another, token by token.
  reference.logprobs = distributions(*full, reference.tokens);
  return reference;
}

Result<PromptFidelity> Verification::compare(const compiler::Plan& plan, runtime::Encoder& encoder,
                                             const Reference& reference) {
  auto request = this->request(plan, encoder);
  if (!request) return tl::make_unexpected(request.error());
  const auto logprobs = distributions(*request, reference.tokens);
  PromptFidelity result;
  const std::size_t count = reference.tokens.size();
  std::size_t num_equal = 0;
  for (std::size_t i = 0; i < count; ++i) {
    result.kl += runtime::kl_divergence(reference.logprobs[i], logprobs[i]) / static_cast<double>(count);
    const bool is_equal = runtime::argmax(logprobs[i]) == runtime::argmax(reference.logprobs[i]);
    if (is_equal && num_equal == i) ++result.num_same;
    num_equal += is_equal ? 1 : 0;
  }
  result.top1 = static_cast<double>(num_equal) / static_cast<double>(count);
  result.num_tokens = static_cast<std::int32_t>(count);
  result.num_cached = plan.num_cached;
  result.num_live = plan.num_live;
  result.num_repaired = plan.num_repaired;
  return result;
}

Result<PromptFidelity> Verification::measure(const Sample& sample, const Reference& reference, const Setting& setting,
                                             bool measures_time) {
  const compiler::Plan plan = this->plan(sample.selection, setting);
  auto result = compare(plan, *kind_of(setting.context).encoder, reference);
  if (!result || !measures_time) return result;
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  const compiler::Plan again = this->plan(sample.selection, setting);
  auto request = this->request(again, *kind_of(setting.context).encoder);
  if (!request) return tl::make_unexpected(request.error());
  continuation_logits(model_, *request, std::span(reference.tokens).first(1));
  result->ttft_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  return result;
}

Result<PromptFidelity> Verification::measure_without_gaps(const Sample& sample, const Reference& reference) {
  return compare(without_gaps(full_plan(sample.selection)), *kind_of(workspace_.context_kind()).encoder, reference);
}

Result<QuestionFidelity> Verification::ask(const Question& question, const std::optional<Setting>& setting) {
  const compiler::Plan plan = setting ? this->plan(question.selection, *setting) : full_plan(question.selection);
  auto request = this->request(plan, *kind_of(setting ? setting->context : workspace_.context_kind()).encoder);
  if (!request) return tl::make_unexpected(request.error());
  QuestionFidelity result;
  double best = 0.0;
  std::vector<float> first;  // the distribution of the first token, which all candidates share
  for (std::size_t i = 0; i < question.candidates.size(); ++i) {
    const auto& tokens = question.candidates[i];
    double logprob = 0.0;
    if (tokens.size() == 1 && !first.empty()) {
      logprob = first[static_cast<std::size_t>(tokens[0])];
    } else {
      const auto logprobs = distributions(*request, tokens);
      for (std::size_t step = 0; step < tokens.size(); ++step) {
        logprob += logprobs[step][static_cast<std::size_t>(tokens[step])];
      }
      first = logprobs.front();
    }
    const double probability = std::exp(logprob);
    (i == 0 ? result.right : result.wrong) += probability;
    if (i > 0) best = std::max(best, probability);
  }
  result.is_right = result.right > best;
  return result;
}

Result<std::vector<std::pair<std::string, double>>> Verification::blame(const Sample& sample,
                                                                        const Reference& reference,
                                                                        const Setting& setting) {
  const compiler::Plan plan = this->plan(sample.selection, setting);
  const auto whole = compare(plan, *kind_of(setting.context).encoder, reference);
  if (!whole) return tl::make_unexpected(whole.error());
  std::set<std::string> modules;
  for (const compiler::PlannedSegment& segment : plan.segments) {
    if (segment.present && segment.num_cached > 0 && !segment.exact) modules.insert(segment.module);
  }
  std::vector<std::pair<std::string, double>> result;
  for (const std::string& module : modules) {
    compiler::Plan repaired = plan;
    for (compiler::PlannedSegment& segment : repaired.segments) {
      if (!segment.present || segment.num_cached == 0 || segment.exact || segment.module != module) continue;
      clear_artifact(segment);
      segment.is_repaired = true;
    }
    update(repaired);
    const auto fidelity = compare(repaired, *kind_of(setting.context).encoder, reference);
    if (!fidelity) return tl::make_unexpected(fidelity.error());
    result.emplace_back(module, whole->kl - fidelity->kl);
  }
  std::ranges::stable_sort(result, std::greater<>(), &std::pair<std::string, double>::second);
  return result;
}

Result<Verification::Gain> Verification::try_scaffold(const std::vector<compiler::ElementId>& modules,
                                                      const std::vector<Sample>& samples,
                                                      const std::vector<Reference>& references,
                                                      const std::vector<double>& kls) {
  const compiler::Contexts contexts =
      declare_contexts(workspace_.layout(), workspace_.context_kind(), workspace_.standins(), {{"", modules}});
  Gain gain;
  for (const auto& artifacts : contexts.artifacts) {
    for (const compiler::DeclaredArtifact& artifact : artifacts) {
      if (artifact.scaffold == compiler::kNone) continue;
      const auto& segment = workspace_.layout().segments[contexts.nodes[artifact.node].segment];
      gain.num_tokens += static_cast<std::int64_t>(segment.tokens.size());
    }
  }
  gain.size_bytes = 2 * model_.kv_shape(kv_type_of(workspace_.recipe())).size_bytes(gain.num_tokens);
  std::vector<Sample> with_all;
  std::vector<Reference> their_references;
  double before = 0.0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const bool has_all = std::ranges::all_of(
        modules, [&](const compiler::ElementId module) { return samples[i].selection.present[module]; });
    if (!has_all) continue;
    with_all.push_back(samples[i]);
    their_references.push_back(references[i]);
    before += kls[i];
  }
  if (with_all.empty()) return gain;
  const auto after = try_contexts(contexts, with_all, their_references);
  if (!after) return tl::make_unexpected(after.error());
  gain.kl = (before - *after * static_cast<double>(with_all.size())) / static_cast<double>(samples.size());
  return gain;
}

Result<double> Verification::try_contexts(const compiler::Contexts& contexts, const std::vector<Sample>& samples,
                                          const std::vector<Reference>& references) {
  const auto silent = [](const std::string&) {};
  const auto store = runtime::Store::open_for_reading(workspace_.store().folder(), silent);
  const auto encoder = make_encoder(contexts, store ? &*store : nullptr, silent);
  double sum = 0.0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    grammar::Diagnostics none;
    compiler::Plan plan = make_plan(workspace_.layout(), contexts, samples[i].selection, workspace_.text_encoder(),
                                    workspace_.max_positions(), none);
    plan = repair(std::move(plan), workspace_.layout(), workspace_.repair_policy(), {});
    const auto fidelity = compare(plan, *encoder, references[i]);
    if (!fidelity) return tl::make_unexpected(fidelity.error());
    sum += fidelity->kl;
  }
  return sum / static_cast<double>(samples.size());
}

}  // namespace pml::cli
