// The subcommands, one file each. They return the exit code.
#pragma once

#include "cli/options.h"

namespace pml::cli {

int check(const Options& options);
int fmt(const Options& options);
int layout(const Options& options);
int lsp(const Options& options);
int render(const Options& options);
int explain(const Options& options);
int compile(const Options& options);  // calls the engine (encode.h) if there is something to encode
int inspect(const Options& options);
int gc(const Options& options);

/// Commands that compute with the model live in a library of their own (engine.h), so that the others start
/// without loading LibTorch.
int run(const Options& options);
int verify(const Options& options);

}  // namespace pml::cli
