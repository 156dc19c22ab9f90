#include "compiler/rules.h"

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>

#include "compiler/cycles.h"
#include "compiler/rule_solver.h"

namespace pml::compiler {

using grammar::DiagnosticKind;
using grammar::Diagnostics;
using Kind = ast::Condition::Kind;

namespace {

/// That say what led to a cycle.
constexpr std::size_t kMostNotes = 20;
/// Modules through which one is looked for that another cannot be there for.
constexpr std::size_t kMostReached = 100;
/// Modules that one choice hangs on.
constexpr std::size_t kMostNamed = 1'000;

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

/// Of what is no rule: if some of its names are those of modules, the others are meant to be.
void check_names(const ast::Condition& condition, const Names& names, ElementId scope, Diagnostics& diagnostics) {
  Diagnostics unknown;
  std::size_t num_known = 0;
  for (const ast::Condition& term : condition.terms) {
    num_known += names.module(term.module, scope, unknown) ? 1 : 0;
  }
  for (const grammar::Diagnostic& said : unknown.list()) {
    if (num_known > 0) diagnostics.add(said.kind, said.place, said.message).notes = said.notes;
  }
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

void for_each_module(const Term& term, const std::function<void(ElementId)>& visit) {
  if (term.kind == Kind::module) visit(term.module);
  for (const Term& inner : term.terms) for_each_module(inner, visit);
}

Rules::Rules(const Layout& layout, const Names& names, Diagnostics& diagnostics)
    : layout_(layout), of_(layout.elements.size()), excluded_(layout.elements.size()) {
  for (std::size_t i = 0; i < layout.elements.size(); ++i) {
    const Element& element = layout.elements[i];
    const auto module = static_cast<ElementId>(i);
    const auto add = [&](const ast::Condition& condition, bool holds) {
      // Names are looked up where the module stands.
      const ElementId scope = layout.scope_of(module);
      if (condition.is_broken) return check_names(condition, names, scope, diagnostics);
      auto term = resolve(condition, names, scope, diagnostics);
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
  find_components();
  find_harmless();
}

void Rules::find_components() {
  components_.resize(layout_.elements.size());
  std::iota(components_.begin(), components_.end(), 0);
  const auto first_of = [&](ElementId id) {
    while (components_[id] != id) id = components_[id] = components_[components_[id]];
    return id;
  };
  const auto link = [&](ElementId one, ElementId other) {
    if (one == 0 || other == 0) return;
    const auto [first, second] = std::minmax({first_of(one), first_of(other)});
    components_[second] = first;
  };
  for (std::size_t id = 1; id < layout_.elements.size(); ++id) {
    link(static_cast<ElementId>(id), layout_.elements[id].parent);
  }
  for (const Rule& rule : rules_) {
    for_each_module(rule.term, [&](ElementId module) { link(rule.module, module); });
  }
  for (std::size_t id = 0; id < layout_.elements.size(); ++id) components_[id] = first_of(static_cast<ElementId>(id));
}

void Rules::find_harmless() {
  is_named_.assign(layout_.elements.size(), false);
  is_harmless_.assign(layout_.elements.size(), true);
  const std::function<void(const Term&, bool)> note = [&](const Term& term, bool holds) {
    if (term.kind == Kind::module && !holds) is_harmless_[term.module] = false;
    for (const Term& inner : term.terms) note(inner, holds == (term.kind != Kind::no));
  };
  for (const Rule& rule : rules_) {
    is_named_[rule.module] = true;
    for_each_module(rule.term, [&](ElementId module) { is_named_[module] = true; });
    is_harmless_[rule.module] = false;
    note(rule.term, true);
  }
  for (std::size_t id = layout_.elements.size(); id-- > 0;) {
    const Element& element = layout_.elements[id];
    const auto is_content = [&](const Content& content) { return content.is_segment || is_harmless_[content.id]; };
    if (element.kind == ElementKind::alternatives) {
      is_harmless_[id] = element.contents.empty() || std::ranges::any_of(element.contents, is_content);
      if (element.required && !is_harmless_[id]) {
        unions_to_fill_[layout_.scope_of(static_cast<ElementId>(id))].push_back(static_cast<ElementId>(id));
      }
    } else {
      is_harmless_[id] = is_harmless_[id] && std::ranges::all_of(element.contents, [&](const Content& content) {
                           return is_content(content) || !layout_.elements[content.id].required;
                         });
    }
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

const std::vector<ElementId>& Rules::unions_to_fill(ElementId module) const {
  static const std::vector<ElementId> none;
  const auto found = unions_to_fill_.find(module);
  return found == unions_to_fill_.end() ? none : found->second;
}

std::vector<ElementId> Rules::choices_of(const std::vector<ElementId>& modules) const {
  const auto is_there = [&](const Content& member) { return std::ranges::find(modules, member.id) != modules.end(); };
  const auto for_each_to_fill = [&](ElementId module, const std::function<void(const Element&)>& visit) {
    for (const ElementId group : unions_to_fill(module)) {
      const Element& element = layout_.elements[group];
      if (std::ranges::none_of(element.contents, is_there)) visit(element);
    }
  };
  const auto for_each_with = [&](ElementId module, const auto& visit) {
    if (module == 0) return;  // what every prompt has is among `modules`
    if (layout_.scope_of(module) != 0) visit(layout_.scope_of(module));
    for (const Content& content : layout_.elements[module].contents) {
      if (content.is_segment) continue;
      const Element& child = layout_.elements[content.id];
      if (child.kind == ElementKind::module && child.required) visit(content.id);
    }
  };
  const auto leaves_choice = [&](ElementId module) {
    bool is_any = !weighed_by(module).empty();
    for_each_to_fill(module, [&](const Element&) { is_any = true; });
    return is_any;
  };
  if (std::ranges::none_of(modules, leaves_choice)) return {};
  std::set<ElementId> named;
  std::vector<ElementId> queue = modules;
  const auto name = [&](ElementId module) {
    if (named.insert(module).second) queue.push_back(module);
  };
  while (!queue.empty() && named.size() < kMostNamed) {
    const ElementId at = queue.back();
    queue.pop_back();
    for (const std::size_t rule : of_[at]) for_each_module(rules_[rule].term, name);
    for_each_with(at, name);
    for_each_to_fill(at, [&](const Element& group) {
      for (const Content& member : group.contents) name(member.id);
    });
  }
  return {named.begin(), named.end()};
}

bool Rules::depends(ElementId module) const {
  const auto needs = [&](std::size_t rule) { return !rules_[rule].needed.empty(); };
  return std::ranges::any_of(of_[module], needs) || !weighed_by(module).empty();
}

std::vector<ElementId> Rules::named_by(ElementId module) const {
  std::vector<ElementId> named;
  for (const std::size_t rule : of_[module]) {
    for_each_module(rules_[rule].term, [&](ElementId id) { named.push_back(id); });
  }
  return named;
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
  for (const ElementId module : doubtful()) {
    if (is_possible[module]) continue;
    const ElementId around = layout_.scope_of(module);
    const auto answer = impossible.contains(around) ? RuleSolver::Answer::impossible : solver.ask({module});
    if (answer == RuleSolver::Answer::impossible) {
      impossible.emplace(module, solver.conflict());
    } else if (answer == RuleSolver::Answer::possible) {
      for (const ElementId other : solver.example()) is_possible[other] = true;
    } else {
      diagnostics.add(DiagnosticKind::rules_unsolved, layout_.elements[module].place,
                      "whether a prompt can have " + quoted_path(layout_, module) +
                          " was not found out: there are too many combinations to try");
    }
  }
  for (auto& [module, notes] : impossible) {
    if (follows_from_others(module, impossible)) continue;
    auto& diagnostic = diagnostics.add(DiagnosticKind::impossible_rule, layout_.elements[module].place,
                                       "no prompt can have " + quoted_path(layout_, module));
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
std::vector<ElementId> Rules::doubtful() const {
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
    if (!is_harmless(id) || (group != kNone && is_touched[group])) modules.push_back(id);
  }
  std::stable_partition(modules.begin(), modules.end(), [&](ElementId id) { return !is_required[id]; });
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
  std::vector<ElementId> starts;
  for (const auto& [module, unused] : edges) starts.push_back(module);
  const auto edge_of = [&](ElementId module, std::size_t index) -> std::optional<Edge> {
    const auto found = edges.find(module);
    const std::size_t num_rules = found == edges.end() ? 0 : found->second.size();
    if (index < num_rules) return found->second[index];
    if (index > num_rules || layout_.scope_of(module) == 0) return std::nullopt;
    return Edge{layout_.scope_of(module)};
  };
  const auto target = [&](ElementId module, std::size_t index) -> std::optional<ElementId> {
    const auto edge = edge_of(module, index);
    return edge ? std::optional(edge->to) : std::nullopt;
  };
  for_each_cycle(starts, target, [&](std::span<const CycleStep> cycle) {
    std::vector<grammar::Note> notes;
    std::size_t num_rules = 0;
    for (const CycleStep& step : cycle) {
      const Edge taken = *edge_of(step.from, step.edge);
      num_rules += taken.rule != nullptr ? 1 : 0;
      if (notes.size() >= kMostNotes) continue;
      if (taken.rule != nullptr) {
        notes.push_back({taken.rule->term.place, quoted_path(layout_, step.from) + " " + taken.rule->text});
      } else {
        notes.push_back({layout_.elements[step.from].place,
                         quoted_path(layout_, step.from) + " stands in " + quoted_path(layout_, taken.to)});
      }
    }
    // A module that requires what stands in it only says that this is there whenever it is.
    if (num_rules == 1 && cycle.size() > 1) return;
    const ElementId first = cycle.front().from;
    diagnostics
        .add(DiagnosticKind::rule_cycle, layout_.elements[first].place,
             quoted_path(layout_, first) + " requires itself" + (cycle.size() > 1 ? ", through other modules" : ""))
        .notes = std::move(notes);
  });
}

namespace {

/// What would mend a prompt, in words.
class Advisor {
 public:
  /// `owner`: whose rule is broken. `form`: of the prompt.
  Advisor(const Layout& layout, ElementId owner, ast::PromptForm form, const Presence& is_present)
      : layout_(layout), owner_(owner), form_(form), is_present_(is_present) {}

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
        for (ElementId around = owner_; around != 0; around = layout_.elements[around].parent) {
          if (around == member.id) return "";  // the rule itself would be gone
        }
        return "take `" + path + "` in place of `" + layout_.elements[member.id].path + "`";
      }
    }
    switch (form_) {
      case ast::PromptForm::expression:
        return "add " + ast::in_rule(path);
      case ast::PromptForm::json:
        return "add \"" + path + "\"";
      default:
        return "add <use module=\"" + path + "\"/>";
    }
  }

  const Layout& layout_;
  ElementId owner_;
  ast::PromptForm form_;
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
                                       quoted_path(layout_, rule.module) + " " + rule.text);
    diagnostic.notes.push_back({rule.term.place, "the schema says so here"});
    const Advisor advisor(layout_, rule.module, selection.form, is_present);
    std::string advice = advisor.change(rule.term, true);
    if (advice.empty()) advice = advisor.leave_out(rule.module);
    if (!advice.empty()) diagnostic.notes.push_back({std::nullopt, advice});
  }
}

}  // namespace pml::compiler
