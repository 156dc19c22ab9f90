#include "cli/prompt_log.h"

#include <chrono>
#include <cstdio>

#include "cli/batch_line.h"
#include "cli/line_input.h"
#include "compiler/sample.h"
#include "grammar/write_prompt.h"

namespace pml::cli {

void for_each_line(Workspace& workspace, const std::string& path,
                   const std::function<void(const Json&, const JsonLine&, const std::filesystem::path&)>& take) {
  auto input = LineInput::open(path);
  if (!input) workspace.fail(path + " " + input.error().message);
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::string line;
  for (std::uint32_t number = 1;; ++number) {
    const auto next = input->next(line, std::chrono::milliseconds(100));
    if (!next) workspace.fail(path + " " + next.error().message);
    if (*next == LineInput::Next::end) return;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const JsonLine written{path, number, line};
    try {
      take(parse_batch_line(line), written, folder);
    } catch (const LineMistake& mistake) {
      workspace.stop(written.place() + ": " + mistake.what(), kBadInput);
    }
  }
}

compiler::Selection select(Workspace& workspace, PromptText text, bool as_json) {
  grammar::Diagnostics diagnostics;
  auto selection = workspace.select(std::move(text), diagnostics);
  if (selection) {
    make_plan(workspace.layout(), workspace.contexts(), *selection, workspace.text_encoder(), workspace.max_positions(),
              diagnostics);
  }
  if (selection && !diagnostics.has_errors()) return std::move(*selection);
  workspace.show_in_line();
  const std::string message = render(diagnostics, workspace.sources());
  std::fwrite(message.data(), 1, message.size(), stderr);
  if (as_json) print({{"ok", false}, {"diagnostics", to_json(diagnostics, workspace.sources())}});
  throw Stop{kBadInput};
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
    auto selection = workspace.select(text, diagnostics);
    if (selection || tries == kMostTries) {
      prompt.selection = selection ? std::move(*selection) : select(workspace, std::move(text), as_json);
      return prompt;
    }
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

std::vector<compiler::Selection> read_prompt_log(Workspace& workspace, const std::string& path) {
  std::vector<compiler::Selection> prompts;
  for_each_line(workspace, path, [&](const Json& fields, const JsonLine& line, const std::filesystem::path& folder) {
    prompts.push_back(select(workspace, read_batch_line(fields, {}, /*has_seed=*/true, line, folder).prompt, false));
  });
  return prompts;
}

}  // namespace pml::cli
