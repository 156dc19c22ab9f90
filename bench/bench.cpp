// pml_bench: what splicing buys, measured in one process and one run.
//
//     pml_bench -m MODEL [--weights stored,f32] [--repeat N] [--threads N] [--json]
//
// For schemas of about 1,100 and 5,000 cached tokens it compiles into an empty store, answers a prompt of some 25
// new tokens with the cache and without it, in turn, and prints medians and ratios. Times of machines differ;
// the ratios are the result. Beside other programs: bench/peers.
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "compiler/plan.h"
#include "compiler/references.h"
#include "compiler/standins.h"
#include "compiler/text_encoder.h"
#include "grammar/parse_prompt.h"
#include "grammar/parse_schema.h"
#include "runtime/encoder.h"
#include "runtime/generate.h"
#include "runtime/store/fingerprint.h"

namespace {

using namespace pml;
using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

[[noreturn]] void stop(const std::string& message) {
  std::fprintf(stderr, "pml_bench: %s\n", message.c_str());
  std::exit(1);
}

/// Sentences enough for `num_tokens` tokens in `num_modules` modules, all different.
std::string schema_text(int num_modules, int sentences_per_module) {
  std::string text = "<schema name=\"bench\"><system>You answer from the notes.";
  int number = 0;
  for (int module = 0; module < num_modules; ++module) {
    text += "<module name=\"note" + std::to_string(module) + "\">\nNote " + std::to_string(module) + ":";
    for (int sentence = 0; sentence < sentences_per_module; ++sentence) {
      ++number;
      text += " Parcel " + std::to_string(number * 37 % 1009) + " left depot " + std::to_string(number * 11 % 83) +
              " on the morning train and was signed for by the clerk at gate " + std::to_string(number * 7 % 29) + ".";
    }
    text += "</module>";
  }
  return text + "</system></schema>";
}

std::string prompt_text(int num_modules) {
  std::string text = "<prompt>";
  for (int module = 0; module < num_modules; ++module) text += "<note" + std::to_string(module) + "/>";
  return text + "<user>Which gate did the clerk who signed for the last parcel stand at?</user></prompt>";
}

struct Case {
  const char* name;
  int num_modules;
  int sentences_per_module;
};

Result<compiler::ChatTemplate> chat_template_of(const compiler::ModelFile& file) {
  if (auto known = compiler::ChatTemplate::recognize(file.chat_template())) return std::move(*known);
  return fail("the model's chat template is not known");
}

class Bench {
 public:
  Bench(const compiler::ModelFile& file, const compiler::Tokenizer& tokenizer, const runtime::Model& model,
        std::string weights, fs::path store_folder, int repeat)
      : file_(file),
        weights_(std::move(weights)),
        model_(model),
        encoder_(tokenizer, chat_template_of(file)),
        store_folder_(std::move(store_folder)),
        repeat_(repeat) {}

  nlohmann::ordered_json run(const Case& which) {
    grammar::SourceSet sources;
    grammar::Diagnostics diagnostics;
    const auto schema = parse_schema(sources.add("schema", schema_text(which.num_modules, which.sentences_per_module)),
                                     sources, {}, diagnostics);
    const auto layout = lay_out(*schema, encoder_, model_.config().max_positions, diagnostics);
    const auto contexts = declare_contexts(layout, compiler::kDefaultContext, choose_standins(layout), {});
    const auto prompt = parse_prompt(sources.add("prompt", prompt_text(which.num_modules)), sources, diagnostics);
    const compiler::References references(*schema, layout, model_.config().max_positions, sources, diagnostics);
    const auto selection = resolve(*prompt, layout, references, encoder_, {"bench"}, diagnostics);
    if (diagnostics.has_errors()) stop(render(diagnostics, sources));
    const auto plan = make_plan(layout, contexts, selection, encoder_, model_.config().max_positions, diagnostics);
    if (diagnostics.has_errors()) stop(render(diagnostics, sources));
    const compiler::Plan full = without_cache(plan);

    auto store = runtime::Store::open(store_folder_ / which.name, [](const std::string&) {});
    if (!store) stop(store.error().message);
    const auto recipe = compiler::make_recipe(file_, runtime::model_fingerprint(file_, &*store), "f16", weights_);
    const auto compile_start = Clock::now();
    std::int64_t tokens_encoded = 0;
    {
      runtime::Encoder encoder(model_, &*store, layout, contexts, recipe, runtime::KvType::f16, warn);
      std::vector<compiler::ChainId> nodes;
      for (const auto& artifacts : contexts.artifacts) {
        for (const auto& artifact : artifacts) nodes.push_back(artifact.node);
      }
      if (const auto encoded = encoder.encode_all(nodes); !encoded) stop(encoded.error().message);
      tokens_encoded = encoder.statistics().tokens_encoded;
    }
    const double compile_seconds = seconds_since(compile_start);

    std::vector<double> spliced, prefilled, ratios, decode_rates;
    for (int i = 0; i < repeat_; ++i) {
      // A fresh encoder each time: opening and checking the artifacts is part of the time.
      const auto start = Clock::now();
      runtime::Encoder encoder(model_, &*store, layout, contexts, recipe, runtime::KvType::f16, warn);
      const auto artifacts = open(encoder, plan);
      const double opened = seconds_since(start);
      const runtime::Answer answer = generate(model_, make_request(plan, artifacts, options(65)));
      spliced.push_back(opened + answer.first_token_seconds);
      decode_rates.push_back(static_cast<double>(answer.tokens.size() - 1) / answer.decode_seconds);
      prefilled.push_back(generate(model_, make_request(full, {}, options(1))).first_token_seconds);
      ratios.push_back(prefilled.back() / spliced.back());
    }
    return {{"case", which.name},
            {"weights", weights_},
            {"cached_tokens", plan.num_cached},
            {"live_tokens", plan.num_live},
            {"ttft_spliced_ms", 1e3 * median(spliced)},
            {"ttft_no_cache_ms", 1e3 * median(prefilled)},
            {"ttft_ratio", median(ratios)},
            {"ttft_ratio_min", *std::min_element(ratios.begin(), ratios.end())},
            {"ttft_ratio_max", *std::max_element(ratios.begin(), ratios.end())},
            {"compile_tokens_per_s", static_cast<double>(tokens_encoded) / compile_seconds},
            {"no_cache_tokens_per_s", (plan.num_cached + plan.num_live) / median(prefilled)},
            {"decode_tokens_per_s", median(decode_rates)}};
  }

