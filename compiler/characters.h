// Characters that the model has no token for: it would not see them.
#pragma once

#include "compiler/text_encoder.h"
#include "grammar/ast.h"
#include "grammar/diagnostics.h"

namespace pml::compiler {

/// Says of each text of a schema, and of each text and argument of a prompt, which of its characters the model has no
/// token for, where each of them first stands.
void check_characters(const ast::Schema& schema, const TextEncoder& encoder, const grammar::SourceSet& sources,
                      grammar::Diagnostics& diagnostics);
void check_characters(const ast::Prompt& prompt, const TextEncoder& encoder, const grammar::SourceSet& sources,
                      grammar::Diagnostics& diagnostics);

}  // namespace pml::compiler
