// pml_bench_server: the runtime behind a pipe, for bench/peers. Reads one JSON command a line from standard input,
// writes one JSON answer a line to standard output, and sleeps between them.
//
//     pml_bench_server -m MODEL --store DIR [--weights TYPE] [--threads N]
//
//     {"do": "info"}                                      what the model is, sizes in bytes
//     {"do": "bandwidth", "bytes", "repeat"}              bytes a second of reading memory
//     {"do": "compile", "schema"}                         encodes what the store lacks
//     {"do": "plan", "schema", "requests", "repair"}      the token IDs of each request, in position order
//     {"do": "answer", "schema", "requests", "max_tokens", "no_cache", "repair", "reopen", "parallel"}
//                                                         all submitted at once; `repair`: a policy, else what the
//                                                         schema says, else the default; `reopen`: artifacts are mapped
//                                                         and checked anew
//     {"do": "prefill", "tokens", "to"}                   a prompt from nothing; the last token's logits [vocabulary],
//                                                         f32, are appended to the file `to` if it is named
//
// A request is {"prompt": XML, "user": TEXT} of the schema, or {"tokens": [...]}. Answers end after `max_tokens` alone.
// A command that fails is answered with {"error"}.
#include <CLI/CLI.hpp>
#include <iostream>

#include "bench/read_bandwidth.h"
#include "bench/serving.h"
#include "cli/messages.h"
#include "runtime/weight_type.h"

namespace {

using namespace pml;
using bench::Json;

Json answer(bench::Serving& serving, const Json& command) {
  const std::string what = command.at("do");
  if (what == "info") return serving.info();
  if (what == "bandwidth") {
    return {{"bytes_per_s", bench::read_bandwidth(command.at("bytes"), command.at("repeat"))}};
  }
  if (what == "compile") return serving.compile(command);
  if (what == "plan") return serving.plan(command);
  if (what == "answer") return serving.answer(command);
  if (what == "prefill") return serving.prefill(command);
  throw std::runtime_error("`" + what + "` is no command");
}

int serve(const cli::Options& options) {
  bench::Serving serving(options);
  for (std::string line; std::getline(std::cin, line);) {
    Json result;
    try {
      result = answer(serving, Json::parse(line));
    } catch (const cli::Stop&) {
      result = {{"error", "the schema is refused; standard error says why"}};
    } catch (const std::exception& exception) {
      result = {{"error", exception.what()}};
    }
    cli::print(result);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Answers measuring commands, one JSON object a line"};
  cli::Options options;
  options.weights = "stored";
  app.add_option("-m,--model", options.model, "The model, a GGUF file")->required();
  app.add_option("--store", options.store, "Folder of the store")->required();
  app.add_option("--weights", options.weights, "What weights are kept as")
      ->check(
          CLI::IsMember(std::vector<std::string>(runtime::kWeightTypeNames.begin(), runtime::kWeightTypeNames.end())))
      ->capture_default_str();
  app.add_option("--threads", options.threads, "Threads to use (0: one a core)");
  CLI11_PARSE(app, argc, argv);
  try {
    return serve(options);
  } catch (const std::exception& exception) {
    cli::say(exception.what());
    return cli::kMachineFailed;
  }
}
