#include "compiler/rules.h"

#include <algorithm>
#include <map>
#include <optional>

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
constexpr std::int32_t kMostDepth = 1'000;
/// That say what led to something.
constexpr std::size_t kMostNotes = 20;

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

  /// Can a prompt have the module? 0: can there be a prompt at all?
  Answer ask(ElementId module) {
    num_before_ = num_terms_;
    gave_up_ = false;
    if (is_possible_) conflict_.clear();
    const grammar::Place place = layout_.elements[module].place;
    const bool is_possible = is_possible_ && (module == 0 || set(module, true, {place, module})) && solve(0);
    take_back(num_sure_, num_open_);
    if (gave_up_) return Answer::unknown;
    return is_possible ? Answer::possible : Answer::impossible;
  }

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
    const auto touch = [&](const auto& self, const Term& term) -> void {
      if (term.kind == Kind::module) is_harmless_[term.module] = false;
      for (const Term& inner : term.terms) self(self, inner);
    };
    for (const Rules::Rule& rule : rules_.rules_) {
      is_harmless_[rule.module] = false;
      touch(touch, rule.term);
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

  // --- what follows -----------------------------------------------------------------------------------

  bool set(ElementId module, bool is_present, const Reason& reason) {
    ++num_terms_;
    Value& value = values_[module];
    if (!value.is_known) {
      value = {true, is_present, reason};
      if (is_present) queue_.push_back(module);
      trail_.push_back(module);
      return true;
    }
    if (value.is_present == is_present) return true;
    explain(value.reason, reason);
    return false;
  }

  /// Everything that follows from the modules that have become present, and from open terms.
  bool propagate() {
    while (true) {
      while (!queue_.empty()) {
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
    return force(entry->second, true, {entry->second.place, because, Why::filled}, /*keeps_open=*/true);
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
    // Without any the first term is set against what is known, so that the contradiction has a name.
    if (num_undecided == 0) return force(term.terms.front(), value, reason, keeps_open);
    if (keeps_open) open_.push_back({&term, value, reason});
    return true;
  }

  // --- choices ----------------------------------------------------------------------------------------

  bool solve(std::int32_t depth) {
    if (!propagate()) return false;
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
      take_back(num_set, num_open);
    }
    return false;
  }

  // --- reasons ----------------------------------------------------------------------------------------

  /// The steps from what was assumed to a module, first to last, that are not among `steps` yet.
  void trace(const Reason& last, std::vector<Reason>& steps) const {
    const auto first = static_cast<std::ptrdiff_t>(steps.size());
    const Reason* at = &last;
    for (std::size_t i = 0; at->why != Why::assumed && i < kMostNotes; ++i) {
      if (std::find(steps.begin(), steps.begin() + first, *at) == steps.begin() + first) steps.push_back(*at);
      at = &values_[at->because].reason;
    }
    std::reverse(steps.begin() + first, steps.end());
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

  void explain(const Reason& one, const Reason& other) {
    conflict_.clear();
    trace(one, conflict_);
    trace(other, conflict_);
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
};

Rules::Rules(const Layout& layout, const Names& names, Diagnostics& diagnostics)
    : layout_(layout), of_(layout.elements.size()), needed_(layout.elements.size()), excluded_(layout.elements.size()) {
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
      needed_[rule.module].push_back(term.module);
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

const std::vector<ElementId>& Rules::needed_by(ElementId module) const { return needed_[module]; }
const std::vector<ElementId>& Rules::excluded_by(ElementId module) const { return excluded_[module]; }

bool Rules::holds(ElementId module, const std::function<bool(ElementId)>& is_present) const {
  const Presence presence = std::cref(is_present);
  return std::ranges::all_of(of_[module], [&](std::size_t rule) { return truth(rules_[rule].term, presence) == true; });
}

void Rules::check(Diagnostics& diagnostics) const {
  if (rules_.empty()) return;
  check_cycles(diagnostics);
  RuleSolver solver(*this);
  if (solver.ask(0) == RuleSolver::Answer::impossible) {
    auto& diagnostic = diagnostics.add(DiagnosticKind::impossible_rule, layout_.elements[0].place,
                                       "no prompt can keep the rules of this schema");
    diagnostic.notes = solver.conflict();
    return;
  }
  std::vector<bool> is_asked(layout_.elements.size(), false);
  for (const Rule& rule : rules_) {
    is_asked[rule.module] = true;
    for (const ElementId other : excluded_[rule.module]) is_asked[other] = true;
  }
  for (std::size_t i = 1; i < is_asked.size(); ++i) {
    if (!is_asked[i]) continue;
    const auto module = static_cast<ElementId>(i);
    const auto answer = solver.ask(module);
    if (answer == RuleSolver::Answer::impossible) {
      auto& diagnostic = diagnostics.add(DiagnosticKind::impossible_rule, layout_.elements[i].place,
                                         "no prompt can have " + quoted(layout_, module));
      diagnostic.notes = solver.conflict();
    } else if (answer == RuleSolver::Answer::unknown) {
      diagnostics.add(DiagnosticKind::rules_unsolved, layout_.elements[i].place,
                      "whether a prompt can have " + quoted(layout_, module) +
                          " was not found out: there are too many combinations to try");
    }
  }
}

void Rules::check_cycles(Diagnostics& diagnostics) const {
  struct Edge {
    ElementId to = 0;
    const Rule* rule = nullptr;
  };
  std::map<ElementId, std::vector<Edge>> edges;
  for (const Rule& rule : rules_) {
    for (const ElementId other : rule.needed) edges[rule.module].push_back({other, &rule});
  }
  // Depth first, without recursion: a chain of rules may be as long as the schema.
  enum class State : std::uint8_t { fresh, on_way, done };
  std::map<ElementId, State> states;
  for (const auto& [start, unused] : edges) {
    if (states[start] != State::fresh) continue;
    std::vector<std::pair<ElementId, std::size_t>> way{{start, 0}};
    states[start] = State::on_way;
    while (!way.empty()) {
      auto& [at, next] = way.back();
      const auto found = edges.find(at);
      if (found == edges.end() || next == found->second.size()) {
        states[at] = State::done;
        way.pop_back();
        continue;
      }
      const Edge& edge = found->second[next++];
      if (states[edge.to] == State::fresh) {
        states[edge.to] = State::on_way;
        way.emplace_back(edge.to, 0);
      } else if (states[edge.to] == State::on_way) {
        const auto first = std::ranges::find(way, edge.to, &std::pair<ElementId, std::size_t>::first);
        auto& diagnostic = diagnostics.add(
            DiagnosticKind::rule_cycle, layout_.elements[edge.to].place,
            quoted(layout_, edge.to) + " requires itself" + (way.end() - first > 1 ? ", through other modules" : ""));
        for (auto step = first; step != way.end() && diagnostic.notes.size() < kMostNotes; ++step) {
          const Rule& taken = *edges.at(step->first)[step->second - 1].rule;
          diagnostic.notes.push_back({taken.term.place, quoted(layout_, taken.module) + " " + taken.text});
        }
      }
    }
  }
}

namespace {

/// What would give a term the value, in words.
std::string advice(const Layout& layout, const Term& term, bool value, const Presence& is_present) {
  if (term.kind == Kind::module) {
    const std::string path = layout.elements[term.module].path;
    return value ? "add <use module=\"" + path + "\"/>" : "leave out `" + path + "`";
  }
  if (term.kind == Kind::no) return advice(layout, term.terms.front(), !value, is_present);
  if ((term.kind == Kind::all) == value) {
    std::string steps;
    for (const Term& inner : term.terms) {
      if (truth(inner, is_present) != !value) continue;
      steps += (steps.empty() ? "" : "; ") + advice(layout, inner, value, is_present);
    }
    return steps;
  }
  std::string options;
  constexpr std::size_t kMostOptions = 5;
  for (std::size_t i = 0; i < std::min(kMostOptions, term.terms.size()); ++i) {
    options += (i == 0 ? "" : ", or ") + advice(layout, term.terms[i], value, is_present);
  }
  return options;
}

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
    diagnostic.notes.push_back({std::nullopt, advice(layout_, rule.term, true, is_present)});
  }
}

}  // namespace pml::compiler
