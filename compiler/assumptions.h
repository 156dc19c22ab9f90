// Which modules a context has: what every prompt with some module has, by the rules, and what stands in for the rest.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "compiler/contexts.h"
#include "compiler/demands.h"
#include "compiler/layout.h"
#include "compiler/rules.h"
#include "compiler/standins.h"

namespace pml::compiler {

/// What is assumed of prompts while a context is chosen. Changes are noted, so that they can be taken back.
struct Assumption {
  ast::ContextKind kind = ast::ContextKind::guaranteed;
  ScaffoldId scaffold = kNone;
  std::vector<ElementId> members;  // by element: of a union the member that is there, else kNone
  std::vector<bool> is_present;    // by element: of a module, if its parent is
  std::vector<bool> is_seen;       // by element: is its own text in contexts? Empty: all is
  std::vector<bool> is_certain;    // by element: a module that the scaffold or the rules put there, in all prompts
  std::vector<bool> is_scaffold;   // by element: a module of the scaffold, or in one. Empty: none is
  /// By component of the rules: modules that stand in, and unions with a stand-in, that rules name; ascending.
  std::map<ElementId, std::vector<ElementId>> fragile;
  std::int32_t demands = 0;  // declared are the elements with these

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

  const DemandTable& demands() const { return demands_; }
  /// Before this element nothing is otherwise because of the assumption's demands.
  ElementId first_concerned(const Assumption& assumption) const;

  /// Can prompts have this member of a union, in place of the one that is assumed, with the elements that have the
  /// demands? And does no rule change what stands before it? The assumption stays as it is.
  bool may_be_neighbour(ElementId member, Assumption& assumption) const;
  /// Do the rules of a module, and of what is there in it, hold with this member of a union in place of the one that is
  /// assumed? The assumption stays as it is.
  bool may_stand_with(ElementId module, ElementId member, Assumption& assumption) const;
  /// May a module of a pool be before another, or before none (kNone), behind those of `there`, without breaking a
  /// rule?
  bool may_accompany(ElementId other, ElementId module, const std::vector<ElementId>& there,
                     const Assumption& assumption) const;
  /// Stand-ins of which it was asked whether they may stay, in all: a measure of the time that was taken.
  std::size_t num_weighed() const { return num_weighed_; }
  bool is_never_with_scaffold(ElementId element, const Assumption& assumption) const;

 private:
  void make_present(ElementId module, Assumption& assumption) const;
  void make_certain(ElementId module, Assumption& assumption) const;
  void put_scaffold(ScaffoldId scaffold, Assumption& assumption) const;
  void keep_rules(Assumption& assumption, Assumption settled) const;
  void drop_rule_breakers(Assumption& assumption) const;
  void note_fragile(Assumption& assumption) const;
  void settle(Assumption& assumption, bool replaces) const;
  bool settle_choices(Assumption& assumption) const;
  bool settle_choices_of(ElementId component, Assumption& assumption) const;
  void settle_together(std::span<const ElementId> candidates, std::vector<ElementId>& together,
                       Assumption& assumption) const;
  void replace_standin(
      ElementId alternatives, Assumption& assumption,
      const std::function<bool(ElementId)>& fits = [](ElementId) { return true; }) const;

  std::array<const Choices*, 3> choices_for(const Assumption& assumption) const;
  std::set<ElementId> with_choice(const Assumption& assumption) const;
  std::set<ElementId> concerned_by(const Assumption& assumption) const;
  void for_each_choice(ElementId component, const Assumption& assumption,
                       const std::function<void(ElementId)>& visit) const;
  bool leaves_choice(ElementId component, const Assumption& assumption) const;
  std::vector<ElementId> certain_in(ElementId component, const Assumption& assumption) const;
  std::vector<ElementId> standins_in(ElementId component, const Assumption& assumption) const;

  bool is_alternative_to_certain(ElementId module, const Assumption& assumption) const;
  bool is_needed(ElementId module, const Assumption& assumption) const;
  bool is_excluded(ElementId module, const Assumption& assumption) const;
  bool is_there(ElementId element, const Assumption& assumption) const;
  bool may_stand(ElementId module, const Assumption& assumption) const;

  const Layout& layout_;
  const Standins& standins_;
  const std::vector<Scaffold>& scaffolds_;
  DemandTable demands_;
  const Rules& rules_ = demands_.rules();
  std::function<bool(const std::vector<ElementId>&)> is_possible_ = rules_.possibility();
  mutable std::size_t num_weighed_ = 0;
  std::vector<ElementId> ruled_;  // modules with rules, or others' rules against them, or unions to fill, ascending
};

}  // namespace pml::compiler
