// The commands that need LibTorch, loaded when one of them is called: libpml_engine.so lies beside the program,
// or in ../lib.
#pragma once

#include "cli/options.h"

namespace pml::cli {

struct EncodeJob;  // encode.h

enum class EngineCommand { encode, run, verify };

/// Loads the engine and runs the command in it. `job` is what `encode` is to do, null for other commands. Throws
/// std::runtime_error if the engine cannot be loaded.
int run_in_engine(EngineCommand command, const Options& options, EncodeJob* job = nullptr);

}  // namespace pml::cli

/// The one symbol that the engine exports. Options are passed as they are: program and engine are built
/// together.
extern "C" int pml_engine_main(pml::cli::EngineCommand command, const pml::cli::Options* options,
                               pml::cli::EncodeJob* job);
