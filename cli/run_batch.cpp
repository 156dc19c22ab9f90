#include "cli/run_batch.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <tuple>

#include "cli/answering.h"
#include "cli/batch_line.h"
#include "cli/interrupt.h"
#include "cli/line_input.h"
#include "grammar/display.h"
#include "runtime/generation/scheduler.h"

namespace pml::cli {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// How long an idle batch waits for a line before it looks whether Ctrl-C was pressed.
constexpr milliseconds kPatience{100};

/// A line that was taken up: its result waits until those before it are printed.
struct Entry {
  std::size_t line_number = 0;
  Json id;
  std::string text;
  Usage usage;
  runtime::GenerationOptions generation_options;
  std::unique_ptr<runtime::TextStream> stream;
  double planning_ms = 0.0;
  std::optional<runtime::Answer> answer;
  std::optional<Json> failure;  // instead of an answer
};

class BatchRun {
 public:
  BatchRun(Workspace& workspace, const Options& options, std::string name, LineInput input)
      : workspace_(workspace),
        options_(options),
        name_(std::move(name)),
        input_(std::move(input)),
        answering_(workspace, options),
        scheduler_(
            [this](std::span<const runtime::SequenceInput> inputs) { return answering_.model().forward(inputs); },
            answering_.model().kv_shape(answering_.generation_options().kv_type),
            answering_.model().config().max_positions,
            {.max_running = options.parallel,
             .max_queued = 2 * options.parallel,
             .tail_kv_bytes = options.tail_bytes}) {}

  int run() {
    catch_interrupts();
    do {
      take_lines();
      scheduler_.step();
      print_finished();
    } while (!entries_.empty() || (!is_at_end_ && !is_interrupted()));

    if (options_.json) {
      Json all = Json::object();
      if (!input_error_.empty()) all = {{"ok", false}, {"error", input_error_}};
      all["results"] = std::move(results_);
      all["recipe"] = Json::parse(to_json(workspace_.recipe()));
      print(all);
    }
    if (is_interrupted()) {
      say("interrupted after line " + std::to_string(line_number_) + " of the batch; what was begun is cut short");
      return kInterrupted;
    }
    if (has_failures_) return kMachineFailed;
    return has_mistakes_ ? kBadInput : kDone;
  }

 private:
  /// Takes up lines until enough are waiting, or none has come yet.
  void take_lines() {
    const std::size_t most_waiting = 2 * static_cast<std::size_t>(options_.parallel);
    std::string line;
    while (!is_at_end_ && !is_interrupted() && entries_.size() < most_waiting) {
      // What is being answered does not wait for lines that are still to come.
      const auto next = input_.next(line, entries_.empty() ? kPatience : milliseconds(0));
      if (!next) {
        input_error_ = name_ + " " + next.error().message;
        say(input_error_);
        has_failures_ = true;
      }
      is_at_end_ = !next || *next == LineInput::Next::end;
      if (is_at_end_ || *next == LineInput::Next::none_yet) return;
      ++line_number_;
      if (line.find_first_not_of(" \t\r") != std::string::npos) take(line);
    }
  }

  /// Makes an entry of a line, and a request if there is nothing wrong with it.
  void take(const std::string& line) {
    const Clock::time_point start = Clock::now();
    Entry& entry = entries_.emplace_back();
    entry.line_number = line_number_;
    entry.id = line_number_;
    try {
      take(line, entry);
    } catch (const std::exception& exception) {
      report_failure(entry, error_of(exception).message);
    }
    entry.planning_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  }

  void take(const std::string& text, Entry& entry) {
    const grammar::SourceId source = workspace_.add_line(name_, text, static_cast<std::uint32_t>(line_number_));
    const grammar::SourceSet& sources = workspace_.sources();
    grammar::Diagnostics in_line;
    grammar::Diagnostics in_file;
    BatchLine line;
    std::optional<compiler::Plan> plan;
    if (const auto fields = parse_batch_line(source, sources, in_line)) {
      if (auto id = id_of(*fields, sources)) entry.id = std::move(*id);
      line.generation_options = answering_.generation_options();
      line.stops = options_.stop;
      const std::filesystem::path folder = std::filesystem::path(options_.batch).parent_path();
      line = read_batch_line(*fields, std::move(line), options_.has_seed, folder, sources, in_line);
    }
    if (line.prompt) {
      grammar::Diagnostics of_prompt(options_.ignored);
      plan = workspace_.plan(std::move(*line.prompt), of_prompt);
      if (!of_prompt.list().empty()) workspace_.show_in_line();
      for (const grammar::Diagnostic& found : of_prompt.list()) {
        const bool is_in_line = !line.prompt_is_file || sources.shown(found.place).source == source;
        add_shown(found, sources, is_in_line ? in_line : in_file);
      }
    }
    show(in_line);
    if (!in_file.list().empty()) {
      std::fprintf(stderr, "%s: in its file:\n", grammar::printable(place_of(entry)).c_str());
      show(in_file);
    }
    const bool has_mistakes = in_line.has_errors() || in_file.has_errors();
    if (!has_mistakes) return submit(std::move(line), std::move(*plan), entry);
    has_mistakes_ = true;
    const std::string error = in_line.has_errors() ? headline(first_error(in_line), sources)
                                                   : place_of(entry) + ": " + headline(first_error(in_file), sources);
    entry.failure = Json{{"ok", false}, {"error", error}};
    Json list = to_json(in_line, sources);
    add_all(to_json(in_file, sources), list);
    (*entry.failure)["diagnostics"] = std::move(list);
  }

