#include "cli/run_batch.h"

#include <chrono>
#include <deque>
#include <fstream>
#include <random>
#include <set>

#include "cli/answering.h"
#include "cli/interrupt.h"
#include "compiler/json_file.h"
#include "runtime/generation/scheduler.h"

namespace pml::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxLineBytes = 16U << 20;

/// A line of the batch that was read: what to answer, and how.
struct BatchLine {
  PromptText prompt;
  runtime::GenerationOptions generation_options;
  std::vector<std::string> stops;
};

/// Reads the fields of one line; what is wrong with it is thrown as a std::runtime_error.
class LineReader {
 public:
  explicit LineReader(const Json& fields) : fields_(fields) {}

  BatchLine read(BatchLine defaults, const std::filesystem::path& folder, bool has_seed) {
    static const std::set<std::string> kKnown{"id",    "prompt", "file",  "user", "max_tokens", "temperature",
                                              "top_k", "top_p",  "min_p", "seed", "stop"};
    if (!fields_.is_object()) throw std::runtime_error("a line of a batch is a JSON object");
    for (const auto& [name, value] : fields_.items()) {
      if (kKnown.contains(name)) continue;
      const std::vector<std::string_view> known(kKnown.begin(), kKnown.end());
      throw std::runtime_error("`" + name + "` is not a field of a batch's line" + grammar::did_you_mean(name, known));
    }
    BatchLine line = std::move(defaults);
    line.prompt.folder = folder;
    if (fields_.contains("prompt") && fields_.contains("file")) {
      throw std::runtime_error("`prompt` and `file` are alternatives");
    }
    if (fields_.contains("prompt")) line.prompt.xml = text("prompt");
    if (fields_.contains("file")) {
      const std::filesystem::path path = folder / text("file");
      line.prompt.name = path.string();
      line.prompt.folder = path.parent_path();
      auto xml = grammar::read_file(path, grammar::ReadLimits{}.document_bytes);
      if (!xml) throw std::runtime_error(path.string() + " " + xml.error().message);
      line.prompt.xml = std::move(*xml);
    }
    if (fields_.contains("user")) line.prompt.user = text("user");
    if (!line.prompt.xml && !line.prompt.user) throw std::runtime_error("a line needs `prompt`, `file` or `user`");

    runtime::GenerationOptions& generation = line.generation_options;
    generation.max_tokens = integer("max_tokens", generation.max_tokens, 1, 1 << 20);
    generation.sampler.temperature = number("temperature", generation.sampler.temperature, 0, 100);
    generation.sampler.top_k = integer("top_k", generation.sampler.top_k, 0, 1 << 30);
    generation.sampler.top_p = number("top_p", generation.sampler.top_p, 0, 1);
    generation.sampler.min_p = number("min_p", generation.sampler.min_p, 0, 1);
    if (fields_.contains("seed")) {
      if (!fields_["seed"].is_number_unsigned()) {
        throw std::runtime_error("`seed` is a whole number from 0 to 18446744073709551615");
      }
      generation.sampler.seed = fields_["seed"].get<std::uint64_t>();
    } else if (!has_seed && generation.sampler.temperature > 0.0) {
      generation.sampler.seed = std::random_device{}();
    }
    if (fields_.contains("stop")) line.stops = stops(fields_["stop"]);
    return line;
  }

 private:
  std::string text(const char* name) const {
    if (!fields_[name].is_string()) throw std::runtime_error(std::string("`") + name + "` is a string");
    return fields_[name].get<std::string>();
  }
  std::int32_t integer(const char* name, std::int32_t otherwise, std::int64_t least, std::int64_t most) const {
    if (!fields_.contains(name)) return otherwise;
    const Json& value = fields_[name];
    const bool is_good = value.is_number_integer() && value.get<double>() >= static_cast<double>(least) &&
                         value.get<double>() <= static_cast<double>(most);
    if (is_good) return value.get<std::int32_t>();
    throw std::runtime_error(std::string("`") + name + "` is a whole number from " + std::to_string(least) + " to " +
                             std::to_string(most));
  }
  double number(const char* name, double otherwise, double least, double most) const {
    if (!fields_.contains(name)) return otherwise;
    const Json& value = fields_[name];
    if (value.is_number() && value.get<double>() >= least && value.get<double>() <= most) return value.get<double>();
    char range[64];
    std::snprintf(range, sizeof range, "%g to %g", least, most);
    throw std::runtime_error(std::string("`") + name + "` is a number from " + range);
  }
  static std::vector<std::string> stops(const Json& value) {
    std::vector<std::string> list;
    for (const Json& entry : value.is_array() ? value : Json::array({value})) {
      if (!entry.is_string()) throw std::runtime_error("`stop` is a string, or an array of strings");
      list.push_back(entry.get<std::string>());
    }
    return list;
  }

  const Json& fields_;
};

/// A line that was taken up: its result waits until those before it are printed.
struct Entry {
  Json id;
  runtime::RequestId request = 0;  // 0: none was made
  std::string text;
  Usage usage;
  runtime::GenerationOptions generation_options;
  std::unique_ptr<runtime::TextStream> stream;
  double planning_ms = 0.0;
  std::optional<Json> result;
};

class BatchRun {
 public:
  BatchRun(Workspace& workspace, const Options& options)
      : workspace_(workspace),
        options_(options),
        answering_(workspace, options),
        scheduler_(
            [this](std::span<const runtime::SequenceInput> inputs) { return answering_.model().forward(inputs); },
            answering_.model().kv_shape(answering_.generation_options().kv_type),
            answering_.model().config().max_positions,
            {.max_running = options.parallel, .max_queued = 2 * options.parallel}) {}

