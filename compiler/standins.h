// What a typical prompt of a schema selects: the stand-ins of typical contexts (contexts.h).
//
// A choice that was made stays until what it chooses from is edited: manifests remember choices with the text that they
// were made for.
#pragma once

#include <string>
#include <vector>

#include "compiler/layout.h"
#include "compiler/selection.h"

namespace pml::compiler {

/// Do contexts of this kind have stand-ins?
constexpr bool is_typical(ast::ContextKind kind) {
  return kind == ast::ContextKind::typical || kind == ast::ContextKind::adjacent;
}

struct Standins {
  /// By element: of a union the member that stands in for it, kNone if the union is likely to be empty.
  std::vector<ElementId> members;
  /// By element: an optional module that is likely to be selected if its parent is.
  std::vector<bool> likely;
  /// By element: a union whose member was chosen by what each of them costs in fidelity.
  std::vector<bool> is_measured;
};

/// The cheap rule: of a union the member that its author names, else the first; no optional module.
Standins choose_standins(const Layout& layout);

/// What prompts that were asked select most: of a union the member that most of them have, if its author names none, or
/// none if most leave it empty; optional modules that half of the prompts with their parent have.
Standins choose_standins(const Layout& layout, const std::vector<Selection>& prompts);

/// The unions whose choice may still be measured: their author names no member, none was measured before, and contexts
/// of the schema have stand-ins. `otherwise`: the kind for elements whose documents do not say.
std::vector<ElementId> open_unions(const Layout& layout, const Standins& standins, ast::ContextKind otherwise);

/// A choice, as a manifest remembers it.
struct StandinChoice {
  std::string place;   // of the union or module: names from the top, unions without a name by their number
  std::string member;  // of a union; empty: none. Of an optional module its own name
  std::string text;    // digest of the union's or module's own tokens
  bool is_measured = false;

  bool operator==(const StandinChoice&) const = default;
};

/// The choices that differ from the cheap rule's, and all those that their author did not make.
std::vector<StandinChoice> describe_standins(const Layout& layout, const Standins& standins);
/// The cheap rule's choices, and in place of them those of `choices` whose union or module is still the same. What the
/// author names is stronger.
Standins recall_standins(const Layout& layout, const std::vector<StandinChoice>& choices);

}  // namespace pml::compiler
