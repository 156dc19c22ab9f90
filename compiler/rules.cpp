#include "compiler/rules.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "compiler/order.h"

namespace pml::compiler {

using grammar::DiagnosticKind;
using grammar::Diagnostics;
using Kind = ast::Condition::Kind;

namespace {

/// Terms that are looked at before a question is left open: for all questions of a schema together, and for one when
/// those are used up. And choices that may hang on each other.
constexpr std::int64_t kMostTerms = 2'000'000;
constexpr std::int64_t kMostTermsOfOne = 1'000;
/// The same where no choice is left, so that each term only leads to the next.
constexpr std::int64_t kMostFollowed = 100'000'000;
constexpr std::int32_t kMostDepth = 1'000;
/// That say what led to something.
constexpr std::size_t kMostNotes = 20;
/// Modules through which one is looked for that another cannot be there for.
constexpr std::size_t kMostReached = 100;
/// Modules that one choice hangs on.
constexpr std::size_t kMostNamed = 1'000;

std::string quoted(const Layout& layout, ElementId id) {
  return id == 0 ? "the schema" : "`" + layout.elements[id].path + "`";
}

std::optional<Term> resolve(const ast::Condition& condition, const Names& names, ElementId scope,
                            Diagnostics& diagnostics) {
  Term term;
  term.kind = condition.kind;
  term.place = condition.place;
  if (condition.kind == Kind::module) {
    const auto module = names.module(condition.module, scope, diagnostics);
    if (!module) return std::nullopt;
    term.module = *module;
    return term;
  }
  bool is_whole = true;
  for (const ast::Condition& inner : condition.terms) {
    auto resolved = resolve(inner, names, scope, diagnostics);
    is_whole = is_whole && resolved;
    if (resolved) term.terms.push_back(std::move(*resolved));
  }
  if (!is_whole) return std::nullopt;
  return term;
}

void for_each_module(const Term& term, const std::function<void(ElementId)>& visit) {
  if (term.kind == Kind::module) visit(term.module);
  for (const Term& inner : term.terms) for_each_module(inner, visit);
}

using Presence = std::function<std::optional<bool>(ElementId)>;  // nothing: not known

/// True, false, or nothing: not known.
std::optional<bool> truth(const Term& term, const Presence& is_present) {
  if (term.kind == Kind::module) return is_present(term.module);
  if (term.kind == Kind::no) {
    const auto inner = truth(term.terms.front(), is_present);
    return inner ? std::optional(!*inner) : std::nullopt;
  }
  const bool decides = term.kind == Kind::any;  // one such term decides
  bool is_known = true;
  for (const Term& inner : term.terms) {
    const auto value = truth(inner, is_present);
    if (value == decides) return decides;
    is_known = is_known && value;
  }
  return is_known ? std::optional(!decides) : std::nullopt;
}

}  // namespace

/// Finds out whether some modules can be present together.
///
/// A prompt is a set of modules. All that is said of it has the form "if this module is present, then ...", so modules
/// that nothing asks for are simply left out, and only what follows from those that are asked for is looked at.
class RuleSolver {
 public:
  explicit RuleSolver(const Rules& rules)
      : rules_(rules), layout_(rules.layout_), values_(rules.layout_.elements.size()) {
    find_harmless();
    is_possible_ = set(0, true, {layout_.elements[0].place}) && propagate();
    num_sure_ = trail_.size();
    num_open_ = open_.size();
  }

  enum class Answer { possible, impossible, unknown };

  /// Can a prompt have all of the modules? Of none: can there be a prompt at all?
  Answer ask(const std::vector<ElementId>& modules) {
    num_before_ = num_terms_;
    gave_up_ = false;
    if (is_possible_) conflict_.clear();
    const bool is_possible =
        is_possible_ && std::ranges::all_of(modules, [&](ElementId id) { return assume(id); }) && solve(0);
    example_.clear();
    for (std::size_t i = num_sure_; i < trail_.size() && is_possible; ++i) {
      if (values_[trail_[i]].is_present) example_.push_back(trail_[i]);
    }
    take_back(num_sure_, num_open_);
    if (gave_up_) return Answer::unknown;
    return is_possible ? Answer::possible : Answer::impossible;
  }

  /// After `possible`: the modules of a prompt that has them, beside those that every prompt has.
  const std::vector<ElementId>& example() const { return example_; }

