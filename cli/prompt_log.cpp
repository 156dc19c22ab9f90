#include "cli/prompt_log.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "cli/batch_line.h"
#include "cli/line_input.h"
#include "compiler/sample.h"
#include "grammar/write_prompt.h"

namespace pml::cli {

namespace {

/// Says what is wrong with the lines of a file, of so many as anybody reads; then ends the command.
class LineReport {
 public:
  LineReport(Workspace& workspace, bool as_json) : workspace_(workspace), as_json_(as_json) {}

  void add(const grammar::Diagnostics& diagnostics) {
    if (!diagnostics.has_errors()) return;
    std::vector<const grammar::Diagnostic*> list;
    for (const grammar::Diagnostic& diagnostic : diagnostics.list()) list.push_back(&diagnostic);
    std::ranges::stable_sort(list, {}, [](const grammar::Diagnostic* diagnostic) {
      return std::pair(diagnostic->place.source, diagnostic->place.begin);
    });
    for (const grammar::Diagnostic* diagnostic : list) {
      if (!has_room()) continue;
      const std::string text = render(*diagnostic, workspace_.sources());
      std::fwrite(text.data(), 1, text.size(), stderr);
    }
    if (as_json_) add_all(to_json(diagnostics, workspace_.sources()), json_);
    has_mistakes_ = true;
  }

  void end() const {
    if (num_found_ > kMostPrinted) std::fprintf(stderr, "... and %zu more\n", num_found_ - kMostPrinted);
    if (!has_mistakes_) return;
    if (as_json_) print(Json{{"ok", false}, {"diagnostics", json_}});
    throw Stop{kBadInput};
  }

 private:
  static constexpr std::size_t kMostPrinted = 100;

  bool has_room() { return ++num_found_ <= kMostPrinted; }

  Workspace& workspace_;
  bool as_json_;
  std::size_t num_found_ = 0;
  bool has_mistakes_ = false;
  Json json_ = Json::array();
};

}  // namespace

void for_each_line(Workspace& workspace, const std::string& path, bool as_json,
                   const std::function<void(LoggedLine& line)>& take) {
  auto input = LineInput::open(path);
  if (!input) workspace.fail(path + " " + input.error().message);
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  LineReport report(workspace, as_json);
  std::string text;
  for (std::uint32_t number = 0;;) {
    const auto next = input->next(text, std::chrono::milliseconds(100));
    if (!next) workspace.fail(path + " " + next.error().message);
    if (*next == LineInput::Next::none_yet) continue;
    if (*next == LineInput::Next::end) return report.end();
    ++number;
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    grammar::Diagnostics diagnostics;
    const grammar::SourceId source = workspace.add_line(path, text, number);
    auto fields = parse_batch_line(source, workspace.sources(), diagnostics);
    LoggedLine line{{}, path + ":" + std::to_string(number), folder, diagnostics};
    if (fields) {
      line.fields = std::move(*fields);
      take(line);
    }
    report.add(diagnostics);
  }
}

std::optional<PromptText> prompt_of(LoggedLine& line, const Workspace& workspace) {
  return read_batch_line(line.fields, {}, /*has_seed=*/true, line.folder, workspace.sources(), line.diagnostics).prompt;
}

std::optional<compiler::Selection> select(Workspace& workspace, PromptText text, grammar::Diagnostics& diagnostics) {
  grammar::Diagnostics of_prompt;
  auto selection = workspace.select(std::move(text), of_prompt);
  if (selection) {
    make_plan(workspace.layout(), workspace.contexts(), *selection, workspace.text_encoder(), workspace.max_positions(),
              of_prompt);
  }
  if (!of_prompt.list().empty()) workspace.show_in_line();
  for (const grammar::Diagnostic& found : of_prompt.list()) add_shown(found, workspace.sources(), diagnostics);
  return of_prompt.has_errors() ? std::nullopt : std::move(selection);
}

RandomPrompt random_prompt(Workspace& workspace, std::mt19937_64& random, const std::string& name, bool as_json) {
  constexpr int kMostTries = 200;
  for (int tries = 1;; ++tries) {
    RandomPrompt prompt;
    prompt.text = grammar::to_xml(compiler::sample_prompt(workspace.layout(), workspace.text_encoder(), random));
    PromptText text;
    text.name = name;
    text.xml = prompt.text;
    grammar::Diagnostics diagnostics;
    auto selection = workspace.select(std::move(text), diagnostics);
    if (selection) {
      prompt.selection = std::move(*selection);
      return prompt;
    }
    if (tries < kMostTries) continue;
    LineReport report(workspace, as_json);
    report.add(diagnostics);
    report.end();
  }
}

std::vector<compiler::Selection> random_prompts(Workspace& workspace, std::int32_t count, bool as_json) {
  constexpr std::uint64_t kSeed = 0x70726f6d707473;
  std::mt19937_64 random(kSeed);
  std::vector<compiler::Selection> prompts;
  for (std::int32_t i = 0; i < count; ++i) {
    prompts.push_back(random_prompt(workspace, random, "random prompt", as_json).selection);
  }
  return prompts;
}

std::vector<compiler::Selection> read_prompt_log(Workspace& workspace, const std::string& path, bool as_json) {
  std::vector<compiler::Selection> prompts;
  for_each_line(workspace, path, as_json, [&](LoggedLine& line) {
    auto prompt = prompt_of(line, workspace);
    auto selection = prompt ? select(workspace, std::move(*prompt), line.diagnostics) : std::nullopt;
    if (selection) prompts.push_back(std::move(*selection));
  });
  return prompts;
}

}  // namespace pml::cli
