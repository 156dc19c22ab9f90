#include "cli/encode.h"

#include <chrono>

#include "cli/interrupt.h"
#include "cli/load_model.h"
#include "cli/progress.h"
#include "cli/rank.h"
#include "cli/runtime_options.h"
#include "runtime/encoder.h"
#include "runtime/store/encode_rate.h"

namespace pml::cli {

int encode(const Options& options, EncodeJob& job) {
  using Clock = std::chrono::steady_clock;
  const auto seconds_since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  const Workspace& workspace = job.workspace;
  job.timing.begin("weights");
  Clock::time_point start = Clock::now();
  const runtime::Model model = load_model(workspace, options);
  const double load_seconds = seconds_since(start);

  const runtime::Store store = workspace.store().silent();  // planning has warned of every damaged artifact
  runtime::Encoder encoder(model, &store, workspace.layout(), workspace.contexts(), workspace.recipe(),
                           kv_type_of(workspace.recipe()),
                           [](const std::string&) {});  // must_store: it has no warnings
  Progress progress("encoding " + workspace.schema().name, "tokens", job.plan.num_tokens, !options.quiet);
  encoder.on_progress = [&](std::int64_t count) { progress.advance(count); };
  encoder.is_cancelled = is_interrupted;
  catch_interrupts();  // until here nothing was begun, and Ctrl-C simply ends the program
  job.timing.begin("encoding");
  start = Clock::now();
  std::vector<compiler::ChainId> nodes;
  for (const runtime::BuildStep& step : job.plan.steps) nodes.push_back(step.node);
  const auto encoded = encoder.encode_all(nodes);
  if (!encoded && !is_interrupted()) workspace.fail(encoded.error().message);
  job.num_encoded = static_cast<std::size_t>(encoder.statistics().artifacts_encoded);
  job.num_tokens = encoder.statistics().tokens_encoded;
  remember_encode_rate(workspace.store(), workspace.recipe(), load_seconds, job.num_tokens, seconds_since(start));
  if (!is_interrupted() && !job.prompts.empty()) {
    job.timing.begin("ranking");
    Progress measuring("measuring " + workspace.schema().name, "prompts", static_cast<std::int64_t>(job.prompts.size()),
                       !options.quiet);
    job.ranking =
        rank_tokens(workspace, workspace.contexts(), job.prompts, model, encoder, [&] { measuring.advance(1); });
  }
  return is_interrupted() ? kInterrupted : kDone;
}

}  // namespace pml::cli