  /// What follows from the module without a choice; of the schema (0) what does from nothing, and else what does not.
  Rules::Implied follow_from(ElementId module) {
    num_before_ = num_terms_;
    gave_up_ = false;
    if (is_possible_ && module != 0 && assume(module)) propagate();
    Rules::Implied implied;
    for (std::size_t i = module == 0 ? 0 : num_sure_; i < trail_.size(); ++i) {
      const ElementId id = trail_[i];
      (values_[id].is_present ? implied.present : implied.absent).push_back(id);
    }
    std::ranges::sort(implied.present);
    std::ranges::sort(implied.absent);
    take_back(num_sure_, num_open_);
    return implied;
  }

  /// Elements of which some rule speaks, or of what comes with them: others are there whenever one wants them to be, if
  /// no alternative to them has to be.
  bool is_harmless(ElementId id) const { return is_harmless_[id]; }

  /// After `impossible`: what led to the contradiction.
  std::vector<grammar::Note> conflict() const {
    std::vector<grammar::Note> notes;
    for (const Reason& step : conflict_) notes.push_back({step.place, text_of(step)});
    return notes;
  }

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

  /// A module that no rule speaks of, nor of any that comes with it: a union that has one can always be filled.
  void find_harmless() {
    is_harmless_.assign(layout_.elements.size(), true);
    for (const Rules::Rule& rule : rules_.rules_) {
      is_harmless_[rule.module] = false;
      for_each_module(rule.term, [&](ElementId module) { is_harmless_[module] = false; });
    }
    for (std::size_t id = layout_.elements.size(); id-- > 0;) {
      const Element& element = layout_.elements[id];
      if (element.kind == ElementKind::alternatives) {
        is_harmless_[id] =
            std::ranges::any_of(element.contents, [&](const Content& content) { return is_harmless_[content.id]; });
      } else {
        is_harmless_[id] =
            is_harmless_[id] && std::ranges::all_of(element.contents, [&](const Content& content) {
              return content.is_segment || !layout_.elements[content.id].required || is_harmless_[content.id];
            });
      }
    }
  }

  void take_back(std::size_t num_set, std::size_t num_open) {
    for (; trail_.size() > num_set; trail_.pop_back()) values_[trail_.back()].is_known = false;
    open_.resize(std::min(open_.size(), num_open));
    queue_.clear();
  }

  bool assume(ElementId module) { return set(module, true, {layout_.elements[module].place, module}); }

  // --- what follows -----------------------------------------------------------------------------------

  bool set(ElementId module, bool is_present, const Reason& reason) {
    ++num_terms_;
    Value& value = values_[module];
    if (!value.is_known) {
      value = {true, is_present, reason, trail_.size()};
      if (is_present) queue_.push_back(module);
      trail_.push_back(module);
      return true;
    }
    if (value.is_present == is_present) return true;
    conflict_.clear();
    trace(value.reason, module, value.number, conflict_);
    trace(reason, module, trail_.size(), conflict_);
    return false;
  }

  /// Everything that follows from the modules that have become present, and from open terms.
  bool propagate() {
    while (true) {
      while (!queue_.empty()) {
        gave_up_ = gave_up_ || (num_terms_ > kMostFollowed && num_terms_ - num_before_ > kMostTermsOfOne);
        if (gave_up_) return false;
        const ElementId module = queue_.back();
        queue_.pop_back();
        if (!follow(module)) return false;
      }
      const std::size_t before = trail_.size();
      for (std::size_t i = 0; i < open_.size(); ++i) {
        const Open open = open_[i];
        if (!force(*open.term, open.value, open.reason, /*keeps_open=*/false)) return false;
      }
      if (trail_.size() == before) return true;
    }
  }

