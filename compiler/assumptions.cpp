#include "compiler/assumptions.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>

namespace pml::compiler {
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
    : layout_(layout), standins_(standins), scaffolds_(scaffolds), demands_(layout, standins, scaffolds) {
  for (std::size_t id = 1; id < layout_.elements.size(); ++id) {
    const auto module = static_cast<ElementId>(id);
    if (rules_.speaks_of(module) || !rules_.unions_to_fill(module).empty()) ruled_.push_back(module);
  }
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
  for (const ElementId module : demands.needed) {
    if (is_alternative_to_certain(module, assumption)) return false;
    make_present(module, assumption);
  }
  for (const ElementId module : demands.excluded) {
    if (assumption.is_certain[module]) return false;
    assumption.set_present(module, layout_.elements[module].required);
    const ElementId parent = layout_.elements[module].parent;
    const bool stands_in =
        layout_.elements[parent].kind == ElementKind::alternatives && assumption.members[parent] == module;
    if (stands_in) replace_standin(parent, assumption);
  }
  settle(assumption, /*replaces=*/true);
  const std::size_t num_changes = assumption.changes.size();
  if (!settle_choices(assumption)) return false;
  if (assumption.changes.size() > num_changes) settle(assumption, /*replaces=*/false);
  return true;
}

/// Where the rules of what is there for certain leave a choice, what stands in, or is in the scaffold, may be among
/// what no prompt chooses. False if it is in the scaffold.
bool Assumptions::settle_choices(Assumption& assumption) const {
  if (!is_typical(assumption.kind) && assumption.scaffold == kNone) return true;
  const std::set<ElementId> concerned = assumption.demands == 0 ? with_choice(assumption) : concerned_by(assumption);
  return std::ranges::all_of(concerned, [&](ElementId component) {
    return !leaves_choice(component, assumption) || settle_choices_of(component, assumption);
  });
}

bool Assumptions::settle_choices_of(ElementId component, Assumption& assumption) const {
  std::set<ElementId> candidates;
  for_each_choice(component, assumption, [&](ElementId choice) {
    for (ElementId id = choice; id != 0; id = layout_.elements[id].parent) candidates.insert(id);
  });
  if (const auto found = assumption.fragile.find(component); found != assumption.fragile.end()) {
    candidates.insert(found->second.begin(), found->second.end());
  }
  std::vector<ElementId> together = certain_in(component, assumption);
  if (!is_possible_(together)) return false;
  num_weighed_ += candidates.size();
  const std::vector<ElementId> ordered(candidates.begin(), candidates.end());
  settle_together(ordered, together, assumption);
  return true;
}

/// Keeps of the candidates, first to last, what is possible with `together`, which it joins. Most often that is all of
/// them, so many are asked about at once.
void Assumptions::settle_together(std::span<const ElementId> candidates, std::vector<ElementId>& together,
                                  Assumption& assumption) const {
  const auto is_union = [&](ElementId id) { return layout_.elements[id].kind == ElementKind::alternatives; };
  const std::size_t num_before = together.size();
  for (const ElementId id : candidates) {
    const ElementId module = is_union(id) ? assumption.members[id] : id;
    if (module == kNone || is_needed(module, assumption) || !is_there(module, assumption)) continue;
    together.push_back(module);
  }
  if (together.size() == num_before || is_possible_(together)) return;
  together.resize(num_before);
  if (candidates.size() > 1) {
    settle_together(candidates.first(candidates.size() / 2), together, assumption);
    return settle_together(candidates.subspan(candidates.size() / 2), together, assumption);
  }
  const ElementId id = candidates.front();
  if (!is_union(id)) return assumption.set_present(id, layout_.elements[id].required);
  replace_standin(id, assumption, [&](ElementId member) {
    together.push_back(member);
    if (is_possible_(together)) return true;
    together.pop_back();
    return false;
  });
}

/// In which the rules leave a choice, whatever the demands.
std::set<ElementId> Assumptions::with_choice(const Assumption& assumption) const {
  std::set<ElementId> components;
  for (const Choices* choices : {&demands_.choices(0), &demands_.scaffold_choices(assumption.scaffold)}) {
    for (const auto& [component, modules] : *choices) components.insert(component);
  }
  return components;
}

/// In which something is otherwise because of the demands.
std::set<ElementId> Assumptions::concerned_by(const Assumption& assumption) const {
  const Demands& demands = demands_[assumption.demands];
  std::set<ElementId> components{rules_.component_of(demands_.elements_with(assumption.demands).front())};
  for (const ElementId id : demands.needed) components.insert(rules_.component_of(id));
  for (const ElementId id : demands.excluded) components.insert(rules_.component_of(id));
  return components;
}

/// Of every prompt, of those with the demands, of those with the scaffold.
std::array<const Choices*, 3> Assumptions::choices_for(const Assumption& assumption) const {
  return {&demands_.choices(0), &demands_.choices(assumption.demands), &demands_.scaffold_choices(assumption.scaffold)};
}

void Assumptions::for_each_choice(ElementId component, const Assumption& assumption,
                                  const std::function<void(ElementId)>& visit) const {
  for (const Choices* choices : choices_for(assumption)) {
    if (const auto found = choices->find(component); found != choices->end())
      std::ranges::for_each(found->second, visit);
  }
}

bool Assumptions::leaves_choice(ElementId component, const Assumption& assumption) const {
  return std::ranges::any_of(choices_for(assumption),
                             [&](const Choices* choices) { return choices->contains(component); });
}

/// What is there with the demands, whatever stands in; one of the elements with them stands for all.
std::vector<ElementId> Assumptions::certain_in(ElementId component, const Assumption& assumption) const {
  std::vector<ElementId> certain = demands_[assumption.demands].needed;
  if (assumption.demands != 0) certain.push_back(demands_.elements_with(assumption.demands).front());
  if (assumption.scaffold != kNone) {
    const std::vector<ElementId>& modules = scaffolds_[assumption.scaffold].modules;
    certain.insert(certain.end(), modules.begin(), modules.end());
  }
  std::erase_if(certain, [&](ElementId id) { return rules_.component_of(id) != component; });
  return certain;
}

/// The stand-ins that are there, of those that rules name.
std::vector<ElementId> Assumptions::standins_in(ElementId component, const Assumption& assumption) const {
  std::vector<ElementId> stand_ins;
  const auto fragile = assumption.fragile.find(component);
  if (fragile == assumption.fragile.end()) return stand_ins;
  num_weighed_ += fragile->second.size();
  for (const ElementId id : fragile->second) {
    const bool is_union = layout_.elements[id].kind == ElementKind::alternatives;
    const ElementId module = is_union ? assumption.members[id] : id;
    if (module != kNone && is_there(module, assumption)) stand_ins.push_back(module);
  }
  return stand_ins;
}

/// Stand-ins whose rules do not hold with what the demands have put there, or kept out, give way: to another member of
/// their union, or only to nothing.
void Assumptions::settle(Assumption& assumption, bool replaces) const {
  if (!is_typical(assumption.kind)) return;
  std::set<ElementId> candidates;
  for (const ElementId component : concerned_by(assumption)) {
    const auto found = assumption.fragile.find(component);
    if (found != assumption.fragile.end()) candidates.insert(found->second.begin(), found->second.end());
  }
  for (std::size_t pass = 0; pass <= candidates.size(); ++pass) {
    num_weighed_ += candidates.size();
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
      if (is_union && replaces) {
        replace_standin(id, assumption);
      } else if (is_union) {
        assumption.set_member(id, kNone);
      } else {
        assumption.set_present(id, false);
      }
    }
    if (is_settled) return;
  }
}

