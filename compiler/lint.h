// Lints: what is right by the language, and is yet likely not what its author meant. All of them are warnings, each of
// a kind that can be ignored, and none repeats what an error says: they are for documents without errors.
#pragma once

#include "compiler/layout.h"
#include "compiler/selection.h"
#include "grammar/ast.h"
#include "grammar/diagnostics.h"
#include "grammar/source.h"

namespace pml::compiler {

/// Of a schema. `max_positions`: what the model reads; 0: no limit is known. Without a model nothing is said of
/// lengths.
void lint(const ast::Schema& schema, const Layout& layout, Slot max_positions, const grammar::SourceSet& sources,
          grammar::Diagnostics& diagnostics);

/// Of a prompt that is planned.
void lint(const Selection& selection, const Layout& layout, const TextEncoder& encoder,
          grammar::Diagnostics& diagnostics);

}  // namespace pml::compiler