  bool follow(ElementId module) {
    const Element& element = layout_.elements[module];
    if (module != 0) {
      const ElementId scope = layout_.scope_of(module);
      if (!set(scope, true, {element.place, module, Why::stands_in, scope})) return false;
      const ElementId group = union_of(layout_, module);
      if (group != kNone) {
        for (const Content& other : layout_.elements[group].contents) {
          if (other.id == module) continue;
          if (!set(other.id, false, {element.place, module, Why::alternative, other.id})) return false;
        }
      }
    }
    for (const Content& content : element.contents) {
      if (content.is_segment) continue;
      const Element& child = layout_.elements[content.id];
      if (child.kind == ElementKind::module && child.required &&
          !set(content.id, true, {child.place, module, Why::required, content.id})) {
        return false;
      }
      if (child.kind == ElementKind::alternatives && child.required && !fill(content.id, module)) return false;
    }
    for (const std::size_t index : rules_.of_[module]) {
      const Rules::Rule& rule = rules_.rules_[index];
      if (!force(rule.term, true, {rule.term.place, module, Why::rule, kNone, &rule}, /*keeps_open=*/true))
        return false;
    }
    return true;
  }

  /// A required union has a member: a term that is made as it is needed.
  bool fill(ElementId group, ElementId because) {
    if (is_harmless_[group]) return true;                       // and if another member is there, it is filled too
    if (layout_.elements[group].contents.empty()) return true;  // a mistake that was said
    const auto [entry, is_new] = unions_.try_emplace(group);
    if (is_new) {
      entry->second.kind = Kind::any;
      entry->second.place = layout_.elements[group].place;
      for (const Content& member : layout_.elements[group].contents) {
        Term term;
        term.module = member.id;
        term.place = entry->second.place;
        entry->second.terms.push_back(std::move(term));
      }
    }
    return force(entry->second, true, {entry->second.place, because, Why::filled, group}, /*keeps_open=*/true);
  }

  /// True, false, or nothing: not decided.
  std::optional<bool> evaluate(const Term& term) {
    ++num_terms_;
    if (term.kind == Kind::module) {
      const Value& value = values_[term.module];
      return value.is_known ? std::optional(value.is_present) : std::nullopt;
    }
    if (term.kind == Kind::no) {
      const auto inner = evaluate(term.terms.front());
      return inner ? std::optional(!*inner) : std::nullopt;
    }
    const bool decides = term.kind == Kind::any;  // one such term decides
    bool is_decided = true;
    for (const Term& inner : term.terms) {
      const auto value = evaluate(inner);
      if (value == decides) return decides;
      is_decided = is_decided && value;
    }
    return is_decided ? std::optional(!decides) : std::nullopt;
  }

  /// Sets what the term needs to have the value. A choice that is left is noted if `keeps_open`.
  bool force(const Term& term, bool value, const Reason& reason, bool keeps_open) {
    if (term.kind == Kind::module) return set(term.module, value, reason);
    if (term.kind == Kind::no) return force(term.terms.front(), !value, reason, keeps_open);
    if ((term.kind == Kind::all) == value) {
      return std::ranges::all_of(term.terms,
                                 [&](const Term& inner) { return force(inner, value, reason, keeps_open); });
    }
    const Term* only = nullptr;
    std::size_t num_undecided = 0;
    for (const Term& inner : term.terms) {
      const auto known = evaluate(inner);
      if (known == value) return true;
      if (known) continue;
      only = &inner;
      ++num_undecided;
    }
    if (num_undecided == 1) return force(*only, value, reason, keeps_open);
    if (num_undecided == 0) {
      conflict_.clear();
      trace(reason, kNone, trail_.size(), conflict_);
      return false;
    }
    if (keeps_open) open_.push_back({&term, value, reason});
    return true;
  }

  // --- choices ----------------------------------------------------------------------------------------

  bool solve(std::int32_t depth) {
    if (!propagate()) return false;
    std::vector<Reason> conflicts;  // of all options
    // The newest, since it may be an option of an older one that was tried.
    const auto open = std::find_if(open_.rbegin(), open_.rend(), [&](const Open& at) { return !evaluate(*at.term); });
    if (open == open_.rend()) return true;
    const Open chosen = *open;
    for (const Term& option : chosen.term->terms) {
      gave_up_ =
          gave_up_ || depth > kMostDepth || (num_terms_ > kMostTerms && num_terms_ - num_before_ > kMostTermsOfOne);
      if (gave_up_) return false;
      if (evaluate(option)) continue;  // the other value, or the term would be decided
      const std::size_t num_set = trail_.size();
      const std::size_t num_open = open_.size();
      if (force(option, chosen.value, chosen.reason, /*keeps_open=*/true) && solve(depth + 1)) return true;
      for (const Reason& step : conflict_) add(step, conflicts);
      take_back(num_set, num_open);
    }
    conflict_ = std::move(conflicts);
    return false;
  }