/// Is another member of its union, or of one around it, there for certain?
bool Assumptions::is_alternative_to_certain(ElementId module, const Assumption& assumption) const {
  for (ElementId id = module; id != 0; id = layout_.elements[id].parent) {
    const ElementId member = assumption.members[layout_.elements[id].parent];
    if (member != kNone && member != id && assumption.is_certain[member]) return true;
  }
  return false;
}

bool Assumptions::is_needed(ElementId module, const Assumption& assumption) const {
  return assumption.is_certain[module] || std::ranges::binary_search(demands_[assumption.demands].needed, module);
}

bool Assumptions::is_excluded(ElementId module, const Assumption& assumption) const {
  return std::ranges::binary_search(demands_.of_all().excluded, module) ||
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

/// Do the rules of a module, and of what is there in it, hold, and are its unions filled that have to be?
bool Assumptions::may_stand(ElementId module, const Assumption& assumption) const {
  const auto is_present = [&](ElementId id) { return is_there(id, assumption); };
  const auto is_filled = [&](ElementId group) { return assumption.members[group] != kNone; };
  const auto begin = std::ranges::lower_bound(ruled_, module);
  return std::all_of(begin, std::lower_bound(begin, ruled_.end(), demands_.end_of(module)), [&](ElementId id) {
    return !is_present(id) ||
           (rules_.holds(id, is_present) && std::ranges::none_of(rules_.excluded_by(id), is_present) &&
            std::ranges::all_of(rules_.unions_to_fill(id), is_filled));
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
  for (const ElementId module : demands_.of_all().needed) make_certain(module, certain);
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
  note_fragile(assumption);
  settle_choices(assumption);
  drop_rule_breakers(assumption);
  assumption.changes.clear();
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
    for (const ElementId needed : demands_[demands_.number_of(module)].needed) make_certain(needed, assumption);
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

/// Stand-ins, and unions that have one, that some rule names.
void Assumptions::note_fragile(Assumption& assumption) const {
  for (std::size_t i = 1; i < layout_.elements.size(); ++i) {
    const auto id = static_cast<ElementId>(i);
    const bool is_union = layout_.elements[i].kind == ElementKind::alternatives;
    const ElementId module = is_union ? assumption.members[i] : id;
    if (module == kNone || assumption.is_certain[module] || !demands_.is_touched(id)) continue;
    if (is_union || (assumption.is_present[i] && !layout_.elements[i].required)) {
      assumption.fragile[rules_.component_of(id)].push_back(id);
    }
  }
}

bool Assumptions::is_never_with_scaffold(ElementId id, const Assumption& assumption) const {
  if (assumption.scaffold == kNone || layout_.elements[id].kind != ElementKind::module) return false;
  const ElementId component = rules_.component_of(id);
  if (assumption.is_certain[id] || !leaves_choice(component, assumption)) return false;
  std::vector<ElementId> together = certain_in(component, assumption);
  together.push_back(id);
  return !is_possible_(together);
}

bool Assumptions::may_be_neighbour(ElementId member, Assumption& assumption) const {
  if (is_excluded(member, assumption)) return false;
  const Demands& its_demands = demands_[demands_.number_of(member)];
  const auto is_assumed = [&](ElementId id) { return is_there(id, assumption); };
  const auto is_given = [&](ElementId id) { return id == member || is_assumed(id); };
  if (!std::ranges::all_of(its_demands.needed, is_given)) return false;
  if (std::ranges::any_of(its_demands.excluded, is_assumed)) return false;
  return may_stand_with(member, member, assumption);
}

bool Assumptions::may_stand_with(ElementId module, ElementId member, Assumption& assumption) const {
  const ElementId alternatives = layout_.elements[member].parent;
  if (!demands_.is_touched(module == member ? alternatives : module)) return true;
  const ElementId component = rules_.component_of(member);
  ElementId& assumed = assumption.members[alternatives];
  const ElementId replaced = std::exchange(assumed, member);
  std::vector<ElementId> together = standins_in(component, assumption);
  assumed = replaced;
  const ElementId end = std::max(demands_.end_of(module), demands_.end_of(member));
  std::erase_if(together, [&](ElementId id) { return id >= end; });
  together.push_back(member);
  const std::vector<ElementId> certain = certain_in(component, assumption);
  together.insert(together.end(), certain.begin(), certain.end());
  return is_possible_(together);
}

bool Assumptions::may_accompany(ElementId other, ElementId module, const std::vector<ElementId>& there,
                                const Assumption& assumption) const {
  if (is_excluded(other, assumption)) return false;
  if (!demands_.is_touched(other)) return true;
  const auto begin = std::ranges::lower_bound(ruled_, other);
  const auto end = std::lower_bound(begin, ruled_.end(), demands_.end_of(other));
  if (std::any_of(begin, end, [&](ElementId ruled) { return rules_.depends(ruled); })) return false;
  const ElementId component = rules_.component_of(other);
  std::vector<ElementId> together = certain_in(component, assumption);
  const std::vector<ElementId> stand_ins = standins_in(component, assumption);
  together.insert(together.end(), stand_ins.begin(), stand_ins.end());
  together.insert(together.end(), there.begin(), there.end());
  together.push_back(other);
  if (module != kNone) together.push_back(module);
  return is_possible_(together);
}

ElementId Assumptions::first_concerned(const Assumption& assumption) const {
  ElementId first = std::numeric_limits<ElementId>::max();
  const Demands& demands = demands_[assumption.demands];
  if (!demands.excluded.empty()) first = demands.excluded.front();
  const auto note_groups = [&](ElementId module) {
    for (ElementId id = module; id != 0; id = layout_.elements[id].parent) {
      const ElementKind around = layout_.elements[layout_.elements[id].parent].kind;
      if (around == ElementKind::alternatives || around == ElementKind::pool) first = std::min(first, id);
    }
  };
  // Other members of a union may be neighbours, modules of a pool companions, or may not.
  for (const ElementId component : concerned_by(assumption)) for_each_choice(component, assumption, note_groups);
  // What stands in keeps its rules with what is there now, and so do other members before it.
  const auto note_weighing = [&](ElementId module) {
    for (const ElementId id : demands_.weighing(module)) {
      first = std::min(first, id);
      note_groups(id);
    }
  };
  for (const ElementId needed : demands.needed) {
    std::ranges::for_each(rules_.named_by(needed), note_groups);
    note_weighing(needed);
    for (ElementId id = needed; id != 0; id = layout_.elements[id].parent) {
      if (layout_.elements[id].kind == ElementKind::alternatives) note_weighing(id);
    }
  }
  std::ranges::for_each(demands.excluded, note_weighing);
  for (const Assumption::Change& change : assumption.changes) {
    first = std::min(first, change.element);
    note_weighing(change.element);
  }
  return std::min(first, demands_.first_touched_pool());
}

}  // namespace pml::compiler
