// The commands that need LibTorch, loaded when one of them is called: libpml_engine.so lies beside the program,
// or in ../lib.
#pragma once

#include "cli/options.h"

namespace pml::cli {

struct EncodeJob;   // encode.h
struct StandinJob;  // measure_standins.h

enum class EngineCommand { encode, measure_standins, run, verify };

/// What a part of a command is to do; of the others null.
struct EngineJob {
  EncodeJob* encode = nullptr;
  StandinJob* measure_standins = nullptr;
};

/// Loads the engine and runs the command in it. Throws std::runtime_error if the engine cannot be loaded.
int run_in_engine(EngineCommand command, const Options& options, const EngineJob& job = {});

}  // namespace pml::cli

/// The one symbol that the engine exports. Options are passed as they are: program and engine are built
/// together.
extern "C" int pml_engine_main(pml::cli::EngineCommand command, const pml::cli::Options* options,
                               const pml::cli::EngineJob* job);
