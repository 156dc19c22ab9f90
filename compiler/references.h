// What prompts of a schema are read against, and what can be said of the schema once it is laid out.
#pragma once

#include <vector>

#include "compiler/layout.h"
#include "compiler/rules.h"
#include "compiler/selection.h"
#include "grammar/ast.h"
#include "grammar/diagnostics.h"

namespace pml::compiler {

struct References {
  /// Says what is wrong with the schema's references, its order and its rules, and if nothing is, what is likely not
  /// meant (lint.h). `max_positions`: what the model reads; 0: no limit is known. The layout must outlive this.
  References(const ast::Schema& schema, const Layout& layout, Slot max_positions, const grammar::SourceSet& sources,
             grammar::Diagnostics& diagnostics);

  Names names;
  std::vector<Scaffold> scaffolds;
  Rules rules;
};

}  // namespace pml::compiler