  // --- reasons ----------------------------------------------------------------------------------------

  /// Adds the steps from what was assumed to the value of a module that became known as `number`, first to last.
  void trace(const Reason& last, ElementId module, std::size_t number, std::vector<Reason>& steps) const {
    if (last.why == Why::assumed || steps.size() >= kMostNotes || std::ranges::find(steps, last) != steps.end()) return;
    const auto trace_value = [&](ElementId id) {
      const Value& value = values_[id];
      if (id != module && value.is_known && value.number < number) trace(value.reason, id, value.number, steps);
    };
    trace_value(last.because);
    // With one term decided the others follow, so that all that was known of a rule counts.
    if (last.why == Why::rule) for_each_module(last.rule->term, trace_value);
    if (last.why == Why::filled) for_each_module(unions_.at(last.other), trace_value);
    add(last, steps);
  }

  static void add(const Reason& step, std::vector<Reason>& steps) {
    if (steps.size() < kMostNotes && std::ranges::find(steps, step) == steps.end()) steps.push_back(step);
  }

  std::string text_of(const Reason& reason) const {
    const std::string name = quoted(layout_, reason.because);
    switch (reason.why) {
      case Why::assumed:
        break;
      case Why::stands_in:
        return name + " stands in " + quoted(layout_, reason.other);
      case Why::alternative:
        return name + " is an alternative to " + quoted(layout_, reason.other);
      case Why::required:
        return quoted(layout_, reason.other) + " is required";
      case Why::rule:
        return name + " " + reason.rule->text;
      case Why::filled:
        return "one of this union is required";
    }
    return "";
  }

