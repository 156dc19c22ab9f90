// The attribute `after`: a module that stands behind others.
//
// The layout decides where modules stand, except for those of one pool: there the prompt does. Modules of one union
// are never present together, so nothing is said of them.
#pragma once

#include <set>
#include <utility>

#include "compiler/layout.h"
#include "compiler/selection.h"
#include "grammar/diagnostics.h"

namespace pml::compiler {

/// Checks that every module that `after` names is there, and does not stand behind the module in every prompt.
void check_order(const Layout& layout, const Names& names, grammar::Diagnostics& diagnostics);

/// Checks the order in which a prompt has the modules of pools. Says nothing of what the layout decides.
void check_order(const Layout& layout, const Names& names, const Selection& selection,
                 grammar::Diagnostics& diagnostics);

/// Which modules of one pool must not stand before which others: pairs {behind, before}.
using PoolOrder = std::set<std::pair<ElementId, ElementId>>;
PoolOrder pool_order(const Layout& layout);

}  // namespace pml::compiler
