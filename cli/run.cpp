// pml run: answer a prompt, or a batch of them (run_batch.cpp).
#include <chrono>
#include <cstdio>

#include "cli/answering.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/run_batch.h"
#include "cli/timing.h"

namespace pml::cli {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

void print_summary(const Usage& usage, const runtime::Answer& answer, double ttft_ms) {
  char decoding[64] = "";
  if (decode_rate(answer) > 0.0) {
    std::snprintf(decoding, sizeof decoding, ", then %.1f tokens/s", decode_rate(answer));
  }
  std::fprintf(
      stderr, "\n%lld tokens from the cache%s, %lld computed; first token after %.0f ms%s\n",
      static_cast<long long>(usage.cached_tokens),
      usage.encoded_tokens > 0 ? (" (" + std::to_string(usage.encoded_tokens) + " of them encoded now)").c_str() : "",
      static_cast<long long>(usage.live_tokens + usage.repaired_tokens), ttft_ms, decoding);
}

}  // namespace

int run(const Options& options) {
  Timing timing("program and LibTorch");
  timing.begin("model file and store");
  Clock::time_point start = Clock::now();
  Workspace workspace(options);
  workspace.require_model();
  workspace.open_store();
  double load_ms = milliseconds_since(start);

  // The request's own work is its time to first token. Its first part is done before the weights are loaded, so
  // that mistakes are reported at once.
  start = Clock::now();
  timing.begin("schema");
  workspace.read_schema();
  workspace.read_manifest();
  workspace.lay_out();
  workspace.make_recipe();
  for (const std::int32_t token : options.force_tokens) {
    if (token < 0 || token >= workspace.model().config().vocab_size) {
      workspace.misuse("--force-tokens: " + std::to_string(token) + " is not a token of the model");
    }
  }
  if (!options.batch.empty()) return run_batch(workspace, options);
  timing.begin("prompt");
  workspace.require_prompt();
  workspace.read_prompt();
  workspace.make_plan();
  const double planning_ms = milliseconds_since(start);

  start = Clock::now();
  timing.begin("weights");
  Answering answering(workspace, options);
  load_ms += milliseconds_since(start);

  start = Clock::now();
  timing.begin("artifacts");
  const compiler::Plan plan = options.no_cache ? without_cache(workspace.plan()) : workspace.plan();
  Usage usage;
  catch_interrupts();  // Ctrl-C ends the answer, not the program: what was computed is still reported
  Result<runtime::GenerationRequest> request;
  {
    Progress progress("encoding", "tokens", plan.num_cached, !options.quiet && !options.json);
    answering.encoder().on_progress = [&](std::int64_t count) { progress.advance(count); };
    request = answering.request(plan, answering.generation_options(), usage);
  }
  if (!request) workspace.stop(request.error().message, is_interrupted() ? kInterrupted : kMachineFailed);

  std::string text;
  runtime::TextStream stream(
      [&](std::string_view piece) {
        text += piece;
        if (options.json) return;
        std::fwrite(piece.data(), 1, piece.size(), stdout);
        std::fflush(stdout);
      },
      options.stop);
  double ttft_ms = 0.0;
  request->on_token = [&](runtime::TokenId token) -> std::optional<runtime::FinishReason> {
    if (ttft_ms == 0.0) {
      ttft_ms = planning_ms + milliseconds_since(start);
      timing.begin("further tokens");
    }
    stream.add(answering.bytes_of(token));
    if (stream.is_stopped()) return runtime::FinishReason::stop;
    return std::nullopt;
  };
  timing.begin("first token");
  const runtime::Answer answer = generate(answering.model(), std::move(*request));
  timing.begin("end");
  stream.finish();
  if (!options.json && (text.empty() || text.back() != '\n')) std::fputs("\n", stdout);
  std::fflush(stdout);
  if (answer.finish_reason == runtime::FinishReason::failed) workspace.fail(answer.error);

  if (options.json) {
    Json result = to_json(text, answer, usage, answering.generation_options(), ttft_ms);
    result["timing"]["load_ms"] = load_ms;
    if (options.timing) result["timing"].update(timing.to_json());
    result["repair"] = to_string(workspace.repair_policy());
    result["recipe"] = Json::parse(to_json(workspace.recipe()));
    print(result);
  } else if (!options.quiet) {
    print_summary(usage, answer, ttft_ms);
  }
  if (options.timing && !options.json) timing.print();
  return answer.finish_reason == runtime::FinishReason::cancelled ? kInterrupted : kDone;
}

}  // namespace pml::cli