  int run() {
    catch_interrupts();
    std::ifstream file(options_.batch);
    if (!file || std::filesystem::is_directory(options_.batch)) workspace_.fail(options_.batch + " cannot be read");
    const std::size_t most_waiting = 2 * static_cast<std::size_t>(options_.parallel);
    bool has_more = true;
    while (true) {
      while (has_more && entries_.size() < most_waiting && !is_interrupted()) has_more = take_line(file);
      if (is_interrupted()) {
        for (const Entry& entry : entries_) scheduler_.cancel(entry.request);
      }
      const bool has_worked = scheduler_.step();
      print_finished();
      if (!has_worked && (!has_more || is_interrupted())) break;
    }
    if (options_.json) print({{"results", std::move(results_)}, {"recipe", Json::parse(to_json(workspace_.recipe()))}});
    if (file.bad()) workspace_.fail(options_.batch + " cannot be read to its end");
    if (is_interrupted()) {
      std::fprintf(stderr, "pml: interrupted in line %zu of the batch; what was begun is cut short\n", line_number_);
      return kInterrupted;
    }
    return has_mistakes_ ? kBadInput : kDone;
  }

 private:
  /// As std::getline, but keeps no more of a line than one byte above the limit.
  static bool read_line(std::istream& file, std::string& line) {
    line.clear();
    int c = file.get();
    if (c == std::char_traits<char>::eof()) return false;
    for (; c != std::char_traits<char>::eof() && c != '\n'; c = file.get()) {
      if (line.size() <= kMaxLineBytes) line.push_back(static_cast<char>(c));
    }
    return true;
  }

  /// Takes up the next line that is not blank. False at the end of the file.
  bool take_line(std::istream& file) {
    std::string line;
    do {
      if (!read_line(file, line)) return false;
      ++line_number_;
    } while (line.find_first_not_of(" \t\r") == std::string::npos);
    Entry& entry = entries_.emplace_back();
    entry.id = line_number_;
    try {
      if (line.size() > kMaxLineBytes) throw std::runtime_error("the line is longer than 16 MiB");
      take(line, entry);
    } catch (const std::exception& exception) {
      report(entry, {{"error", options_.batch + ":" + std::to_string(line_number_) + ": " + exception.what()}});
    }
    return true;
  }

  void take(const std::string& line, Entry& entry) {
    const Clock::time_point start = Clock::now();
    const auto parsed = compiler::parse_json(line);
    if (!parsed) throw std::runtime_error("the line " + parsed.error().message);
    const Json fields(*parsed);
    if (fields.is_object() && fields.contains("id")) entry.id = fields["id"];
    BatchLine defaults{{}, answering_.generation_options(), options_.stop};
    defaults.prompt.name = options_.batch + ":" + std::to_string(line_number_);
    BatchLine read = LineReader(fields).read(std::move(defaults), folder(), options_.has_seed);

    grammar::Diagnostics diagnostics;
    auto plan = workspace_.plan(std::move(read.prompt), diagnostics);
    if (!plan) {
      std::fputs(render(diagnostics, workspace_.sources()).c_str(), stderr);
      return report(entry, {{"diagnostics", to_json(diagnostics, workspace_.sources())}});
    }
    if (options_.no_cache) plan = without_cache(std::move(*plan));
    entry.generation_options = read.generation_options;
    runtime::GenerationRequest request = answering_.request(*plan, read.generation_options, entry.usage);
    entry.stream = std::make_unique<runtime::TextStream>([&entry](std::string_view piece) { entry.text += piece; },
                                                         std::move(read.stops));
    request.on_token = [this, &entry](runtime::TokenId token) -> std::optional<runtime::FinishReason> {
      entry.stream->add(answering_.bytes_of(token));
      if (entry.stream->is_stopped()) return runtime::FinishReason::stop;
      if (is_interrupted()) return runtime::FinishReason::cancelled;
      return std::nullopt;
    };
    request.on_done = [&entry](runtime::Answer answer) {
      entry.stream->finish();
      const double ttft_ms = entry.planning_ms + 1e3 * answer.first_token_seconds;
      entry.result = to_json(entry.text, answer, entry.usage, entry.generation_options, ttft_ms);
    };
    entry.planning_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    const auto id = scheduler_.submit(std::move(request));
    if (!id) throw std::runtime_error(id.error().message);
    entry.request = *id;
  }

  void report(Entry& entry, Json mistakes) {
    if (mistakes.contains("error")) std::fprintf(stderr, "pml: %s\n", mistakes["error"].get<std::string>().c_str());
    has_mistakes_ = true;
    Json result{{"ok", false}};
    result.update(mistakes);
    entry.result = std::move(result);
  }

  void print_finished() {
    for (; !entries_.empty() && entries_.front().result; entries_.pop_front()) {
      Json result{{"id", entries_.front().id}};
      result.update(*entries_.front().result);
      if (options_.json) {
        results_.push_back(std::move(result));
      } else {
        print(result);
        std::fflush(stdout);
      }
    }
  }

  std::filesystem::path folder() const { return std::filesystem::path(options_.batch).parent_path(); }

  Workspace& workspace_;
  const Options& options_;
  Answering answering_;
  runtime::Scheduler scheduler_;
  std::deque<Entry> entries_;  // in the order of the lines; a deque: requests point into them
  Json results_ = Json::array();
  std::size_t line_number_ = 0;
  bool has_mistakes_ = false;
};

}  // namespace

int run_batch(Workspace& workspace, const Options& options) { return BatchRun(workspace, options).run(); }

}  // namespace pml::cli
