#include "compiler/references.h"

#include "compiler/lint.h"
#include "compiler/order.h"

namespace pml::compiler {

References::References(const ast::Schema& schema, const Layout& layout, Slot max_positions,
                       const grammar::SourceSet& sources, grammar::Diagnostics& diagnostics)
    : names(layout),
      scaffolds(resolve_scaffolds(schema, layout, names, diagnostics)),
      rules(layout, names, diagnostics) {
  check_order(layout, names, diagnostics);
  rules.check(scaffolds, diagnostics);
  if (!diagnostics.has_errors()) lint(schema, layout, max_positions, sources, diagnostics);
}

}  // namespace pml::compiler