  const Rules& rules_;
  const Layout& layout_;
  std::vector<Value> values_;      // by element
  std::vector<bool> is_harmless_;  // by element; of a union: has it a member that is?
  std::vector<ElementId> trail_;   // what has a value, in the order in which it got it
  std::vector<ElementId> queue_;   // present, and not followed yet
  std::vector<Open> open_;
  std::map<ElementId, Term> unions_;
  bool is_possible_ = false;     // are the schema's own rules kept so far?
  std::size_t num_sure_ = 0;     // of the trail: what every prompt has, or has not
  std::size_t num_open_ = 0;     // of the open terms, in every prompt
  std::int64_t num_terms_ = 0;   // that were looked at
  std::int64_t num_before_ = 0;  // before the question at hand
  bool gave_up_ = false;         // on the question at hand
  std::vector<Reason> conflict_;
  std::vector<ElementId> example_;
};

Rules::Rules(const Layout& layout, const Names& names, Diagnostics& diagnostics)
    : layout_(layout), of_(layout.elements.size()), excluded_(layout.elements.size()) {
  for (std::size_t i = 0; i < layout.elements.size(); ++i) {
    const Element& element = layout.elements[i];
    const auto module = static_cast<ElementId>(i);
    const auto add = [&](const ast::Condition& condition, bool holds) {
      // Names are looked up where the module stands.
      auto term = resolve(condition, names, layout.scope_of(module), diagnostics);
      if (!term) return;
      Rule rule{module, (holds ? "requires " : "excludes ") + ast::in_quotes(to_string(condition)), {}, {}};
      if (holds) {
        rule.term = std::move(*term);
      } else {
        rule.term.kind = Kind::no;
        rule.term.place = term->place;
        rule.term.terms.push_back(std::move(*term));
      }
      of_[i].push_back(rules_.size());
      index(rule.term, true, rule);
      rules_.push_back(std::move(rule));
    };
    if (element.requirement) add(*element.requirement, true);
    if (element.exclusion) add(*element.exclusion, false);
  }
}

/// Notes what the term says of single modules, if it has the value `holds` wherever the rule's module is present.
void Rules::index(const Term& term, bool holds, Rule& rule) {
  if (term.kind == Kind::module) {
    if (holds) {
      rule.needed.push_back(term.module);
    } else {
      excluded_[rule.module].push_back(term.module);
      excluded_[term.module].push_back(rule.module);
    }
  } else if (term.kind == Kind::no) {
    index(term.terms.front(), !holds, rule);
  } else if ((term.kind == Kind::all) == holds) {
    for (const Term& inner : term.terms) index(inner, holds, rule);
  }
}

void Rules::for_each_implied(const std::vector<ElementId>& modules,
                             const std::function<bool(ElementId, const Implied&)>& visit) const {
  RuleSolver solver(*this);
  for (const ElementId module : modules) {
    if (!visit(module, solver.follow_from(module))) return;
  }
}

std::function<bool(const std::vector<ElementId>&)> Rules::possibility() const {
  return [solver = std::make_shared<RuleSolver>(*this)](const std::vector<ElementId>& modules) {
    return solver->ask(modules) != RuleSolver::Answer::impossible;
  };
}

std::vector<ElementId> Rules::choices_of(const std::vector<ElementId>& modules) const {
  std::set<ElementId> named;
  if (std::ranges::all_of(modules, [&](ElementId module) { return weighed_by(module).empty(); })) return {};
  std::vector<ElementId> queue = modules;
  while (!queue.empty() && named.size() < kMostNamed) {
    const ElementId at = queue.back();
    queue.pop_back();
    for (const std::size_t rule : of_[at]) {
      for_each_module(rules_[rule].term, [&](ElementId module) {
        if (named.insert(module).second) queue.push_back(module);
      });
    }
  }
  return {named.begin(), named.end()};
}

bool Rules::depends(ElementId module) const {
  const auto needs = [&](std::size_t rule) { return !rules_[rule].needed.empty(); };
  return std::ranges::any_of(of_[module], needs) || !weighed_by(module).empty();
}

std::vector<ElementId> Rules::weighed_by(ElementId module) const {
  std::vector<ElementId> weighed;
  for (const std::size_t index : of_[module]) {
    const Rule& rule = rules_[index];
    for_each_module(rule.term, [&](ElementId id) {
      const bool is_said = std::ranges::find(rule.needed, id) != rule.needed.end() ||
                           std::ranges::find(excluded_[module], id) != excluded_[module].end();
      if (!is_said) weighed.push_back(id);
    });
  }
  return weighed;
}

bool Rules::holds(ElementId module, const std::function<bool(ElementId)>& is_present) const {
  const Presence presence = std::cref(is_present);
  return std::ranges::all_of(of_[module], [&](std::size_t rule) { return truth(rules_[rule].term, presence) == true; });
}

void Rules::check(const std::vector<Scaffold>& scaffolds, Diagnostics& diagnostics) const {
  if (rules_.empty()) return;
  check_cycles(diagnostics);
  RuleSolver solver(*this);
  if (solver.ask({}) == RuleSolver::Answer::impossible) {
    auto& diagnostic = diagnostics.add(DiagnosticKind::impossible_rule, layout_.elements[0].place,
                                       "no prompt can keep the rules of this schema");
    diagnostic.notes = solver.conflict();
    return;
  }
  std::map<ElementId, std::vector<grammar::Note>> impossible;
  std::vector<bool> is_possible(layout_.elements.size(), false);
  for (const ElementId module : doubtful(solver)) {
    if (is_possible[module]) continue;
    const ElementId around = layout_.scope_of(module);
    const auto answer = impossible.contains(around) ? RuleSolver::Answer::impossible : solver.ask({module});
    if (answer == RuleSolver::Answer::impossible) {
      impossible.emplace(module, solver.conflict());
    } else if (answer == RuleSolver::Answer::possible) {
      for (const ElementId other : solver.example()) is_possible[other] = true;
    } else {
      diagnostics.add(DiagnosticKind::rules_unsolved, layout_.elements[module].place,
                      "whether a prompt can have " + quoted(layout_, module) +
                          " was not found out: there are too many combinations to try");
    }
  }
  for (auto& [module, notes] : impossible) {
    if (follows_from_others(module, impossible)) continue;
    auto& diagnostic = diagnostics.add(DiagnosticKind::impossible_rule, layout_.elements[module].place,
                                       "no prompt can have " + quoted(layout_, module));
    diagnostic.notes = std::move(notes);
  }
  for (const Scaffold& scaffold : scaffolds) {
    const auto is_impossible = [&](ElementId module) { return impossible.contains(module); };
    if (std::ranges::any_of(scaffold.modules, is_impossible)) continue;
    if (solver.ask(scaffold.modules) != RuleSolver::Answer::impossible) continue;
    auto& diagnostic = diagnostics.add(DiagnosticKind::scaffold_conflict, scaffold.place,
                                       "no prompt can have all modules of this scaffold");
    diagnostic.notes = solver.conflict();
  }
}

/// Modules that rules may keep from ever being there: of which they speak, and alternatives to those. What no other
/// requires comes first, as it answers for all that it requires.
std::vector<ElementId> Rules::doubtful(const RuleSolver& solver) const {
  std::vector<bool> is_touched(layout_.elements.size(), false);  // a rule names it, or something in it
  const auto touch = [&](ElementId module) {
    for (ElementId id = module; id != kNone && !is_touched[id]; id = layout_.elements[id].parent) is_touched[id] = true;
  };
  for (const Rule& rule : rules_) {
    touch(rule.module);
    for_each_module(rule.term, touch);
  }
  std::vector<bool> is_required(layout_.elements.size(), false);
  for (const Rule& rule : rules_) {
    for (const ElementId needed : rule.needed) is_required[needed] = true;
  }
  std::vector<ElementId> modules;
  for (std::size_t i = 1; i < layout_.elements.size(); ++i) {
    const auto id = static_cast<ElementId>(i);
    if (layout_.elements[i].kind != ElementKind::module) continue;
    const ElementId group = union_of(layout_, id);
    if (!solver.is_harmless(id) || (group != kNone && is_touched[group])) modules.push_back(id);
  }
  std::ranges::stable_partition(modules, [&](ElementId id) { return !is_required[id]; });
  return modules;
}

/// Is the module impossible because something that it stands in, or that it requires, is, which does not in turn
/// depend on it?
bool Rules::follows_from_others(ElementId module,
                                const std::map<ElementId, std::vector<grammar::Note>>& impossible) const {
  const auto reached_from = [&](ElementId start) {
    std::set<ElementId> reached;
    std::vector<ElementId> queue{start};
    while (!queue.empty() && reached.size() < kMostReached) {
      const ElementId at = queue.back();
      queue.pop_back();
      const auto reach = [&](ElementId next) {
        if (impossible.contains(next) && reached.insert(next).second) queue.push_back(next);
      };
      if (at != 0) reach(layout_.scope_of(at));
      for (const std::size_t rule : of_[at]) std::ranges::for_each(rules_[rule].needed, reach);
    }
    return reached;
  };
  return std::ranges::any_of(reached_from(module),
                             [&](ElementId other) { return other != module && !reached_from(other).contains(module); });
}

void Rules::check_cycles(Diagnostics& diagnostics) const {
  struct Edge {
    ElementId to = 0;
    const Rule* rule = nullptr;  // null: it stands in that
  };
  std::map<ElementId, std::vector<Edge>> edges;
  for (const Rule& rule : rules_) {
    for (const ElementId other : rule.needed) edges[rule.module].push_back({other, &rule});
  }
  const auto edge_of = [&](ElementId module, std::size_t index) -> std::optional<Edge> {
    const auto found = edges.find(module);
    const std::size_t num_rules = found == edges.end() ? 0 : found->second.size();
    if (index < num_rules) return found->second[index];
    if (index > num_rules || layout_.scope_of(module) == 0) return std::nullopt;
    return Edge{layout_.scope_of(module)};
  };
  // Depth first, without recursion: a chain of rules may be as long as the schema.
  enum class State : std::uint8_t { fresh, on_way, done };
  std::map<ElementId, State> states;
  for (const auto& [start, unused] : edges) {
    if (states[start] != State::fresh) continue;
    std::vector<std::pair<ElementId, std::size_t>> way{{start, 0}};
    states[start] = State::on_way;
    while (!way.empty()) {
      auto& [at, next] = way.back();
      const auto edge = edge_of(at, next++);
      if (!edge) {
        states[at] = State::done;
        way.pop_back();
      } else if (states[edge->to] == State::fresh) {
        states[edge->to] = State::on_way;
        way.emplace_back(edge->to, 0);
      } else if (states[edge->to] == State::on_way) {
        const auto first = std::ranges::find(way, edge->to, &std::pair<ElementId, std::size_t>::first);
        std::vector<grammar::Note> notes;
        std::size_t num_rules = 0;
        for (auto step = first; step != way.end(); ++step) {
          const Edge taken = *edge_of(step->first, step->second - 1);
          num_rules += taken.rule != nullptr ? 1 : 0;
          if (notes.size() >= kMostNotes) continue;
          if (taken.rule != nullptr) {
            notes.push_back({taken.rule->term.place, quoted(layout_, step->first) + " " + taken.rule->text});
          } else {
            notes.push_back({layout_.elements[step->first].place,
                             quoted(layout_, step->first) + " stands in " + quoted(layout_, taken.to)});
          }
        }
        // A module that requires what stands in it only says that this is there whenever it is.
        if (num_rules == 1 && way.end() - first > 1) continue;
        diagnostics
            .add(DiagnosticKind::rule_cycle, layout_.elements[edge->to].place,
                 quoted(layout_, edge->to) + " requires itself" +
                     (way.end() - first > 1 ? ", through other modules" : ""))
            .notes = std::move(notes);
      }
    }
  }
}

namespace {

/// What would mend a prompt, in words.
class Advisor {
 public:
  Advisor(const Layout& layout, const Presence& is_present) : layout_(layout), is_present_(is_present) {}

