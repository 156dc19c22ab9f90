// The command line: which commands there are, and which options each of them has.
#pragma once

#include "cli/options.h"

namespace pml::cli {

/// What a command does with its options. Returns the exit code.
using Command = int (*)(const Options& options);

struct CommandLine {
  Options options;
  Command command = nullptr;  // null: nothing is left to do
  int exit_code = kDone;      // of a line without a command
};

/// Reads the arguments of main(). Help is printed, and so is what is wrong with them: nothing is left to do then.
CommandLine read_command_line(int argc, char** argv);

/// Whether the arguments ask for JSON, whatever is wrong with them.
bool wants_json(int argc, char** argv);

}  // namespace pml::cli
