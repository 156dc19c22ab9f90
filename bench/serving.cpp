#include "bench/serving.h"

#include <chrono>
#include <fstream>
#include <numeric>
#include <stdexcept>

#include "cli/runtime_options.h"
#include "runtime/generate.h"
#include "runtime/generation/scheduler.h"
#include "runtime/store/fingerprint.h"

namespace pml::bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

template <typename T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

runtime::Model load_model(const compiler::ModelFile& file, const cli::Options& options) {
  const auto store = value_of(runtime::Store::open(options.store, cli::warn));
  const auto recipe = compiler::make_recipe(file, runtime::model_fingerprint(file, &store), "f16", options.weights);
  return value_of(runtime::Model::load(file, cli::model_options(options, recipe)));
}

/// Anonymous memory of this process, in bytes: mapped files are not in it.
std::size_t anonymous_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon:")) return std::stoull(line.substr(8)) << 10;
  }
  return 0;
}

/// The token IDs of a command or a request; the model has them, and they fit its context.
std::vector<compiler::TokenId> tokens_of(const Json& object, const compiler::ModelConfig& config) {
  auto tokens = object.at("tokens").get<std::vector<compiler::TokenId>>();
  if (tokens.empty() || tokens.size() > static_cast<std::size_t>(config.max_positions)) {
    throw std::runtime_error("`tokens` must be 1 to " + std::to_string(config.max_positions) + " tokens");
  }
  for (const compiler::TokenId token : tokens) {
    if (token < 0 || token >= config.vocab_size) {
      throw std::runtime_error(std::to_string(token) + " is not a token of the model");
    }
  }
  return tokens;
}

/// A number of a command, 1 or more.
std::int32_t count_of(const Json& number, const char* name) {
  const auto count = number.get<std::int32_t>();
  if (count < 1) throw std::runtime_error(std::string("`") + name + "` must be 1 or more");
  return count;
}

std::vector<compiler::Slot> positions_from_zero(std::size_t count) {
  std::vector<compiler::Slot> positions(count);
  std::iota(positions.begin(), positions.end(), 0);
  return positions;
}

/// What is said of one request, and how far it is.
struct Progress {
  Json result;
  std::size_t num_tokens = 0;
  Clock::time_point first_token_at{};
};

/// Tokens a second from the moment at which every request had its first token.
struct DecodeClock {
  std::size_t num_waiting = 0;  // requests without a token
  std::size_t num_tokens = 0;   // since then
  Clock::time_point since{};
  Clock::time_point last{};

  double rate() const { return num_tokens == 0 ? 0.0 : static_cast<double>(num_tokens) / seconds_between(since, last); }
};

}  // namespace

Serving::Schema::Schema(const cli::Options& common, const std::string& path) : options(common), workspace(options) {
  options.schema = path;
  workspace.require_model();
  workspace.open_store();
  workspace.read_schema();
  workspace.read_manifest();
  workspace.lay_out();
  workspace.make_recipe();
}

Serving::Serving(cli::Options options)
    : options_(std::move(options)),
      file_(value_of(compiler::ModelFile::open(options_.model))),
      model_(load_model(file_, options_)) {}

Json Serving::info() const {
  const compiler::ModelConfig& config = model_.config();
  std::size_t tensor_bytes = 0;
  for (const compiler::TensorInfo& tensor : file_.tensors()) tensor_bytes += tensor.data.size();
  return {{"weights", options_.weights},
          {"layers", config.num_layers},
          {"hidden", config.hidden_size},
          {"heads", config.num_heads},
          {"kv_heads", config.num_kv_heads},
          {"head_dim", config.head_dim},
          {"ffn", config.ffn_size},
          {"vocabulary", config.vocab_size},
          {"context", config.max_positions},
          {"tensor_bytes", tensor_bytes},
          {"kv_page_rows", runtime::KvBuffer::kPageRows},
          {"kv_bytes_per_row", 2 * model_.kv_shape(runtime::KvType::f16).size_bytes(1)}};
}