  /// What would give the term the value; empty if that cannot be.
  std::string change(const Term& term, bool value) const {
    if (term.kind == Kind::module) return value ? add(term.module) : leave_out(term.module);
    if (term.kind == Kind::no) return change(term.terms.front(), !value);
    const bool needs_all = (term.kind == Kind::all) == value;
    std::string text;
    std::size_t num_options = 0;
    for (const Term& inner : term.terms) {
      if (needs_all && truth(inner, is_present_) != !value) continue;
      const std::string step = change(inner, value);
      if (step.empty() && needs_all) return "";
      if (step.empty() || ++num_options > kMostOptions) continue;
      text += (text.empty() ? "" : needs_all ? "; " : ", or ") + step;
    }
    return text;
  }

  /// Empty if every prompt has it.
  std::string leave_out(ElementId module) const {
    while (layout_.elements[module].required) module = layout_.scope_of(module);
    return module == 0 ? "" : "leave out `" + layout_.elements[module].path + "`";
  }

 private:
  static constexpr std::size_t kMostOptions = 5;

  std::string add(ElementId module) const {
    const std::string& path = layout_.elements[module].path;
    for (ElementId id = module; id != 0; id = layout_.elements[id].parent) {
      if (layout_.elements[id].kind != ElementKind::alternatives) continue;
      for (const Content& member : layout_.elements[id].contents) {
        const bool is_around = layout_.elements[module].path == layout_.elements[member.id].path ||
                               path.starts_with(layout_.elements[member.id].path + "/");
        if (is_around || is_present_(member.id) != true) continue;
        return "take `" + path + "` in place of `" + layout_.elements[member.id].path + "`";
      }
    }
    return "add <use module=\"" + path + "\"/>";
  }

