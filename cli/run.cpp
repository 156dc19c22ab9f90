// pml run: answer a prompt.
#include <chrono>
#include <csignal>
#include <cstdio>

#include "cli/commands.h"
#include "cli/json_output.h"
#include "cli/progress.h"
#include "cli/runtime_options.h"
#include "cli/text_stream.h"
#include "cli/workspace.h"
#include "runtime/encoder.h"
#include "runtime/generate.h"

namespace pml::cli {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

volatile std::sig_atomic_t interrupted = 0;

/// Ctrl-C ends the answer, not the program: what was computed is still reported.
void end_answer_on_interrupt() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // a second one ends the program
  ::sigaction(SIGINT, &action, nullptr);
}

/// What served the prompt, for people and for machines.
struct Usage {
  std::int64_t cached_tokens = 0;
  std::int64_t encoded_tokens = 0;
  std::int64_t live_tokens = 0;
  std::size_t bytes_mapped = 0;
};

Json to_json(const runtime::Answer& answer) {
  Json list = Json::array();
  for (const auto& step : answer.logprobs) {
    Json entries = Json::array();
    for (const runtime::LogProb& entry : step) entries.push_back({{"id", entry.id}, {"logprob", entry.logprob}});
    list.push_back(std::move(entries));
  }
  return list;
}

}  // namespace

int run(const Options& options) {
  Clock::time_point start = Clock::now();
  Workspace workspace(options);
  workspace.require_model();
  workspace.open_store();
  double load_ms = milliseconds_since(start);

  // The request's own work is its time to first token. Its first part is done before the weights are loaded, so
  // that mistakes are reported at once.
  start = Clock::now();
  workspace.read_schema();
  workspace.read_manifest();
  workspace.lay_out();
  workspace.require_prompt();
  workspace.read_prompt();
  workspace.make_plan();
  workspace.make_recipe();
  for (const std::int32_t token : options.force_tokens) {
    if (token < 0 || token >= workspace.model().config().vocab_size) {
      workspace.misuse("--force-tokens: " + std::to_string(token) + " is not a token of the model");
    }
  }
  const double planning_ms = milliseconds_since(start);

  start = Clock::now();
  auto model = runtime::Model::load(workspace.model(), model_options(options));
  if (!model) workspace.fail(model.error().message);
  load_ms += milliseconds_since(start);

  start = Clock::now();
  const runtime::KvType kv_type = kv_type_of(workspace.recipe());
  const compiler::Plan plan = options.no_cache ? without_cache(workspace.plan()) : workspace.plan();

  runtime::Encoder encoder(*model, &workspace.store(), workspace.layout(), workspace.contexts(), workspace.recipe(),
                           kv_type, warn);
  Usage usage;
  std::vector<std::shared_ptr<const runtime::Artifact>> artifacts;
  {
    Progress progress("encoding", "tokens", plan.num_cached, !options.quiet && !options.json);
    encoder.on_progress = [&](std::int64_t count) { progress.advance(count); };
    for (const compiler::PlannedSegment& segment : plan.segments) {
      if (segment.artifact == compiler::kNone) continue;
      auto outcome = encoder.artifact(segment.artifact);
      if (!outcome) workspace.fail(outcome.error().message);
      usage.cached_tokens += segment.num_cached;
      if (outcome->finding != runtime::Finding::found) usage.encoded_tokens += segment.num_cached;
      if (outcome->artifact->is_mapped()) usage.bytes_mapped += outcome->artifact->size_bytes();
      artifacts.push_back(std::move(outcome->artifact));
    }
  }
  usage.live_tokens = plan.num_live;

  runtime::GenerateOptions generate_options;
  generate_options.max_tokens = options.max_tokens;
  generate_options.num_logprobs = options.logprobs;
  generate_options.forced_tokens = options.force_tokens;
  generate_options.end_tokens = workspace.end_tokens();
  generate_options.kv_type = kv_type;

  const compiler::Tokenizer& tokenizer = *workspace.text_encoder().tokenizer();
  std::string text;
  double ttft_ms = 0.0;
  end_answer_on_interrupt();
  TextStream stream([&](std::string_view piece) {
    text += piece;
    if (options.json) return;
    std::fwrite(piece.data(), 1, piece.size(), stdout);
    std::fflush(stdout);
  });
  const runtime::Answer answer = generate(*model, plan, artifacts, generate_options, [&](runtime::TokenId token) {
    if (ttft_ms == 0.0) ttft_ms = planning_ms + milliseconds_since(start);
    stream.add(tokenizer.bytes(token));
    return interrupted == 0;
  });
  stream.finish();

  const auto num_decoded = static_cast<double>(answer.tokens.size()) - 1.0;
  const double decode_rate = answer.decode_seconds > 0.0 && num_decoded > 0.0 ? num_decoded / answer.decode_seconds : 0.0;
  if (options.json) {
    Json result{{"text", text},
                {"tokens", answer.tokens},
                {"finish_reason", to_string(answer.finish_reason)},
                {"seed", options.seed},
                {"repair", options.repair},
                {"recipe", Json::parse(to_json(workspace.recipe()))},
                {"usage",
                 {{"cached_tokens", usage.cached_tokens},
                  {"encoded_tokens", usage.encoded_tokens},
                  {"live_tokens", usage.live_tokens},
                  {"repaired_tokens", 0},
                  {"generated_tokens", answer.tokens.size()}}},
                {"timing", {{"load_ms", load_ms}, {"ttft_ms", ttft_ms}, {"decode_tokens_per_s", decode_rate}}},
                {"kv",
                 {{"bytes_mapped", usage.bytes_mapped}, {"bytes_private", answer.private_bytes}, {"bytes_copied", 0}}}};
    if (options.logprobs > 0) result["logprobs"] = to_json(answer);
    print(result);
    return kDone;
  }
  if (text.empty() || text.back() != '\n') std::fputs("\n", stdout);
  std::fflush(stdout);
  if (!options.quiet) {
    char decoding[64] = "";
    if (decode_rate > 0.0) std::snprintf(decoding, sizeof decoding, ", then %.1f tokens/s", decode_rate);
    std::fprintf(stderr, "\n%lld tokens from the cache%s, %lld computed; first token after %.0f ms%s\n",
                 static_cast<long long>(usage.cached_tokens),
                 usage.encoded_tokens > 0
                     ? (" (" + std::to_string(usage.encoded_tokens) + " of them encoded now)").c_str()
                     : "",
                 static_cast<long long>(usage.live_tokens), ttft_ms, decoding);
  }
  return kDone;
}

}  // namespace pml::cli
