#include "compiler/demands.h"

#include <algorithm>
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

DemandTable::DemandTable(const Layout& layout, const Standins& standins, const std::vector<Scaffold>& scaffolds)
    : layout_(layout),
      is_touched_(layout.elements.size(), false),
      demands_(1),
      choices_(1),
      numbers_(layout.elements.size(), 0) {
  note_tree();
  if (!rules_.empty()) {
    note_weighing();
    note_touched();
    note_choices(scaffolds);
    number_modules(mark(standins));
  }
  elements_with_.resize(demands_.size());
  for (std::size_t id = 0; id < layout_.elements.size(); ++id) {
    elements_with_[numbers_[id]].push_back(static_cast<ElementId>(id));
  }
}

const std::vector<ElementId>& DemandTable::weighing(ElementId element) const {
  static const std::vector<ElementId> none;
  const auto found = weighing_.find(element);
  return found == weighing_.end() ? none : found->second;
}

void DemandTable::note_tree() {
  ends_.assign(layout_.elements.size(), 0);
  for (auto id = static_cast<ElementId>(layout_.elements.size()); id-- > 0;) {
    ends_[id] = std::max(ends_[id], id + 1);
    const ElementId parent = layout_.elements[id].parent;
    if (parent != kNone) ends_[parent] = std::max(ends_[parent], ends_[id]);
  }
}

void DemandTable::note_weighing() {
  for (std::size_t i = 0; i < layout_.elements.size(); ++i) {
    const auto module = static_cast<ElementId>(i);
    for (const ElementId named : rules_.named_by(module)) {
      for (ElementId id = named; id != 0; id = layout_.elements[id].parent) {
        std::vector<ElementId>& modules = weighing_[id];
        if (modules.empty() || modules.back() != module) modules.push_back(module);
      }
    }
  }
}

void DemandTable::note_touched() {
  is_touched_ = with_what_is_around(rules_.named());
  for (const Element& element : layout_.elements) {
    if (element.kind != ElementKind::pool) continue;
    for (const Content& member : element.contents) {
      if (is_touched_[member.id]) first_touched_pool_ = std::min(first_touched_pool_, element.contents.front().id);
    }
  }
}

void DemandTable::note_choices(const std::vector<Scaffold>& scaffolds) {
  rules_.for_each_implied({0}, [&](ElementId schema, const Rules::Implied& implied) {
    of_all_ = demands_in(schema, implied, {});
    choices_[0] = by_component(rules_.choices_of(implied.present));
    return true;
  });
  for (const Scaffold& scaffold : scaffolds) {
    scaffold_choices_.push_back(by_component(choices_with(scaffold.modules)));
  }
}

/// Of what is there with the modules.
std::vector<ElementId> DemandTable::choices_with(const std::vector<ElementId>& modules) const {
  std::vector<ElementId> present = modules;
  rules_.for_each_implied(modules, [&](ElementId, const Rules::Implied& implied) {
    present.insert(present.end(), implied.present.begin(), implied.present.end());
    return true;
  });
  return rules_.choices_of(present);
}

Choices DemandTable::by_component(const std::vector<ElementId>& modules) const {
  Choices choices;
  for (const ElementId module : modules) choices[rules_.component_of(module)].push_back(module);
  return choices;
}

DemandTable::Marks DemandTable::mark(const Standins& standins) const {
  Marks marks;
  const std::vector<bool> may_stand_in = possible_standins(standins);
  std::vector<bool> is_weighed = weighed_by(may_stand_in);
  const auto note = [&](const Choices& choices) {
    for (const auto& [component, modules] : choices) {
      marks.with_choices.insert(component);
      for (const ElementId module : modules) is_weighed[module] = true;
    }
  };
  note(choices_[0]);
  std::ranges::for_each(scaffold_choices_, note);
  for (std::size_t i = 1; i < layout_.elements.size(); ++i) {
    const auto id = static_cast<ElementId>(i);
    if (may_stand_in[i] && leaves_choice(id)) marks.with_choices.insert(rules_.component_of(id));
  }
  const std::vector<bool> named_alternatives = alternatives_to(rules_.named());
  const std::vector<bool> weighed_alternatives = alternatives_to(is_weighed);
  marks.is_asked = bringing_rules();
  marks.takes_part = parts_of_choices();
  marks.is_weighed = std::move(is_weighed);
  for (std::size_t id = 1; id < layout_.elements.size(); ++id) {
    if (weighed_alternatives[id]) marks.is_weighed[id] = true;
    if (named_alternatives[id]) marks.takes_part[id] = true;
    if (named_alternatives[id] || rules_.named()[id] || marks.is_weighed[id]) marks.is_asked[id] = true;
  }
  return marks;
}

/// Do the module's own rules, or a required union in it?
bool DemandTable::leaves_choice(ElementId module) const {
  return !rules_.weighed_by(module).empty() || !rules_.unions_to_fill(module).empty();
}

/// By element: does a module, or one that is there whenever it is, have rules?
std::vector<bool> DemandTable::bringing_rules() const {
  std::vector<bool> brings(layout_.elements.size(), false);
  for (std::size_t i = layout_.elements.size(); i-- > 1;) {
    const auto id = static_cast<ElementId>(i);
    const Element& element = layout_.elements[i];
    brings[i] = brings[i] || rules_.has_rule(id) || !rules_.unions_to_fill(id).empty();
    const bool is_member = layout_.elements[element.parent].kind == ElementKind::alternatives;
    if (brings[i] && (element.required || is_member)) brings[element.parent] = true;
  }
  return brings;
}