Serving::Schema& Serving::schema(const std::string& path) {
  auto& entry = schemas_[path];
  if (!entry) {
    auto opened = std::make_unique<Schema>(options_, path);
    opened->encoder = make_encoder(*opened);
    entry = std::move(opened);
  }
  return *entry;
}

std::unique_ptr<runtime::Encoder> Serving::make_encoder(const Schema& schema) const {
  const cli::Workspace& workspace = schema.workspace;
  return std::make_unique<runtime::Encoder>(model_, &workspace.store(), workspace.layout(), workspace.contexts(),
                                            workspace.recipe(), cli::kv_type_of(workspace.recipe()), cli::warn);
}

Json Serving::compile(const Json& command) {
  const std::string path = command.at("schema");
  schemas_.erase(path);  // the file may be another one by now
  Schema& opened = schema(path);
  const Clock::time_point start = Clock::now();
  std::vector<compiler::ChainId> nodes;
  for (const auto& artifacts : opened.workspace.contexts().artifacts) {
    for (const auto& artifact : artifacts) nodes.push_back(artifact.node);
  }
  if (const auto encoded = opened.encoder->encode_all(nodes); !encoded) {
    throw std::runtime_error(encoded.error().message);
  }
  const double seconds = seconds_between(start, Clock::now());
  const std::int64_t num_tokens = opened.encoder->statistics().tokens_encoded;
  opened.encoder = make_encoder(opened);  // what was just written is read from the store, as in a later process
  return {{"segments", nodes.size()}, {"tokens", num_tokens}, {"seconds", seconds}};
}

compiler::Plan Serving::plan(Schema& schema, const Json& request, const Json& command) {
  schema.options.repair.reset();
  if (command.contains("repair")) {
    schema.options.repair = value_of(grammar::parse_repair_policy(command.at("repair").get<std::string>()));
  }
  cli::PromptText text;
  text.name = "(request)";
  if (request.contains("prompt")) text.xml = request.at("prompt").get<std::string>();
  if (request.contains("user")) text.user = request.at("user").get<std::string>();
  grammar::Diagnostics diagnostics;
  auto plan = schema.workspace.plan(std::move(text), diagnostics);
  if (!plan) throw std::runtime_error(render(diagnostics, schema.workspace.sources()));
  return std::move(*plan);
}

Json Serving::plan(const Json& command) {
  Schema& opened = schema(command.at("schema"));
  Json plans = Json::array();
  for (const Json& request : command.at("requests")) {
    try {
      const compiler::Plan planned = plan(opened, request, command);
      Json tokens = Json::array();
      for (const compiler::PlannedRow& row : planned.rows) tokens.push_back(row.token);
      plans.push_back({{"tokens", std::move(tokens)}, {"cached", planned.num_cached}, {"live", planned.num_live}});
    } catch (const std::runtime_error& error) {
      plans.push_back({{"error", error.what()}});
    }
  }
  return {{"plans", std::move(plans)}};
}

runtime::GenerationRequest Serving::make_request(const Json& request, const Json& command, Json& usage,
                                                 std::map<const void*, std::size_t>& artifacts) {
  runtime::GenerationOptions generation_options;  // no end tokens: every answer is as long as asked for
  generation_options.max_tokens = count_of(command.at("max_tokens"), "max_tokens");
  if (request.contains("tokens")) {
    runtime::GenerationRequest result;
    result.tokens = tokens_of(request, model_.config());
    result.positions = positions_from_zero(result.tokens.size());
    result.options = generation_options;
    usage = {{"cached", 0}, {"live", result.tokens.size()}};
    return result;
  }
  Schema& opened = schema(command.at("schema"));
  compiler::Plan planned = plan(opened, request, command);
  if (command.value("no_cache", false)) planned = without_cache(std::move(planned));
  usage = {{"cached", planned.num_cached}, {"live", planned.num_computed()}};
  std::vector<std::shared_ptr<const runtime::Artifact>> used;
  for (const compiler::PlannedSegment& segment : planned.segments) {
    if (segment.artifact == compiler::kNone) continue;
    used.push_back(value_of(opened.encoder->artifact(segment.artifact)).artifact);
    if (used.back()->is_mapped()) artifacts[used.back()->view().k] = used.back()->size_bytes();
  }
  return runtime::make_request(planned, used, generation_options);
}

