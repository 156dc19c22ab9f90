#include "compiler/rule_solver.h"

#include <algorithm>

namespace pml::compiler {
namespace {

using Kind = ast::Condition::Kind;

/// Terms that are looked at before a question is left open: for all questions of a schema together, and for one when
/// those are used up. And choices that may hang on each other.
constexpr std::int64_t kMostTerms = 500'000;
constexpr std::int64_t kMostTermsOfOne = 1'000;
/// The same where no choice is left, so that each term only leads to the next.
constexpr std::int64_t kMostFollowed = 100'000'000;
constexpr std::int32_t kMostDepth = 1'000;
/// That say what led to a contradiction.
constexpr std::size_t kMostNotes = 20;

}  // namespace

RuleSolver::RuleSolver(const Rules& rules)
    : rules_(rules), layout_(rules.layout_), values_(rules.layout_.elements.size()) {
  is_possible_ = set(0, true, {layout_.elements[0].place}) && propagate();
  num_sure_ = trail_.size();
  for (const Open& open : open_) sure_open_[component_of(*open.term)].push_back(open);
  open_.clear();
}

void RuleSolver::open_for(const std::vector<ElementId>& modules) {
  const auto add = [&](const std::vector<Open>& terms) { open_.insert(open_.end(), terms.begin(), terms.end()); };
  if (modules.empty()) {
    for (const auto& [component, terms] : sure_open_) add(terms);
  }
  std::set<ElementId> components;
  for (const ElementId module : modules) components.insert(rules_.component_of(module));
  for (const ElementId component : components) {
    if (const auto found = sure_open_.find(component); found != sure_open_.end()) add(found->second);
  }
}

ElementId RuleSolver::component_of(const Term& term) const {
  const Term* first = &term;
  while (first->kind != Kind::module) first = &first->terms.front();
  return rules_.component_of(first->module);
}

RuleSolver::Answer RuleSolver::ask(const std::vector<ElementId>& modules) {
  num_before_ = num_terms_;
  gave_up_ = false;
  if (is_possible_) conflict_.clear();
  open_for(modules);
  const bool is_possible =
      is_possible_ && std::ranges::all_of(modules, [&](ElementId id) { return assume(id); }) && solve(0);
  example_.clear();
  for (std::size_t i = num_sure_; i < trail_.size() && is_possible; ++i) {
    if (values_[trail_[i]].is_present) example_.push_back(trail_[i]);
  }
  take_back(num_sure_, 0);
  if (gave_up_) return Answer::unknown;
  return is_possible ? Answer::possible : Answer::impossible;
}

Rules::Implied RuleSolver::follow_from(ElementId module) {
  num_before_ = num_terms_;
  gave_up_ = false;
  if (module != 0) open_for({module});
  if (is_possible_ && module != 0 && assume(module)) propagate();
  Rules::Implied implied;
  for (std::size_t i = module == 0 ? 0 : num_sure_; i < trail_.size(); ++i) {
    const ElementId id = trail_[i];
    (values_[id].is_present ? implied.present : implied.absent).push_back(id);
  }
  std::ranges::sort(implied.present);
  std::ranges::sort(implied.absent);
  take_back(num_sure_, 0);
  return implied;
}

std::vector<grammar::Note> RuleSolver::conflict() const {
  std::vector<grammar::Note> notes;
  for (const Reason& step : conflict_) notes.push_back({step.place, text_of(step)});
  return notes;
}

void RuleSolver::take_back(std::size_t num_set, std::size_t num_open) {
  for (; trail_.size() > num_set; trail_.pop_back()) values_[trail_.back()].is_known = false;
  open_.resize(std::min(open_.size(), num_open));
  queue_.clear();
}

bool RuleSolver::set(ElementId module, bool is_present, const Reason& reason) {
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
  std::set<ElementId> met;
  trace(value.reason, module, value.number, met, 0);
  trace(reason, module, trail_.size(), met, 0);
  return false;
}

bool RuleSolver::propagate() {
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

bool RuleSolver::follow(ElementId module) {
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
    if (!force(rule.term, true, {rule.term.place, module, Why::rule, kNone, &rule}, /*keeps_open=*/true)) return false;
  }
  return true;
}

bool RuleSolver::fill(ElementId group, ElementId because) {
  if (rules_.is_harmless(group)) return true;                 // and if another member is there, it is filled too
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

std::optional<bool> RuleSolver::evaluate(const Term& term) {
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

bool RuleSolver::force(const Term& term, bool value, const Reason& reason, bool keeps_open) {
  if (term.kind == Kind::module) return set(term.module, value, reason);
  if (term.kind == Kind::no) return force(term.terms.front(), !value, reason, keeps_open);
  if ((term.kind == Kind::all) == value) {
    return std::ranges::all_of(term.terms, [&](const Term& inner) { return force(inner, value, reason, keeps_open); });
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
    std::set<ElementId> met;
    trace(reason, kNone, trail_.size(), met, 0);
    return false;
  }
  if (keeps_open) open_.push_back({&term, value, reason});
  return true;
}

bool RuleSolver::solve(std::int32_t depth) {
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

void RuleSolver::trace(const Reason& last, ElementId module, std::size_t number, std::set<ElementId>& met,
                       std::size_t depth) {
  if (last.why == Why::assumed || depth >= kMostNotes) return;
  const auto trace_value = [&](ElementId id) {
    const Value& value = values_[id];
    const bool came_before = id != module && value.is_known && value.number < number;
    if (came_before && met.insert(id).second) trace(value.reason, id, value.number, met, depth + 1);
  };
  trace_value(last.because);
  // With one term decided the others follow, so that all that was known of a rule counts.
  if (last.why == Why::rule) for_each_module(last.rule->term, trace_value);
  if (last.why == Why::filled) for_each_module(unions_.at(last.other), trace_value);
  add(last, conflict_);
}

void RuleSolver::add(const Reason& step, std::vector<Reason>& steps) {
  if (steps.size() < kMostNotes && std::ranges::find(steps, step) == steps.end()) steps.push_back(step);
}

std::string RuleSolver::text_of(const Reason& reason) const {
  const std::string name = quoted_path(layout_, reason.because);
  switch (reason.why) {
    case Why::assumed:
      break;
    case Why::stands_in:
      return name + " stands in " + quoted_path(layout_, reason.other);
    case Why::alternative:
      return name + " is an alternative to " + quoted_path(layout_, reason.other);
    case Why::required:
      return quoted_path(layout_, reason.other) + " is required";
    case Why::rule:
      return name + " " + reason.rule->text;
    case Why::filled:
      return "one of this union is required";
  }
  return "";
}

}  // namespace pml::compiler