  const Layout& layout_;
  const Presence& is_present_;
};

}  // namespace

void Rules::check(const Selection& selection, Diagnostics& diagnostics) const {
  const Presence is_present = [&](ElementId id) {
    return selection.maybe_present[id] && !selection.present[id] ? std::nullopt : std::optional(selection.present[id]);
  };
  for (const Rule& rule : rules_) {
    if (!selection.present[rule.module] || truth(rule.term, is_present) != false) continue;
    auto selected = selection.selected_at.find(rule.module);  // else what is in it, or it is required
    for (auto at = selection.selected_at.begin();
         selected == selection.selected_at.end() && at != selection.selected_at.end(); ++at) {
      for (ElementId id = at->first; id != kNone; id = layout_.elements[id].parent) {
        if (id == rule.module) selected = at;
      }
    }
    auto& diagnostic = diagnostics.add(DiagnosticKind::rule_broken,
                                       selected == selection.selected_at.end() ? selection.place : selected->second,
                                       quoted(layout_, rule.module) + " " + rule.text);
    diagnostic.notes.push_back({rule.term.place, "the schema says so here"});
    const Advisor advisor(layout_, is_present);
    std::string advice = advisor.change(rule.term, true);
    if (advice.empty()) advice = advisor.leave_out(rule.module);
    if (!advice.empty()) diagnostic.notes.push_back({std::nullopt, advice});
  }
}

}  // namespace pml::compiler
