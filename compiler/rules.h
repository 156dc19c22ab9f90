// The attributes `requires` and `excludes`: what holds of every prompt that has a module.
#pragma once

#include <functional>
#include <map>
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

/// Visits the modules that a term names.
void for_each_module(const Term& term, const std::function<void(ElementId)>& visit);

class Rules {
 public:
  /// Says so if a rule names a module that is not there; the rule is left out. The layout must outlive this.
  Rules(const Layout& layout, const Names& names, grammar::Diagnostics& diagnostics);

  bool empty() const { return rules_.empty(); }
  /// Says which modules no prompt can have, and which scaffolds, and why; which rules go round in a circle; and, as a
  /// warning, what could not be found out in a bounded number of steps. Of modules that cannot be there because others
  /// cannot, only those others are named.
  void check(const std::vector<Scaffold>& scaffolds, grammar::Diagnostics& diagnostics) const;
  /// Says which rules a prompt breaks, and what would mend it.
  void check(const Selection& selection, grammar::Diagnostics& diagnostics) const;

  /// Modules that are present, and modules that are not, in every prompt that has some module; each ascending.
  struct Implied {
    std::vector<ElementId> present;
    std::vector<ElementId> absent;
  };
  /// Visits the modules with what follows from each, step by step: what stands around and in it and what all these
  /// rules say; of the schema (0), what holds of every prompt, and of others what does not. Where a rule leaves a
  /// choice nothing follows from it. Ends when `visit` returns false.
  void for_each_implied(const std::vector<ElementId>& modules,
                        const std::function<bool(ElementId, const Implied&)>& visit) const;
  /// Answers whether some prompt has all of some modules; yes, if that is not found out in a bounded number of steps.
  std::function<bool(const std::vector<ElementId>&)> possibility() const;
  /// Those that no prompt has together with the module, because its own rule says so or theirs.
  const std::vector<ElementId>& excluded_by(ElementId module) const { return excluded_[module]; }
  /// Has the module a rule of its own?
  bool has_rule(ElementId module) const { return !of_[module].empty(); }
  /// Does its rule say more than that other modules are not there?
  bool depends(ElementId module) const;
  /// Has it one, or is it excluded by others' rules?
  bool speaks_of(ElementId module) const { return has_rule(module) || !excluded_[module].empty(); }
  /// By element: has it one, or do others' rules name it?
  const std::vector<bool>& named() const { return is_named_; }
  /// What a module's own rules name.
  std::vector<ElementId> named_by(ElementId module) const;
  /// The modules that a module's own rules name where they leave a choice.
  std::vector<ElementId> weighed_by(ElementId module) const;
  /// If the rules of some of `modules` leave a choice, or a required union in them does that cannot just be filled, all
  /// that may be chosen, with what the rules of those name, and so on; ascending.
  std::vector<ElementId> choices_of(const std::vector<ElementId>& modules) const;
  /// Elements whose being there may bear on each other, through rules and through how modules stand, have the same.
  ElementId component_of(ElementId id) const { return components_[id]; }
  /// Does no rule keep a module out, nor anything follow from its being there but what stands around it? Of a union:
  /// has it a member like that, so that it can always be filled?
  bool is_harmless(ElementId id) const { return is_harmless_[id]; }
  /// The required unions in a module of which that is not so.
  const std::vector<ElementId>& unions_to_fill(ElementId module) const;
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
    std::vector<ElementId> needed;  // modules that it names as present: `and` terms of `requires`
  };

  void check_cycles(grammar::Diagnostics& diagnostics) const;
  void find_components();
  void find_harmless();
  std::vector<ElementId> doubtful() const;
  bool follows_from_others(ElementId module, const std::map<ElementId, std::vector<grammar::Note>>& impossible) const;
  void index(const Term& term, bool holds, Rule& rule);

  const Layout& layout_;
  std::vector<Rule> rules_;                                     // in the order of their modules
  std::vector<std::vector<std::size_t>> of_;                    // by element: its rules
  std::vector<std::vector<ElementId>> excluded_;                // by element
  std::vector<ElementId> components_;                           // by element: the first one of its component
  std::vector<bool> is_named_;                                  // by element
  std::vector<bool> is_harmless_;                               // by element
  std::map<ElementId, std::vector<ElementId>> unions_to_fill_;  // by module
  friend class RuleSolver;
};

}  // namespace pml::compiler
