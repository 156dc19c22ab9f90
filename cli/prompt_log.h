// Files of prompts, one JSON object a line as for `run --batch`, that are only looked at.
#pragma once

#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "cli/json_output.h"
#include "cli/workspace.h"

namespace pml::cli {

/// Calls `take` with every line that is not empty: its object, the line as it is written, and the folder of the file.
/// What throws LineMistake is said, and ends the command (Stop).
void for_each_line(
    Workspace& workspace, const std::string& path,
    const std::function<void(const Json& fields, const JsonLine& line, const std::filesystem::path& folder)>& take);

/// What a prompt selects, if it has no mistakes; else says which, and throws Stop.
compiler::Selection select(Workspace& workspace, PromptText text, bool as_json);

/// A random prompt that keeps the schema's rules, as a document and resolved. If none is found in many tries, says what
/// was wrong with the last one, and throws Stop.
struct RandomPrompt {
  std::string text;
  compiler::Selection selection;
};
RandomPrompt random_prompt(Workspace& workspace, std::mt19937_64& random, const std::string& name, bool as_json);

/// So many random prompts, always the same ones, and others than those that `verify` samples.
std::vector<compiler::Selection> random_prompts(Workspace& workspace, std::int32_t count, bool as_json);

/// Random prompts that tokens are ranked with, where nothing else is said.
inline constexpr std::int32_t kRankingPrompts = 8;

/// The prompts of a file.
std::vector<compiler::Selection> read_prompt_log(Workspace& workspace, const std::string& path);

}  // namespace pml::cli
