// The attributes `requires` and `excludes`: what holds of every prompt that has a module.
#pragma once

#include <functional>
#include <vector>

#include "compiler/layout.h"
#include "compiler/selection.h"
#include "grammar/diagnostics.h"

namespace pml::compiler {

/// A condition whose modules are resolved.
struct Term {
  ast::Condition::Kind kind = ast::Condition::Kind::module;
  ElementId module = kNone;  // of Kind::module
  grammar::Place place;
  std::vector<Term> terms;
};

class Rules {
 public:
  /// Says so if a rule names a module that is not there; the rule is left out. The layout must outlive this.
  Rules(const Layout& layout, const Names& names, grammar::Diagnostics& diagnostics);

  bool empty() const { return rules_.empty(); }
  /// Says which modules no prompt can have, and why; which rules go round in a circle; and, as a warning, what could
  /// not be found out in a bounded number of steps.
  void check(grammar::Diagnostics& diagnostics) const;
  /// Says which rules a prompt breaks, and what would mend it.
  void check(const Selection& selection, grammar::Diagnostics& diagnostics) const;

  /// The modules that the module's own rule names as present in every prompt that has it: `and` terms of `requires`.
  const std::vector<ElementId>& needed_by(ElementId module) const;
  /// Those that no prompt has together with it, because its own rule says so or theirs.
  const std::vector<ElementId>& excluded_by(ElementId module) const;
  /// Has the module a rule of its own, or is it excluded by others' rules?
  bool speaks_of(ElementId module) const { return !of_[module].empty() || !excluded_[module].empty(); }
  /// Does the module's own rule hold?
  bool holds(ElementId module, const std::function<bool(ElementId)>& is_present) const;
  /// `is_present`: by element.
  bool holds(ElementId module, const std::vector<bool>& is_present) const {
    return holds(module, [&](ElementId id) { return bool{is_present[id]}; });
  }

 private:
  /// What holds if a module is present.
  struct Rule {
    ElementId module = 0;
    std::string text;  // as written: `requires` or `excludes`, and what
    Term term;
    std::vector<ElementId> needed;  // what it says of needed_by()
  };

  void check_cycles(grammar::Diagnostics& diagnostics) const;
  void index(const Term& term, bool holds, Rule& rule);

  const Layout& layout_;
  std::vector<Rule> rules_;                     // in the order of their modules
  std::vector<std::vector<std::size_t>> of_;    // by element: its rules
  std::vector<std::vector<ElementId>> needed_;  // by element
  std::vector<std::vector<ElementId>> excluded_;
  friend class RuleSolver;
};

}  // namespace pml::compiler
