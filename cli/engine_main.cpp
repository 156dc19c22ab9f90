// The engine's side of engine.h.
#include <exception>

#include "cli/commands.h"
#include "cli/encode.h"
#include "cli/engine.h"
#include "cli/json_output.h"
#include "cli/measure_standins.h"
#include "cli/workspace.h"
#include "grammar/result.h"

extern "C" __attribute__((visibility("default"))) int pml_engine_main(pml::cli::EngineCommand command,
                                                                      const pml::cli::Options* options,
                                                                      const pml::cli::EngineJob* job) {
  // Exceptions do not leave the library: LibTorch throws when memory runs out.
  try {
    switch (command) {
      case pml::cli::EngineCommand::encode:
        return pml::cli::encode(*options, *job->encode);
      case pml::cli::EngineCommand::measure_standins:
        return pml::cli::measure_standins(*options, *job->measure_standins);
      case pml::cli::EngineCommand::run:
        return pml::cli::run(*options);
      case pml::cli::EngineCommand::verify:
        return pml::cli::verify(*options);
    }
    return pml::cli::kMachineFailed;
  } catch (const pml::cli::Stop& stop) {
    return stop.exit_code;
  } catch (const std::exception& exception) {
    const std::string message = pml::error_of(exception).message;
    pml::cli::say(message);
    if (options->json) pml::cli::print_error(message);
    return pml::cli::kMachineFailed;
  }
}