Json Serving::answer(const Json& command) {
  if (command.value("reopen", false)) {
    Schema& opened = schema(command.at("schema"));
    opened.encoder = make_encoder(opened);
  }
  const Json& requests = command.at("requests");
  const std::int32_t parallel = command.contains("parallel") ? count_of(command["parallel"], "parallel") : 64;
  std::vector<Progress> progress(requests.size());
  std::map<const void*, std::size_t> artifacts;  // bytes by address, so that each counts once
  DecodeClock decode;
  decode.num_waiting = requests.size();
  const std::size_t bytes_before = anonymous_bytes();
  std::size_t bytes_at_end = bytes_before;
  std::size_t num_done = 0;
  // Ends before what its requests' callbacks refer to, also if one of them is refused.
  runtime::Scheduler scheduler(
      [this](std::span<const runtime::SequenceInput> inputs) { return model_.forward(inputs); },
      model_.kv_shape(runtime::KvType::f16), model_.config().max_positions, {.max_running = parallel});

  const Clock::time_point start = Clock::now();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    Progress& entry = progress[i];  // of a vector that does not grow: callbacks refer to it
    auto request = make_request(requests[i], command, entry.result, artifacts);
    request.on_token = [&](runtime::TokenId) -> std::optional<runtime::FinishReason> {
      const Clock::time_point now = Clock::now();
      if (decode.num_waiting == 0) {
        ++decode.num_tokens;
        decode.last = now;
      }
      if (entry.num_tokens++ == 0) {
        entry.first_token_at = now;
        if (--decode.num_waiting == 0) decode.since = now;
      }
      return std::nullopt;
    };
    request.on_done = [&](const runtime::Answer& answer) {
      entry.result["tokens"] = answer.tokens;
      entry.result["private_bytes"] = answer.private_bytes;
      if (answer.finish_reason == runtime::FinishReason::failed) entry.result["error"] = answer.error;
      // Before the first of them gives its rows back.
      if (num_done++ == 0) bytes_at_end = anonymous_bytes();
    };
    value_of(scheduler.submit(std::move(request)));
  }
  while (scheduler.step()) continue;
  const double seconds = seconds_between(start, Clock::now());

  Json answers = Json::array();
  for (Progress& entry : progress) {
    entry.result["ttft_s"] = seconds_between(start, entry.first_token_at);
    answers.push_back(std::move(entry.result));
  }
  std::size_t bytes_mapped = 0;
  for (const auto& [address, size_bytes] : artifacts) bytes_mapped += size_bytes;
  return {{"answers", std::move(answers)},
          {"seconds", seconds},
          {"decode_tokens_per_s", decode.rate()},
          {"bytes_mapped", bytes_mapped},
          {"anonymous_bytes_more", bytes_at_end > bytes_before ? bytes_at_end - bytes_before : 0}};
}

Json Serving::prefill(const Json& command) const {
  const auto tokens = tokens_of(command, model_.config());
  const auto positions = positions_from_zero(tokens.size());
  runtime::KvBuffer own(model_.kv_shape(runtime::KvType::f16), static_cast<std::int64_t>(tokens.size()));
  const Clock::time_point start = Clock::now();
  const std::vector<float> logits = runtime::prefill(model_, tokens, positions, {}, own, /*num_logits=*/1);
  const double seconds = seconds_between(start, Clock::now());
  if (command.contains("to")) {
    std::ofstream file(command.at("to").get<std::string>(), std::ios::binary | std::ios::app);
    file.write(reinterpret_cast<const char*>(logits.data()),
               static_cast<std::streamsize>(logits.size() * sizeof(float)));
    if (!file.flush()) throw std::runtime_error(command.at("to").get<std::string>() + " cannot be written");
  }
  return {{"seconds", seconds}};
}

}  // namespace pml::bench
