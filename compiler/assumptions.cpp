#include "compiler/assumptions.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>

namespace pml::compiler {
namespace {

/// Modules that rules put into or keep out of contexts: of one module, and of all. Of more than that, what rules say is
/// not followed.
constexpr std::size_t kMostDemandedOfOne = 10'000;
constexpr std::size_t kMostDemanded = 1'000'000;

void insert(std::vector<ElementId>& sorted, ElementId id) {
  const auto at = std::ranges::lower_bound(sorted, id);
  if (at == sorted.end() || *at != id) sorted.insert(at, id);
}

}  // namespace

void Assumption::set_present(ElementId module, bool value) {
  if (is_present[module] == value) return;
  changes.push_back({module, kNone, !value, false});
  is_present[module] = value;
}

void Assumption::set_member(ElementId alternatives, ElementId member) {
  if (members[alternatives] == member) return;
  changes.push_back({alternatives, members[alternatives], false, true});
  members[alternatives] = member;
}

void Assumption::take_back() {
  for (; !changes.empty(); changes.pop_back()) {
    const Change& change = changes.back();
    if (change.is_member) {
      members[change.element] = change.member;
    } else {
      is_present[change.element] = change.was_present;
    }
  }
  demands = 0;
}

Assumptions::Assumptions(const Layout& layout, const Standins& standins, const std::vector<Scaffold>& scaffolds)
    : layout_(layout), standins_(standins), scaffolds_(scaffolds) {
  note_tree();
  demands_.emplace_back();
  choices_.emplace_back();
  demands_of_.assign(layout_.elements.size(), 0);
  for (std::size_t id = 0; id < layout_.elements.size(); ++id) {
    if (rules_.speaks_of(static_cast<ElementId>(id))) ruled_.push_back(static_cast<ElementId>(id));
  }
  if (!rules_.empty()) note_demands();
  elements_with_.resize(demands_.size());
  for (std::size_t id = 0; id < layout_.elements.size(); ++id) {
    elements_with_[demands_of_[id]].push_back(static_cast<ElementId>(id));
  }
}

void Assumptions::note_tree() {
  ends_.assign(layout_.elements.size(), 0);
  for (auto id = static_cast<ElementId>(layout_.elements.size()); id-- > 0;) {
    ends_[id] = std::max(ends_[id], id + 1);
    const ElementId parent = layout_.elements[id].parent;
    if (parent != kNone) ends_[parent] = std::max(ends_[parent], ends_[id]);
  }
}

/// Finds what the rules of every module, of those around it, and of those that they need say together.
void Assumptions::note_demands() {
  std::vector<bool> is_weighed = weighed_by_standins();
  const std::vector<bool> brings_rules = bringing_rules();
  rules_.for_each_implied({0}, [&](ElementId schema, const Rules::Implied& implied) {
    of_all_ = demands_in(schema, implied, {}, /*is_told_apart=*/false);
    choices_[0] = rules_.choices_of(implied.present);
    return true;
  });
  for (const ElementId choice : choices_[0]) is_weighed[choice] = true;
  bool is_any_choice = !choices_[0].empty();
  for (const Scaffold& scaffold : scaffolds_) {
    scaffold_choices_.push_back(choices_with(scaffold.modules));
    is_any_choice = is_any_choice || !scaffold_choices_.back().empty();
  }
  std::vector<ElementId> asked;
  for (std::size_t i = 1; i < layout_.elements.size(); ++i) {
    const auto id = static_cast<ElementId>(i);
    if (layout_.elements[i].kind != ElementKind::module) continue;
    if (brings_rules[i] || is_weighed[i] || rules_.speaks_of(id)) asked.push_back(id);
  }
  std::map<Demands, std::int32_t> numbers{{Demands(), 0}};
  std::size_t size = 0;
  ElementId next = 1;  // the elements before it have their demands
  const auto inherit = [&](ElementId end) {
    for (; next < end; ++next) demands_of_[next] = demands_of_[layout_.elements[next].parent];
  };
  rules_.for_each_implied(asked, [&](ElementId id, const Rules::Implied& implied) {
    inherit(id + 1);
    std::vector<ElementId> choices = rules_.choices_of(implied.present);
    const bool is_told_apart = is_weighed[id] || !choices.empty() || is_any_choice;
    Demands demands = demands_in(id, implied, demands_[demands_of_[id]], is_told_apart);
    const std::size_t its_size = demands.needed.size() + demands.excluded.size();
    if (its_size > kMostDemandedOfOne) return true;
    size += its_size;
    const auto [number, is_new] = numbers.try_emplace(demands, static_cast<std::int32_t>(demands_.size()));
    if (is_new) {
      demands_.push_back(std::move(demands));
      choices_.push_back(std::move(choices));
    }
    demands_of_[id] = number->second;
    return size <= kMostDemanded;
  });
  inherit(static_cast<ElementId>(layout_.elements.size()));
}

/// Of what is there with the modules.
std::vector<ElementId> Assumptions::choices_with(const std::vector<ElementId>& modules) const {
  std::vector<ElementId> present = modules;
  rules_.for_each_implied(modules, [&](ElementId, const Rules::Implied& implied) {
    present.insert(present.end(), implied.present.begin(), implied.present.end());
    return true;
  });
  return rules_.choices_of(present);
}

/// By element: does a module, or one that is there whenever it is, have rules?
std::vector<bool> Assumptions::bringing_rules() const {
  std::vector<bool> brings(layout_.elements.size(), false);
  for (std::size_t i = layout_.elements.size(); i-- > 1;) {
    const auto id = static_cast<ElementId>(i);
    const Element& element = layout_.elements[i];
    brings[i] = brings[i] || rules_.has_rule(id);
    const bool is_member = layout_.elements[element.parent].kind == ElementKind::alternatives;
    if (brings[i] && (element.required || is_member)) brings[element.parent] = true;
  }
  return brings;
}

/// By element: does it depend on it, among others, whether a stand-in's rules hold?
std::vector<bool> Assumptions::weighed_by_standins() const {
  std::vector<bool> is_weighed(layout_.elements.size(), false);
  std::vector<bool> may_stand_in(layout_.elements.size(), false);
  for (std::size_t i = 1; i < layout_.elements.size(); ++i) {
    const ElementId parent = layout_.elements[i].parent;
    may_stand_in[i] =
        may_stand_in[parent] || standins_.likely[i] || layout_.elements[parent].kind == ElementKind::alternatives;
    if (!may_stand_in[i]) continue;
    for (const ElementId id : rules_.weighed_by(static_cast<ElementId>(i))) is_weighed[id] = true;
  }
  return is_weighed;
}

/// What is said of a module that is not clear from where it stands, beside what is said of what is around it.
/// `is_told_apart`: what stands before it may not be as before others of which the same is said.
Demands Assumptions::demands_in(ElementId module, const Rules::Implied& implied, Demands demands,
                                bool is_told_apart) const {
  const auto is_around = [&](ElementId id) { return id <= module && module < ends_[id]; };
  const auto is_inside = [&](ElementId id) { return module <= id && id < ends_[module]; };
  const auto exclude = [&](ElementId id) {
    // Without what it must have, a module is not there either.
    while (layout_.elements[id].required && layout_.elements[id].parent != 0 &&
           layout_.elements[layout_.elements[id].parent].kind == ElementKind::module) {
      id = layout_.elements[id].parent;
    }
    if (!is_around(id)) insert(demands.excluded, id);
  };
  for (const ElementId id : implied.present) {
    const bool is_clear = module == 0 ? layout_.elements[id].required : is_around(id) || is_inside(id);
    if (!is_clear && id != 0) insert(demands.needed, id);
    for (const ElementId excluded : rules_.excluded_by(id)) exclude(excluded);
  }
  for (const ElementId id : implied.absent) {
    const ElementId group = layout_.elements[id].parent;
    if (module == 0 || !is_around(group) || layout_.elements[group].kind != ElementKind::alternatives) exclude(id);
  }
  if (is_told_apart) insert(demands.needed, module);
  return demands;
}

/// Makes a module present, with what is around it.
void Assumptions::make_present(ElementId module, Assumption& assumption) const {
  for (ElementId id = module; id != kNone; id = layout_.elements[id].parent) {
    const ElementId parent = layout_.elements[id].parent;
    if (layout_.elements[id].kind == ElementKind::module) assumption.set_present(id, true);
    if (parent != kNone && layout_.elements[parent].kind == ElementKind::alternatives) {
      assumption.set_member(parent, id);
    }
  }
}

bool Assumptions::assume_demands(Assumption& assumption, std::int32_t number) const {
  const Demands& demands = demands_[number];
  assumption.demands = number;
  for (const ElementId module : demands.needed) make_present(module, assumption);
  for (const ElementId module : demands.excluded) {
    if (assumption.is_certain[module]) return false;
    assumption.set_present(module, layout_.elements[module].required);
    const ElementId parent = layout_.elements[module].parent;
    const bool stands_in =
        layout_.elements[parent].kind == ElementKind::alternatives && assumption.members[parent] == module;
    if (stands_in) replace_standin(parent, assumption);
  }
  settle(assumption);
  return settle_choices(assumption);
}

/// Where the rules of what is there for certain leave a choice, what stands in, or is in the scaffold, may be among
/// what no prompt chooses. False if it is in the scaffold. A required union that has to be filled is no choice here.
bool Assumptions::settle_choices(Assumption& assumption) const {
  if (!is_typical(assumption.kind) && assumption.scaffold == kNone) return true;
  std::set<ElementId> candidates;
  for (const std::vector<ElementId>* choices : choices_for(assumption)) {
    for (const ElementId choice : *choices) {
      for (ElementId id = choice; id != 0; id = layout_.elements[id].parent) candidates.insert(id);
    }
  }
  if (candidates.empty()) return true;
  candidates.insert(assumption.fragile.begin(), assumption.fragile.end());
  std::vector<ElementId> together = required_together(assumption);
  if (!is_possible_(together)) return false;
  for (const ElementId id : candidates) {
    const bool is_union = layout_.elements[id].kind == ElementKind::alternatives;
    const ElementId module = is_union ? assumption.members[id] : id;
    if (module == kNone || is_needed(module, assumption) || !is_there(module, assumption)) continue;
    const auto fits = [&](ElementId candidate) {
      together.push_back(candidate);
      if (is_possible_(together)) return true;
      together.pop_back();
      return false;
    };
    if (fits(module)) continue;
    if (is_union) {
      replace_standin(id, assumption, fits);
    } else {
      assumption.set_present(id, layout_.elements[id].required);
    }
  }
  return true;
}

/// Of every prompt, of those with the demands, of those with the scaffold.
std::array<const std::vector<ElementId>*, 3> Assumptions::choices_for(const Assumption& assumption) const {
  const bool has_scaffold = assumption.scaffold != kNone && !scaffold_choices_.empty();
  return {&choices_[0], &choices_[assumption.demands],
          has_scaffold ? &scaffold_choices_[assumption.scaffold] : &choices_[0]};
}

bool Assumptions::leaves_choices(const Assumption& assumption) const {
  return std::ranges::any_of(choices_for(assumption), [](const auto* choices) { return !choices->empty(); });
}

/// What is there with the demands, whatever stands in.
std::vector<ElementId> Assumptions::required_together(const Assumption& assumption) const {
  std::vector<ElementId> together = demands_[assumption.demands].needed;
  if (assumption.scaffold == kNone) return together;
  const std::vector<ElementId>& modules = scaffolds_[assumption.scaffold].modules;
  together.insert(together.end(), modules.begin(), modules.end());
  return together;
}

/// Stand-ins whose rules do not hold with what the demands have put there, or kept out, give way.
void Assumptions::settle(Assumption& assumption) const {
  if (!is_typical(assumption.kind)) return;
  std::set<ElementId> candidates(assumption.fragile.begin(), assumption.fragile.end());
  for (std::size_t pass = 0; pass <= candidates.size(); ++pass) {
    for (const Assumption::Change& change : assumption.changes) {
      if (change.is_member && pass == 0) candidates.insert(change.element);
    }
    bool is_settled = true;
    for (const ElementId id : candidates) {
      const bool is_union = layout_.elements[id].kind == ElementKind::alternatives;
      const ElementId module = is_union ? assumption.members[id] : id;
      if (module == kNone || is_needed(module, assumption) || !is_there(module, assumption) ||
          may_stand(module, assumption)) {
        continue;
      }
      is_settled = false;
      if (is_union) {
        replace_standin(id, assumption);
      } else {
        assumption.set_present(id, false);
      }
    }
    if (is_settled) return;
  }
}

bool Assumptions::is_needed(ElementId module, const Assumption& assumption) const {
  return assumption.is_certain[module] || std::ranges::binary_search(demands_[assumption.demands].needed, module);
}

bool Assumptions::is_excluded(ElementId module, const Assumption& assumption) const {
  return std::ranges::binary_search(of_all_.excluded, module) ||
         std::ranges::binary_search(demands_[assumption.demands].excluded, module);
}

/// By a member that may be there; by none if there is no such member, or contexts have no stand-ins.
void Assumptions::replace_standin(ElementId alternatives, Assumption& assumption,
                                  const std::function<bool(ElementId)>& fits) const {
  const ElementId before = assumption.members[alternatives];
  ElementId found = kNone;
  for (const Content& member : layout_.elements[alternatives].contents) {
    if (!is_typical(assumption.kind)) break;
    assumption.members[alternatives] = member.id;
    if (member.id == before || is_excluded(member.id, assumption) || !may_stand(member.id, assumption)) continue;
    if (!fits(member.id)) continue;
    found = member.id;
    break;
  }
  assumption.members[alternatives] = before;
  assumption.set_member(alternatives, found);
}

/// Stand-ins that break each other's rules, or those of what is certain, give way, later ones to earlier ones: to
/// another member of their union, else to nothing. `settled`: what is certain.
void Assumptions::keep_rules(Assumption& assumption, Assumption settled) const {
  for (std::size_t id = 0; id < layout_.elements.size(); ++id) {
    const Element& element = layout_.elements[id];
    const auto may_be_there = [&](ElementId module) {
      return !is_excluded(module, assumption) && (may_stand(module, settled) || may_stand(module, assumption));
    };
    if (element.kind == ElementKind::alternatives) {
      if (settled.members[id] != kNone || assumption.members[id] == kNone) continue;
      std::vector<ElementId> candidates{assumption.members[id]};
      for (const Content& member : element.contents) candidates.push_back(member.id);
      candidates.push_back(kNone);
      for (const ElementId candidate : candidates) {
        assumption.members[id] = settled.members[id] = candidate;
        if (candidate == kNone || may_be_there(candidate)) break;
      }
    } else if (assumption.is_present[id] && !settled.is_present[id]) {
      settled.is_present[id] = true;
      if (!may_be_there(static_cast<ElementId>(id))) assumption.is_present[id] = settled.is_present[id] = false;
    }
  }
  drop_rule_breakers(assumption);
}

/// What hung on a later stand-in that has given way since.
void Assumptions::drop_rule_breakers(Assumption& assumption) const {
  std::set<ElementId> candidates;  // in others nothing has rules
  for (const ElementId ruled : ruled_) {
    for (ElementId id = ruled; id != 0 && candidates.insert(id).second;) id = layout_.elements[id].parent;
  }
  const auto breaks_rules = [&](ElementId id) {
    const Element& element = layout_.elements[id];
    const bool is_member = layout_.elements[element.parent].kind == ElementKind::alternatives;
    if (element.kind != ElementKind::module || (element.required && !is_member)) return false;
    return !assumption.is_certain[id] && is_there(id, assumption) && !may_stand(id, assumption);
  };
  for (auto at = candidates.begin(); at != candidates.end();) {
    if (!breaks_rules(*at)) {
      ++at;
      continue;
    }
    const ElementId parent = layout_.elements[*at].parent;
    if (layout_.elements[parent].kind == ElementKind::alternatives) assumption.members[parent] = kNone;
    assumption.is_present[*at] = false;
    at = candidates.begin();  // what stands before it may have needed it
  }
}

/// Is it there, if what is assumed is?
bool Assumptions::is_there(ElementId id, const Assumption& assumption) const {
  for (; id != 0; id = layout_.elements[id].parent) {
    const ElementId parent = layout_.elements[id].parent;
    if (layout_.elements[parent].kind == ElementKind::alternatives) {
      if (assumption.members[parent] != id) return false;
    } else if (layout_.elements[id].kind == ElementKind::module && !assumption.is_present[id]) {
      return false;
    }
  }
  return true;
}

/// Do the rules of a module, and of what is there in it, hold?
bool Assumptions::may_stand(ElementId module, const Assumption& assumption) const {
  const auto is_present = [&](ElementId id) { return is_there(id, assumption); };
  const auto begin = std::ranges::lower_bound(ruled_, module);
  return std::all_of(begin, std::lower_bound(begin, ruled_.end(), ends_[module]), [&](ElementId id) {
    return !is_present(id) ||
           (rules_.holds(id, is_present) && std::ranges::none_of(rules_.excluded_by(id), is_present));
  });
}

Assumption Assumptions::assume(ast::ContextKind kind, ScaffoldId scaffold) const {
  const std::size_t count = layout_.elements.size();
  Assumption certain;
  certain.kind = kind;
  certain.scaffold = scaffold;
  certain.members.assign(count, kNone);
  certain.is_present.assign(count, false);
  certain.is_certain.assign(count, false);
  for (std::size_t id = 0; id < count; ++id) certain.is_present[id] = layout_.elements[id].required;
  if (kind == ast::ContextKind::isolated) certain.is_seen.assign(count, false);
  for (const ElementId module : of_all_.needed) make_certain(module, certain);
  if (scaffold != kNone) put_scaffold(scaffold, certain);
  certain.changes.clear();
  if (!is_typical(kind)) return certain;

  Assumption assumption = certain;
  for (std::size_t id = 0; id < count; ++id) {
    if (certain.members[id] == kNone) assumption.members[id] = standins_.members[id];
    assumption.is_present[id] = certain.is_present[id] || standins_.likely[id];
  }
  if (rules_.empty()) return assumption;
  keep_rules(assumption, std::move(certain));
  settle_choices(assumption);
  assumption.changes.clear();
  note_fragile(assumption);
  return assumption;
}

void Assumptions::make_certain(ElementId module, Assumption& assumption) const {
  make_present(module, assumption);
  for (ElementId id = module; id != kNone; id = layout_.elements[id].parent) assumption.is_certain[id] = true;
}

void Assumptions::put_scaffold(ScaffoldId scaffold, Assumption& assumption) const {
  const std::vector<ElementId>& modules = scaffolds_[scaffold].modules;
  assumption.is_scaffold.assign(layout_.elements.size(), false);
  for (const ElementId module : modules) {
    assumption.is_scaffold[module] = true;
    make_certain(module, assumption);
    for (const ElementId needed : demands_[demands_of_[module]].needed) make_certain(needed, assumption);
    for (ElementId id = module; id != kNone && !assumption.is_seen.empty(); id = layout_.elements[id].parent) {
      assumption.is_seen[id] = true;
    }
  }
  // A parent stands before its children: what is in a module of the scaffold follows from it.
  for (std::size_t id = 1; id < layout_.elements.size(); ++id) {
    const ElementId parent = layout_.elements[id].parent;
    if (!assumption.is_scaffold[parent]) continue;
    assumption.is_scaffold[id] = true;
    if (!assumption.is_seen.empty()) assumption.is_seen[id] = true;
  }
}

/// Stand-ins, and unions that have one, on which some rule bears.
void Assumptions::note_fragile(Assumption& assumption) const {
  if (demands_.size() == 1) return;
  for (std::size_t i = 1; i < layout_.elements.size(); ++i) {
    const auto id = static_cast<ElementId>(i);
    const bool is_union = layout_.elements[i].kind == ElementKind::alternatives;
    const ElementId module = is_union ? assumption.members[i] : id;
    if (module == kNone || assumption.is_certain[module] || !has_rules(module)) continue;
    if (is_union || (assumption.is_present[i] && !layout_.elements[i].required)) assumption.fragile.push_back(id);
  }
}

/// Do rules speak of the module, or of what stands in it?
bool Assumptions::has_rules(ElementId module) const {
  const auto first = std::ranges::lower_bound(ruled_, module);
  return first != ruled_.end() && *first < ends_[module];
}

bool Assumptions::is_never_with_scaffold(ElementId id, const Assumption& assumption) const {
  if (assumption.scaffold == kNone || layout_.elements[id].kind != ElementKind::module) return false;
  if (assumption.is_certain[id] || !leaves_choices(assumption)) return false;
  std::vector<ElementId> together = required_together(assumption);
  together.push_back(id);
  return !is_possible_(together);
}

bool Assumptions::may_be_neighbour(ElementId member, Assumption& assumption) const {
  if (is_excluded(member, assumption)) return false;
  if (demands_of_[member] != 0 && demands_of_[member] != assumption.demands) return false;
  if (has_rules(member)) {
    ElementId& assumed = assumption.members[layout_.elements[member].parent];
    const ElementId before = std::exchange(assumed, member);
    const bool keeps_rules = may_stand(member, assumption);
    assumed = before;
    if (!keeps_rules) return false;
  }
  if (!leaves_choices(assumption)) return true;
  std::vector<ElementId> together = required_together(assumption);
  together.push_back(member);
  return is_possible_(together);
}

bool Assumptions::may_accompany(ElementId other, ElementId module, const std::vector<ElementId>& there,
                                const Assumption& assumption) const {
  if (is_excluded(other, assumption)) return false;
  const auto stands_there = [&](ElementId id) {
    return id == module || std::ranges::find(there, id) != there.end() || is_there(id, assumption);
  };
  const auto begin = std::ranges::lower_bound(ruled_, other);
  return std::all_of(begin, std::lower_bound(begin, ruled_.end(), ends_[other]), [&](ElementId ruled) {
    return !rules_.depends(ruled) && std::ranges::none_of(rules_.excluded_by(ruled), stands_there);
  });
}

ElementId Assumptions::first_concerned(const Assumption& assumption) const {
  ElementId first = std::numeric_limits<ElementId>::max();
  const Demands& demands = demands_[assumption.demands];
  if (!demands.excluded.empty()) first = demands.excluded.front();
  // Other members of a union may be neighbours, or may not.
  for (const std::vector<ElementId>* choices : choices_for(assumption)) {
    for (const ElementId choice : *choices) {
      for (ElementId id = choice; id != 0; id = layout_.elements[id].parent) {
        if (union_of(layout_, id) != kNone) first = std::min(first, id);
      }
    }
  }
  return first;
}

}  // namespace pml::compiler
