// A line of a batch: what to answer, and how.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/json_output.h"
#include "cli/workspace.h"
#include "grammar/diagnostics.h"
#include "grammar/json_places.h"
#include "runtime/generation/request.h"

namespace pml::cli {

struct BatchLine {
  std::optional<PromptText> prompt;  // nothing: it is not known what it was meant to be
  runtime::GenerationOptions generation_options;
  std::vector<std::string> stops;
  bool prompt_is_file = false;  // its diagnostics name the file, not the line
};

/// The object that a line is. Says what is wrong, and returns nothing, if it is none.
std::optional<grammar::JsonValue> parse_batch_line(grammar::SourceId line, const grammar::SourceSet& sources,
                                                   grammar::Diagnostics& diagnostics);

/// What the line is called in its result; nothing if it does not say.
std::optional<Json> id_of(const grammar::JsonValue& line, const grammar::SourceSet& sources);

/// Reads the fields of a line (run_batch.h lists them), and says what is wrong with them. `defaults` holds for what the
/// line leaves out; without a seed of their own (`has_seed`) lines get a random one. `folder` is where its `file` is
/// looked for.
BatchLine read_batch_line(const grammar::JsonValue& line, BatchLine defaults, bool has_seed,
                          const std::filesystem::path& folder, const grammar::SourceSet& sources,
                          grammar::Diagnostics& diagnostics);

/// Adds what was found in the prompt of a line to what was found in the line itself, at the place where it is shown, so
/// that both are in order. It is found apart: a prompt with mistakes is not planned, but that of a line with mistakes
/// is.
void add_shown(const grammar::Diagnostic& found, const grammar::SourceSet& sources, grammar::Diagnostics& diagnostics);

}  // namespace pml::cli
