// The `pml` program: reads the command line, and hands over to one file a subcommand.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "cli/command_line.h"
#include "cli/json_output.h"
#include "cli/messages.h"
#include "cli/workspace.h"
#include "grammar/result.h"

int main(int argc, char** argv) {
  using namespace pml::cli;
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of write(), as a full disk is
  try {
    const CommandLine line = read_command_line(argc, argv);
    if (line.command == nullptr) return line.exit_code;
    const int exit_code = line.command(line.options);
    // A full disk, or a pipe that nobody reads any more.
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      say("standard output cannot be written to");
      return kMachineFailed;
    }
#if !defined(__SANITIZE_ADDRESS__)  // looks for leaks at the end
    // LibTorch takes a tenth of a second to clear up what the system clears up anyway.
    std::_Exit(exit_code);
#endif
    return exit_code;
  } catch (const Stop& stop) {
    return stop.exit_code;
  } catch (const std::exception& exception) {
    const std::string message = pml::error_of(exception).message;
    say(message);
    if (wants_json(argc, argv)) print_error(message);
    return kMachineFailed;
  }
}
