// What the rules say of all prompts that have some module: which others they have, which they have not, and where a
// choice is left.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <vector>

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

/// Modules of which rules leave a choice, by component of the rules, ascending.
using Choices = std::map<ElementId, std::vector<ElementId>>;

/// The demands of all elements. Those of which the rules say the same, so that contexts hold the same before them,
/// share their number; 0: nothing is said.
class DemandTable {
 public:
  /// `standins`: what may be in contexts beside what the rules put there.
  DemandTable(const Layout& layout, const Standins& standins, const std::vector<Scaffold>& scaffolds);

  const Rules& rules() const { return rules_; }
  std::size_t size() const { return demands_.size(); }
  std::int32_t number_of(ElementId element) const { return numbers_[element]; }
  /// Ascending.
  const std::vector<ElementId>& elements_with(std::int32_t number) const { return elements_with_[number]; }
  const Demands& of_all() const { return of_all_; }
  const Demands& operator[](std::int32_t number) const { return demands_[number]; }

  /// Those of every prompt, for 0; else those that come with the demands.
  const Choices& choices(std::int32_t number) const { return choices_[number]; }
  /// Those that come with the modules of the scaffold; without one (kNone) none.
  const Choices& scaffold_choices(ScaffoldId scaffold) const {
    return scaffold == kNone || scaffold_choices_.empty() ? none_ : scaffold_choices_[scaffold];
  }

  /// Behind the last element that stands in this one.
  ElementId end_of(ElementId element) const { return ends_[element]; }
  /// Do rules name the element, or something in it?
  bool is_touched(ElementId element) const { return is_touched_[element]; }
  /// The first module of the first pool that rules touch; behind all elements if there is none.
  ElementId first_touched_pool() const { return first_touched_pool_; }
  /// Modules with rules that name the element, or something in it, ascending.
  const std::vector<ElementId>& weighing(ElementId element) const;

 private:
  /// By element: what tells for which modules the rules have to be followed, and which of them share no number.
  struct Marks {
    std::vector<bool> is_asked;
    std::vector<bool> is_weighed;      // on it hangs whether a stand-in's rules hold, or what is chosen
    std::vector<bool> takes_part;      // in some choice
    std::set<ElementId> with_choices;  // components in which what may be assumed leaves a choice
  };

  void note_tree();
  void note_weighing();
  void note_choices(const std::vector<Scaffold>& scaffolds);
  void note_touched();
  Marks mark(const Standins& standins) const;
  void number_modules(const Marks& marks);

  std::vector<bool> bringing_rules() const;
  std::vector<bool> possible_standins(const Standins& standins) const;
  std::vector<bool> weighed_by(const std::vector<bool>& may_stand_in) const;
  std::vector<bool> parts_of_choices() const;
  std::vector<bool> with_what_is_around(std::vector<bool> elements) const;
  std::vector<bool> alternatives_to(const std::vector<bool>& elements) const;
  bool leaves_choice(ElementId module) const;
  std::vector<ElementId> choices_with(const std::vector<ElementId>& modules) const;
  Choices by_component(const std::vector<ElementId>& modules) const;
  bool is_told_apart(ElementId module, const Rules::Implied& implied, const Marks& marks) const;
  Demands demands_in(ElementId module, const Rules::Implied& implied, Demands demands) const;

  const Layout& layout_;
  grammar::Diagnostics said_;  // mistakes in rules are said elsewhere
  Names names_{layout_};
  Rules rules_{layout_, names_, said_};
  std::vector<ElementId> ends_;                           // by element
  std::map<ElementId, std::vector<ElementId>> weighing_;  // by element
  std::vector<bool> is_touched_;                          // by element
  ElementId first_touched_pool_ = std::numeric_limits<ElementId>::max();
  Demands of_all_;
  std::vector<Demands> demands_;                       // by number
  std::vector<Choices> choices_;                       // by number
  std::vector<Choices> scaffold_choices_;              // by scaffold; without rules empty
  std::vector<std::int32_t> numbers_;                  // by element
  std::vector<std::vector<ElementId>> elements_with_;  // by number
  Choices none_;
};

}  // namespace pml::compiler
