// Which modules a context has: what every prompt with some module has, by the rules, and what stands in for the rest.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "compiler/contexts.h"
#include "compiler/layout.h"
#include "compiler/rules.h"
#include "compiler/standins.h"

namespace pml::compiler {

/// What the rules say of all prompts that have some module, beside what they say of all prompts.
struct Demands {
  std::vector<ElementId> needed;    // modules that are present, ascending
  std::vector<ElementId> excluded;  // modules that are not, ascending

  auto operator<=>(const Demands&) const = default;
};

/// What is assumed of prompts while a context is chosen. Changes are noted, so that they can be taken back.
struct Assumption {
  ast::ContextKind kind = ast::ContextKind::guaranteed;
  ScaffoldId scaffold = kNone;
  std::vector<ElementId> members;  // by element: of a union the member that is there, else kNone
  std::vector<bool> is_present;    // by element: of a module, if its parent is
  std::vector<bool> is_seen;       // by element: is its own text in contexts? Empty: all is
  std::vector<bool> is_certain;    // by element: a module that the scaffold or the rules put there, in all prompts
  std::vector<bool> is_scaffold;   // by element: a module of the scaffold, or in one. Empty: none is
  std::vector<ElementId> fragile;  // modules that stand in, and unions with a stand-in, on which rules bear; ascending
  std::int32_t demands = 0;        // declared are the elements with these

  void set_present(ElementId module, bool value);
  void set_member(ElementId alternatives, ElementId member);
  void take_back();

  struct Change {
    ElementId element = 0;
    ElementId member = kNone;  // of a union, before
    bool was_present = false;
    bool is_member = false;
  };
  std::vector<Change> changes;
};

class Assumptions {
 public:
  /// All must outlive this.
  Assumptions(const Layout& layout, const Standins& standins, const std::vector<Scaffold>& scaffolds);

  /// For elements of which the rules say nothing, as for all.
  Assumption assume(ast::ContextKind kind, ScaffoldId scaffold = kNone) const;
  /// Assumes what holds for elements with these demands. False if no prompt with the scaffold has them.
  bool assume_demands(Assumption& assumption, std::int32_t number) const;

  /// Elements of which the rules say the same share their number; 0: nothing.
  std::size_t num_demands() const { return demands_.size(); }
  std::int32_t demands_of(ElementId element) const { return demands_of_[element]; }
  /// Ascending.
  const std::vector<ElementId>& elements_with(std::int32_t demands) const { return elements_with_[demands]; }
  /// Before this element nothing is otherwise because of the assumption's demands, but for its changes.
  ElementId first_concerned(const Assumption& assumption) const;

  /// Can prompts have this member of a union, in place of the one that is assumed, with the elements that have the
  /// demands? And does no rule of its own change what stands before it? The assumption stays as it is.
  bool may_be_neighbour(ElementId member, Assumption& assumption) const;
  /// May a module of a pool be before another, behind those of `there`, without breaking a rule?
  bool may_accompany(ElementId other, ElementId module, const std::vector<ElementId>& there,
                     const Assumption& assumption) const;
  bool is_never_with_scaffold(ElementId element, const Assumption& assumption) const;

  /// Behind the last element that stands in this one.
  ElementId end_of(ElementId element) const { return ends_[element]; }

 private:
  void note_tree();
  void note_demands();
  std::vector<bool> bringing_rules() const;
  std::vector<bool> weighed_by_standins() const;
  Demands demands_in(ElementId module, const Rules::Implied& implied, Demands demands, bool is_told_apart) const;

  void make_present(ElementId module, Assumption& assumption) const;
  void make_certain(ElementId module, Assumption& assumption) const;
  void put_scaffold(ScaffoldId scaffold, Assumption& assumption) const;
  void keep_rules(Assumption& assumption, Assumption settled) const;
  void drop_rule_breakers(Assumption& assumption) const;
  void note_fragile(Assumption& assumption) const;
  void settle(Assumption& assumption) const;
  bool settle_choices(Assumption& assumption) const;
  void replace_standin(
      ElementId alternatives, Assumption& assumption,
      const std::function<bool(ElementId)>& fits = [](ElementId) { return true; }) const;

  std::vector<ElementId> choices_with(const std::vector<ElementId>& modules) const;
  std::array<const std::vector<ElementId>*, 3> choices_for(const Assumption& assumption) const;
  bool leaves_choices(const Assumption& assumption) const;
  std::vector<ElementId> required_together(const Assumption& assumption) const;

  bool has_rules(ElementId module) const;
  bool is_needed(ElementId module, const Assumption& assumption) const;
  bool is_excluded(ElementId module, const Assumption& assumption) const;
  bool is_there(ElementId element, const Assumption& assumption) const;
  bool may_stand(ElementId module, const Assumption& assumption) const;

  const Layout& layout_;
  const Standins& standins_;
  const std::vector<Scaffold>& scaffolds_;
  grammar::Diagnostics said_;  // mistakes in rules are said elsewhere
  Names names_{layout_};
  Rules rules_{layout_, names_, said_};
  std::function<bool(const std::vector<ElementId>&)> is_possible_ = rules_.possibility();
  std::vector<ElementId> ends_;   // by element: behind the last one in it
  std::vector<ElementId> ruled_;  // elements with rules of their own or of others against them, ascending
  Demands of_all_;                // what holds of every prompt
  std::vector<Demands> demands_;  // different ones; the first are none
  std::vector<std::vector<ElementId>> choices_;  // by demands: modules of which the rules that make them leave a choice
  std::vector<std::vector<ElementId>> scaffold_choices_;  // by scaffold, the same of its modules; without rules empty
  std::vector<std::int32_t> demands_of_;                  // by element: index of those
  std::vector<std::vector<ElementId>> elements_with_;     // by demands, ascending
};

}  // namespace pml::compiler
