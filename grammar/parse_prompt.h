// Prompt text (XML) -> ast::Prompt.
#pragma once

#include <optional>

#include "grammar/ast.h"
#include "grammar/diagnostics.h"

namespace pml::grammar {

/// Reads a prompt. Adds a diagnostic for every mistake that shows without the schema; the result is meant for
/// further checks even then. Nothing if the text holds no prompt.
std::optional<ast::Prompt> parse_prompt(SourceId source, const SourceSet& sources, Diagnostics& diagnostics);

}  // namespace pml::grammar