  void show(const grammar::Diagnostics& diagnostics) const {
    const std::string text = render(diagnostics, workspace_.sources());
    std::fwrite(text.data(), 1, text.size(), stderr);
  }

  /// The one that stands first; there is one.
  static const grammar::Diagnostic& first_error(const grammar::Diagnostics& diagnostics) {
    return *std::ranges::min_element(diagnostics.list(), {}, [](const grammar::Diagnostic& diagnostic) {
      return std::tuple(severity_of(diagnostic.kind), diagnostic.place.source, diagnostic.place.begin);
    });
  }

  void submit(BatchLine line, compiler::Plan plan, Entry& entry) {
    if (options_.no_cache) plan = without_cache(std::move(plan));
    entry.generation_options = line.generation_options;
    auto request = answering_.request(plan, line.generation_options, entry.usage);
    if (!request) return report_failure(entry, request.error().message);
    entry.stream = std::make_unique<runtime::TextStream>([&entry](std::string_view piece) { entry.text += piece; },
                                                         std::move(line.stops));
    request->on_token = [this, &entry](runtime::TokenId token) -> std::optional<runtime::FinishReason> {
      entry.stream->add(answering_.bytes_of(token));
      return entry.stream->is_stopped() ? std::optional(runtime::FinishReason::stop) : std::nullopt;
    };
    request->on_done = [&entry](runtime::Answer answer) { entry.answer = std::move(answer); };
    const auto id = scheduler_.submit(std::move(*request));
    if (!id) report_failure(entry, id.error().message);
  }

  std::string place_of(const Entry& entry) const { return name_ + ":" + std::to_string(entry.line_number); }

  void report_failure(Entry& entry, const std::string& message) {
    has_failures_ = true;
    const std::string error = place_of(entry) + ": " + message;
    say(error);
    entry.failure = Json{{"ok", false}, {"error", error}};
  }

  /// What is printed of an entry that is done.
  Json result_of(Entry& entry) {
    Json result{{"id", entry.id}, {"line", entry.line_number}};
    if (!entry.failure) {
      try {
        entry.stream->finish();
        const double ttft_ms = entry.planning_ms + 1e3 * entry.answer->first_token_seconds;
        result.update(to_json(entry.text, *entry.answer, entry.usage, entry.generation_options, ttft_ms));
        return result;
      } catch (const std::exception& exception) {
        report_failure(entry, error_of(exception).message);
      }
    }
    result.update(*entry.failure);
    return result;
  }

  void print_finished() {
    for (; !entries_.empty(); entries_.pop_front()) {
      Entry& entry = entries_.front();
      if (!entry.failure && !entry.answer) return;
      const bool has_failed = entry.answer && entry.answer->finish_reason == runtime::FinishReason::failed;
      if (has_failed) report_failure(entry, entry.answer->error);
      Json result = result_of(entry);
      if (options_.json) {
        results_.push_back(std::move(result));
      } else {
        print(result);
        std::fflush(stdout);
      }
    }
  }

  Workspace& workspace_;
  const Options& options_;
  std::string name_;  // of the input
  LineInput input_;
  Answering answering_;
  std::deque<Entry> entries_;  // in the order of the lines; a deque: requests point into them
  runtime::Scheduler scheduler_;
  Json results_ = Json::array();
  std::size_t line_number_ = 0;
  bool is_at_end_ = false;
  std::string input_error_;  // why the input was not read to its end; else empty
  bool has_mistakes_ = false;
  bool has_failures_ = false;
};

}  // namespace

int run_batch(Workspace& workspace, const Options& options) {
  const std::string name = options.batch == "-" ? "(standard input)" : options.batch;
  auto input = LineInput::open(options.batch);
  if (!input) workspace.fail(name + " " + input.error().message);
  return BatchRun(workspace, options, name, std::move(*input)).run();
}

}  // namespace pml::cli
