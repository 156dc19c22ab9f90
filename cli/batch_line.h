// A line of a batch: what to answer, and how.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/json_output.h"
#include "cli/workspace.h"
#include "runtime/generation/request.h"

namespace pml::cli {

/// What is wrong with a line.
class LineMistake : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct BatchLine {
  PromptText prompt;
  runtime::GenerationOptions generation_options;
  std::vector<std::string> stops;
  bool prompt_is_file = false;  // its diagnostics name the file, not the line
};

/// Parses the text of a line. Throws LineMistake.
Json parse_batch_line(std::string_view text);

/// Reads the fields of a line (run_batch.h lists them). `defaults` holds for what the line leaves out; without a seed
/// of their own (`has_seed`) lines get a random one. `line` is the line as it is written, `folder` is where its `file`
/// is looked for. Throws LineMistake, and std::runtime_error if the file cannot be read.
BatchLine read_batch_line(const Json& fields, BatchLine defaults, bool has_seed, const JsonLine& line,
                          const std::filesystem::path& folder);

}  // namespace pml::cli
