// Ranks tokens with prompts: what computing them anew is worth.
#pragma once

#include <functional>
#include <vector>

#include "cli/workspace.h"
#include "runtime/encoder.h"
#include "runtime/model.h"

namespace pml::cli {

/// `contexts`: those of the encoder. The prompts have no mistakes. Stops early after Ctrl-C; throws Stop if an artifact
/// cannot be had. `on_prompt` is called after each.
compiler::Ranking rank_tokens(const Workspace& workspace, const compiler::Contexts& contexts,
                              const std::vector<compiler::Selection>& prompts, const runtime::Model& model,
                              runtime::Encoder& encoder, const std::function<void()>& on_prompt = {});

}  // namespace pml::cli
