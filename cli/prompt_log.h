// Files of prompts, one JSON object a line as for `run --batch`, that are only looked at.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "cli/json_output.h"
#include "cli/workspace.h"
#include "grammar/diagnostics.h"
#include "grammar/json_places.h"

namespace pml::cli {

/// A line that is not empty.
struct LoggedLine {
  grammar::JsonValue fields;
  std::string place;  // "file:number"
  const std::filesystem::path& folder;
  grammar::Diagnostics& diagnostics;  // takes what is wrong with it
};

/// Calls `take` with every line that is an object. What is wrong with the lines is said, of all of them, and then ends
/// the command (Stop).
void for_each_line(Workspace& workspace, const std::string& path, bool as_json,
                   const std::function<void(LoggedLine& line)>& take);

/// The prompt of a line, as of `run --batch`; nothing if it is not known.
std::optional<PromptText> prompt_of(LoggedLine& line, const Workspace& workspace);

/// What a prompt selects, if it has no mistakes, which `diagnostics` then holds.
std::optional<compiler::Selection> select(Workspace& workspace, PromptText text, grammar::Diagnostics& diagnostics);

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
std::vector<compiler::Selection> read_prompt_log(Workspace& workspace, const std::string& path, bool as_json);

}  // namespace pml::cli