 private:
  static void warn(const std::string& message) { std::fprintf(stderr, "pml_bench: %s\n", message.c_str()); }

  static runtime::GenerationOptions options(std::int32_t max_tokens) {
    runtime::GenerationOptions result;
    result.max_tokens = max_tokens;
    return result;
  }

  static std::vector<std::shared_ptr<const runtime::Artifact>> open(runtime::Encoder& encoder,
                                                                    const compiler::Plan& plan) {
    std::vector<std::shared_ptr<const runtime::Artifact>> artifacts;
    for (const auto& segment : plan.segments) {
      if (segment.artifact == compiler::kNone) continue;
      auto outcome = encoder.artifact(segment.artifact);
      if (!outcome) stop(outcome.error().message);
      artifacts.push_back(std::move(outcome->artifact));
    }
    return artifacts;
  }

  const compiler::ModelFile& file_;
  std::string weights_;
  const runtime::Model& model_;
  compiler::TextEncoder encoder_;
  fs::path store_folder_;
  int repeat_;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Measures time to first token with and without the cache"};
  std::string model_path;
  int repeat = 5;
  int threads = 0;
  bool json = false;
  std::vector<std::string> weight_types{"f32", "stored"};
  app.add_option("-m,--model", model_path, "The model, a GGUF file")->required();
  app.add_option("--repeat", repeat, "Runs of each")->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("--threads", threads, "Threads to use (0: one a core)");
  app.add_option("--weights", weight_types, "What weights are kept as: f32, bf16, stored, q8, q4")
      ->check(
          CLI::IsMember(std::vector<std::string>(runtime::kWeightTypeNames.begin(), runtime::kWeightTypeNames.end())))
      ->capture_default_str()
      ->delimiter(',');
  app.add_flag("--json", json, "Print one JSON object");
  CLI11_PARSE(app, argc, argv);

  auto file = compiler::ModelFile::open(model_path);
  if (!file) stop(file.error().message);
  auto tokenizer = compiler::Tokenizer::build(file->tokenizer());
  if (!tokenizer) stop(tokenizer.error().message);
  const fs::path folder = fs::temp_directory_path() / ("pml-bench-" + std::to_string(::getpid()));
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const std::string& weights : weight_types) {
    runtime::ModelOptions options;
    options.weights = *runtime::weight_type(weights);
    options.num_threads = threads;
    auto model = runtime::Model::load(*file, options);
    if (!model) stop(model.error().message);
    Bench bench(*file, *tokenizer, *model, weights, folder, repeat);
    for (const Case& which : {Case{"1100", 10, 4}, Case{"5000", 40, 4}}) rows.push_back(bench.run(which));
  }
  std::error_code error;
  fs::remove_all(folder, error);

  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  const double peak_mb = static_cast<double>(usage.ru_maxrss) / 1024.0;
  if (json) {
    std::printf("%s\n", nlohmann::ordered_json{{"rows", rows}, {"peak_memory_mb", peak_mb}}.dump().c_str());
    return 0;
  }
  std::printf("%7s %8s %6s %14s %14s %20s %14s %12s\n", "weights", "cached", "live", "spliced TTFT", "full prefill",
              "ratio (min-max)", "compile tok/s", "decode tok/s");
  for (const auto& row : rows) {
    std::printf("%7s %8d %6d %11.1f ms %11.1f ms %7.1fx (%.1f-%.1f) %12.0f %12.1f\n",
                row["weights"].get<std::string>().c_str(), row["cached_tokens"].get<int>(),
                row["live_tokens"].get<int>(), row["ttft_spliced_ms"].get<double>(),
                row["ttft_no_cache_ms"].get<double>(), row["ttft_ratio"].get<double>(),
                row["ttft_ratio_min"].get<double>(), row["ttft_ratio_max"].get<double>(),
                row["compile_tokens_per_s"].get<double>(), row["decode_tokens_per_s"].get<double>());
  }
  std::printf("f16 KV; peak memory %.0f MB\n", peak_mb);
  return 0;
}