/// By element: may it be in contexts without being asked for, if what is around it is?
std::vector<bool> DemandTable::possible_standins(const Standins& standins) const {
  std::vector<bool> may_stand_in(layout_.elements.size(), false);
  for (std::size_t i = 1; i < layout_.elements.size(); ++i) {
    const ElementId parent = layout_.elements[i].parent;
    may_stand_in[i] =
        may_stand_in[parent] || standins.likely[i] || layout_.elements[parent].kind == ElementKind::alternatives;
  }
  return may_stand_in;
}

/// By element: does it depend on it, among others, whether a stand-in's rules hold?
std::vector<bool> DemandTable::weighed_by(const std::vector<bool>& may_stand_in) const {
  std::vector<bool> is_weighed(layout_.elements.size(), false);
  for (std::size_t i = 1; i < layout_.elements.size(); ++i) {
    if (!may_stand_in[i]) continue;
    const auto module = static_cast<ElementId>(i);
    for (const ElementId id : rules_.named_by(module)) is_weighed[id] = true;
    if (!rules_.speaks_of(module)) continue;
    for (ElementId id = layout_.elements[i].parent; id != 0; id = layout_.elements[id].parent) is_weighed[id] = true;
  }
  return is_weighed;
}

/// By element: do rules name it where they leave a choice, or does it bring such rules, or a union that has to be
/// filled?
std::vector<bool> DemandTable::parts_of_choices() const {
  std::vector<bool> takes_part(layout_.elements.size(), false);
  for (std::size_t i = 1; i < layout_.elements.size(); ++i) {
    const auto id = static_cast<ElementId>(i);
    for (const ElementId other : rules_.weighed_by(id)) takes_part[other] = true;
    if (leaves_choice(id)) takes_part[i] = true;
  }
  return takes_part;
}

std::vector<bool> DemandTable::with_what_is_around(std::vector<bool> elements) const {
  for (std::size_t i = elements.size(); i-- > 1;) {
    if (elements[i]) elements[layout_.elements[i].parent] = true;
  }
  return elements;
}

/// The members of unions in which some of the elements are: where one is present, the others are not.
std::vector<bool> DemandTable::alternatives_to(const std::vector<bool>& elements) const {
  const std::vector<bool> has_one = with_what_is_around(elements);
  std::vector<bool> alternatives(elements.size(), false);
  for (std::size_t i = 1; i < elements.size(); ++i) {
    const ElementId parent = layout_.elements[i].parent;
    alternatives[i] = has_one[parent] && layout_.elements[parent].kind == ElementKind::alternatives;
  }
  return alternatives;
}

/// Finds what the rules of every module, of those around it, and of those that they need say together.
void DemandTable::number_modules(const Marks& marks) {
  std::vector<ElementId> asked;
  for (std::size_t i = 1; i < layout_.elements.size(); ++i) {
    if (layout_.elements[i].kind == ElementKind::module && marks.is_asked[i])
      asked.push_back(static_cast<ElementId>(i));
  }
  std::map<Demands, std::int32_t> known{{Demands(), 0}};
  std::size_t size = 0;
  ElementId next = 1;  // the elements before it have their number
  const auto inherit = [&](ElementId end) {
    for (; next < end; ++next) numbers_[next] = numbers_[layout_.elements[next].parent];
  };
  rules_.for_each_implied(asked, [&](ElementId id, const Rules::Implied& implied) {
    inherit(id + 1);
    Demands demands = demands_in(id, implied, demands_[numbers_[id]]);
    const std::vector<ElementId> choices = rules_.choices_of(implied.present);
    if (!choices.empty() || is_told_apart(id, implied, marks)) insert(demands.needed, id);
    const std::size_t its_size = demands.needed.size() + demands.excluded.size();
    if (its_size > kMostDemandedOfOne) return true;
    size += its_size;
    const auto [number, is_new] = known.try_emplace(demands, static_cast<std::int32_t>(demands_.size()));
    if (is_new) {
      demands_.push_back(std::move(demands));
      choices_.push_back(by_component(choices));
    }
    numbers_[id] = number->second;
    return size <= kMostDemanded;
  });
  inherit(static_cast<ElementId>(layout_.elements.size()));
}

/// May what stands before a module not be as before others of which the same is said?
bool DemandTable::is_told_apart(ElementId module, const Rules::Implied& implied, const Marks& marks) const {
  if (marks.is_weighed[module]) return true;
  if (!marks.with_choices.contains(rules_.component_of(module))) return false;
  // What is not in or around it, its demands name.
  const auto takes_part = [&](ElementId id) {
    const bool is_around = id <= module && module < ends_[id];
    const bool is_inside = module <= id && id < ends_[module];
    return marks.takes_part[id] && (is_around || is_inside);
  };
  return takes_part(module) || std::ranges::any_of(implied.present, takes_part);
}

/// What is said of a module that is not clear from where it stands, beside what is said of what is around it.
Demands DemandTable::demands_in(ElementId module, const Rules::Implied& implied, Demands demands) const {
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
  return demands;
}

}  // namespace pml::compiler
