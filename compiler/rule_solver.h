// Whether modules can be present together, by the attributes `requires` and `excludes` and by how modules stand.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "compiler/rules.h"

namespace pml::compiler {

/// Finds out whether some modules can be present together.
///
/// A prompt is a set of modules. All that is said of it has the form "if this module is present, then ...", so modules
/// that nothing asks for are simply left out, and only what follows from those that are asked for is looked at.
class RuleSolver {
 public:
  explicit RuleSolver(const Rules& rules);

  enum class Answer { possible, impossible, unknown };

  /// Can a prompt have all of the modules? Of none: can there be a prompt at all?
  Answer ask(const std::vector<ElementId>& modules);
  /// After `possible`: the modules of a prompt that has them, beside those that every prompt has.
  const std::vector<ElementId>& example() const { return example_; }
  /// What follows from the module without a choice; of the schema (0) what does from nothing, and else what does not.
  Rules::Implied follow_from(ElementId module);

  /// After `impossible`: what led to the contradiction.
  std::vector<grammar::Note> conflict() const;

 private:
  enum class Why : std::uint8_t { assumed, stands_in, alternative, required, rule, filled };

  /// Why a module is present, or is not.
  struct Reason {
    grammar::Place place;
    ElementId because = 0;  // the module that asks for it; itself: it was assumed
    Why why = Why::assumed;
    ElementId other = kNone;
    const Rules::Rule* rule = nullptr;

    friend bool operator==(const Reason&, const Reason&) = default;
  };
  struct Value {
    bool is_known = false;
    bool is_present = false;
    Reason reason;
    std::size_t number = 0;  // in the order in which they became known
  };
  /// A term that has to be true or false, and is not decided by what is known.
  struct Open {
    const Term* term = nullptr;
    bool value = true;
    Reason reason;
  };

  /// Of what is open in every prompt, what bears on the modules; for none of them all.
  void open_for(const std::vector<ElementId>& modules);
  ElementId component_of(const Term& term) const;
  void take_back(std::size_t num_set, std::size_t num_open);
  bool assume(ElementId module) { return set(module, true, {layout_.elements[module].place, module}); }

  bool set(ElementId module, bool is_present, const Reason& reason);
  /// Everything that follows from the modules that have become present, and from open terms.
  bool propagate();
  bool follow(ElementId module);
  /// A required union has a member: a term that is made as it is needed.
  bool fill(ElementId group, ElementId because);
  /// True, false, or nothing: not decided.
  std::optional<bool> evaluate(const Term& term);
  /// Sets what the term needs to have the value. A choice that is left is noted if `keeps_open`.
  bool force(const Term& term, bool value, const Reason& reason, bool keeps_open);
  bool solve(std::int32_t depth);
  /// The steps from what was assumed to the value of a module that became known as `number`, first to last, behind
  /// those that are there. `met`: modules whose values were explained.
  void trace(const Reason& last, ElementId module, std::size_t number, std::set<ElementId>& met, std::size_t depth);
  static void add(const Reason& step, std::vector<Reason>& steps);
  std::string text_of(const Reason& reason) const;

  const Rules& rules_;
  const Layout& layout_;
  std::vector<Value> values_;     // by element
  std::vector<ElementId> trail_;  // what has a value, in the order in which it got it
  std::vector<ElementId> queue_;  // present, and not followed yet
  std::vector<Open> open_;
  std::map<ElementId, Term> unions_;
  bool is_possible_ = false;                          // are the schema's own rules kept so far?
  std::size_t num_sure_ = 0;                          // of the trail: what every prompt has, or has not
  std::map<ElementId, std::vector<Open>> sure_open_;  // by component: what is open in every prompt
  std::int64_t num_terms_ = 0;                        // that were looked at
  std::int64_t num_before_ = 0;                       // before the question at hand
  bool gave_up_ = false;                              // on the question at hand
  std::vector<Reason> conflict_;
  std::vector<ElementId> example_;
};

}  // namespace pml::compiler
