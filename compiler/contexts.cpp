#include "compiler/contexts.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "compiler/order.h"
#include "compiler/rules.h"
#include "compiler/standins.h"

namespace pml::compiler {

std::vector<ChainId> Contexts::chain(ChainId node) const {
  std::vector<ChainId> chain;
  for (; node != kNone; node = nodes[node].parent) chain.push_back(node);
  std::reverse(chain.begin(), chain.end());
  return chain;
}

ChainId Contexts::extend(const Layout& layout, ChainId parent, SegmentId segment) {
  const auto [entry, is_new] = known_.try_emplace(key(parent, segment), static_cast<ChainId>(nodes.size()));
  if (!is_new) return entry->second;
  Slot first = layout.segments[segment].first;
  if (is_packed) {
    first = parent == kNone
                ? 0
                : nodes[parent].first + static_cast<Slot>(layout.segments[nodes[parent].segment].tokens.size());
  }
  nodes.push_back({parent, segment, first});
  return entry->second;
}

/// Modules that rules put into or keep out of contexts: of one module, and of all. Of more than that, what rules say is
/// not followed.
constexpr std::size_t kMostDemandedOfOne = 10'000;
constexpr std::size_t kMostDemanded = 1'000'000;

/// What the rules say of all prompts that have some module, beside what they say of all prompts.
struct Demands {
  std::vector<ElementId> needed;    // modules that are present, ascending
  std::vector<ElementId> excluded;  // modules that are not, ascending

  auto operator<=>(const Demands&) const = default;
};

/// What is assumed of prompts while a context is chosen. Changes are noted, so that they can be taken back.
struct Assumption {
  ast::ContextKind kind = ast::ContextKind::guaranteed;
  ScaffoldId scaffold = kNone;
  std::vector<ElementId> members;  // by element: of a union the member that is there, else kNone
  std::vector<bool> is_present;    // by element: of a module, if its parent is
  std::vector<bool> is_seen;       // by element: is its own text in contexts? Empty: all is
  std::vector<bool> is_certain;    // by element: a module that the scaffold or the rules put there, in all prompts
  std::vector<bool> is_scaffold;   // by element: a module of the scaffold, or in one. Empty: none is
  std::int32_t demands = 0;        // declared are the elements with these

  void set_present(ElementId module, bool value) {
    if (is_present[module] == value) return;
    changes.push_back({module, kNone, !value, false});
    is_present[module] = value;
  }
  void set_member(ElementId alternatives, ElementId member) {
    if (members[alternatives] == member) return;
    changes.push_back({alternatives, members[alternatives], false, true});
    members[alternatives] = member;
  }
  void take_back() {
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

  struct Change {
    ElementId element = 0;
    ElementId member = kNone;  // of a union, before
    bool was_present = false;
    bool is_member = false;
  };
  std::vector<Change> changes;
};

class ContextBuilder {
 public:
  ContextBuilder(const Layout& layout, ast::ContextKind otherwise, const Standins& standins,
                 std::vector<Scaffold> scaffolds)
      : layout_(layout), otherwise_(otherwise), standins_(standins) {
    contexts_.artifacts.resize(layout.segments.size());
    contexts_.scaffolds = std::move(scaffolds);
    contexts_.is_packed = layout.is_packed();
    order_ = pool_order(layout);
  }

  Contexts build() {
    note_tree();
    note_demands();
    Before start;
    if (!layout_.segments.empty() && layout_.segments.front().kind == SegmentKind::bos) {
      start.chain = extend(kNone, 0);
      contexts_.artifacts[0].push_back({start.chain, ast::ContextKind::guaranteed});
    }
    std::set<ast::ContextKind> kinds{otherwise_};
    for (const Element& element : layout_.elements) kinds.insert(kind_of(element));
    for (const ast::ContextKind kind : kinds) walk_all(assume(kind), start);
    for (std::size_t i = 0; i < contexts_.scaffolds.size(); ++i) {
      for (const ast::ContextKind kind : kinds) {
        if (is_cut()) break;
        num_steps_ += layout_.elements.size();
        walk_all(assume(kind, static_cast<ScaffoldId>(i)), start);
      }
    }
    drop_undeclared();
    return std::move(contexts_);
  }

 private:
  /// What stands before a segment.
  struct Before {
    ChainId chain = kNone;
    bool has_scaffold = false;  // a segment of a module of the scaffold
    /// The same after the other members of the last union, in `adjacent` contexts.
    std::vector<ChainId> neighbours;
  };

  // --- rules ------------------------------------------------------------------------------------------

  void note_tree() {
    const auto count = static_cast<ElementId>(layout_.elements.size());
    ends_.assign(layout_.elements.size(), 0);
    places_.assign(layout_.elements.size(), 0);
    for (ElementId id = count - 1; id >= 0; --id) {
      ends_[id] = std::max(ends_[id], id + 1);
      const ElementId parent = layout_.elements[id].parent;
      if (parent != kNone) ends_[parent] = std::max(ends_[parent], ends_[id]);
      const std::vector<Content>& contents = layout_.elements[id].contents;
      for (std::size_t i = 0; i < contents.size(); ++i) {
        if (!contents[i].is_segment) places_[contents[i].id] = i;
      }
    }
  }

  /// Finds what the rules of every module, of those around it, and of those that they need say together. Elements of
  /// which they say the same share their number; 0: nothing.
  void note_demands() {
    demands_.emplace_back();
    choices_.emplace_back();
    demands_of_.assign(layout_.elements.size(), 0);
    for (std::size_t id = 0; id < layout_.elements.size(); ++id) {
      if (rules_.speaks_of(static_cast<ElementId>(id))) ruled_.push_back(static_cast<ElementId>(id));
    }
    if (!rules_.empty()) {
      note_demands_of_modules();
    }
    elements_with_.resize(demands_.size());
    for (std::size_t id = 0; id < layout_.elements.size(); ++id) {
      elements_with_[demands_of_[id]].push_back(static_cast<ElementId>(id));
    }
    before_.resize(demands_.size() > 1 ? layout_.elements.size() : 0);
    const auto is_unwalked = [&](ElementId id) {
      return id > elements_with_[0].back() && !layout_.elements[id].values.empty();
    };
    while (first_unwalked_ < static_cast<ElementId>(layout_.elements.size()) && !is_unwalked(first_unwalked_)) {
      ++first_unwalked_;
    }
  }

  void note_demands_of_modules() {
    std::vector<bool> is_weighed = weighed_by_standins();
    const std::vector<bool> brings_rules = bringing_rules();
    rules_.for_each_implied({0}, [&](ElementId schema, const Rules::Implied& implied) {
      of_all_ = demands_in(schema, implied, {}, /*is_told_apart=*/false);
      choices_[0] = rules_.choices_of(implied.present);
      return true;
    });
    for (const ElementId choice : choices_[0]) is_weighed[choice] = true;
    bool is_any_choice = !choices_[0].empty();
    for (const Scaffold& scaffold : contexts_.scaffolds) {
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
  std::vector<ElementId> choices_with(const std::vector<ElementId>& modules) const {
    std::vector<ElementId> present = modules;
    rules_.for_each_implied(modules, [&](ElementId, const Rules::Implied& implied) {
      present.insert(present.end(), implied.present.begin(), implied.present.end());
      return true;
    });
    return rules_.choices_of(present);
  }

  /// By element: does a module, or one that is there whenever it is, have rules?
  std::vector<bool> bringing_rules() const {
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
  std::vector<bool> weighed_by_standins() const {
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
  Demands demands_in(ElementId module, const Rules::Implied& implied, Demands demands, bool is_told_apart) const {
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

  static void insert(std::vector<ElementId>& sorted, ElementId id) {
    const auto at = std::ranges::lower_bound(sorted, id);
    if (at == sorted.end() || *at != id) sorted.insert(at, id);
  }

  /// Makes a module present, with what is around it.
  void make_present(ElementId module, Assumption& assumption) const {
    for (ElementId id = module; id != kNone; id = layout_.elements[id].parent) {
      const ElementId parent = layout_.elements[id].parent;
      if (layout_.elements[id].kind == ElementKind::module) assumption.set_present(id, true);
      if (parent != kNone && layout_.elements[parent].kind == ElementKind::alternatives) {
        assumption.set_member(parent, id);
      }
    }
  }

  /// Assumes what holds for elements with these demands. False if something is excluded that is certainly there.
  bool assume_demands(Assumption& assumption, std::int32_t number) const {
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

  /// The same where the rules of what is there for certain leave a choice: what stands in, or is in the scaffold, may
  /// be among what no prompt chooses. False if it is in the scaffold.
  bool settle_choices(Assumption& assumption) const {
    if (!is_typical(assumption.kind) && assumption.scaffold == kNone) return true;
    std::set<ElementId> candidates;
    for (const std::vector<ElementId>* choices : choices_for(assumption)) {
      for (const ElementId choice : *choices) {
        for (ElementId id = choice; id != 0; id = layout_.elements[id].parent) candidates.insert(id);
      }
    }
    if (candidates.empty()) return true;
    candidates.insert(fragile_.begin(), fragile_.end());
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
  std::array<const std::vector<ElementId>*, 3> choices_for(const Assumption& assumption) const {
    const bool has_scaffold = assumption.scaffold != kNone && !scaffold_choices_.empty();
    return {&choices_[0], &choices_[assumption.demands],
            has_scaffold ? &scaffold_choices_[assumption.scaffold] : &choices_[0]};
  }

  bool leaves_choices(const Assumption& assumption) const {
    return std::ranges::any_of(choices_for(assumption), [](const auto* choices) { return !choices->empty(); });
  }

  /// What is there with the demands, whatever stands in.
  std::vector<ElementId> required_together(const Assumption& assumption) const {
    std::vector<ElementId> together = demands_[assumption.demands].needed;
    if (assumption.scaffold == kNone) return together;
    const std::vector<ElementId>& modules = contexts_.scaffolds[assumption.scaffold].modules;
    together.insert(together.end(), modules.begin(), modules.end());
    return together;
  }

  /// Stand-ins whose rules do not hold with what the demands have put there, or kept out, give way.
  void settle(Assumption& assumption) const {
    if (!is_typical(assumption.kind)) return;
    std::set<ElementId> candidates(fragile_.begin(), fragile_.end());
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

  bool is_needed(ElementId module, const Assumption& assumption) const {
    return assumption.is_certain[module] || std::ranges::binary_search(demands_[assumption.demands].needed, module);
  }

  bool is_excluded(ElementId module, const Assumption& assumption) const {
    return std::ranges::binary_search(of_all_.excluded, module) ||
           std::ranges::binary_search(demands_[assumption.demands].excluded, module);
  }

  /// By a member that may be there; by none if there is no such member, or contexts have no stand-ins.
  void replace_standin(
      ElementId alternatives, Assumption& assumption,
      const std::function<bool(ElementId)>& fits = [](ElementId) { return true; }) const {
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
  void keep_rules(Assumption& assumption, Assumption settled) const {
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
  void drop_rule_breakers(Assumption& assumption) const {
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
  bool is_there(ElementId id, const Assumption& assumption) const {
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
  bool may_stand(ElementId module, const Assumption& assumption) const {
    const auto is_present = [&](ElementId id) { return is_there(id, assumption); };
    const auto begin = std::ranges::lower_bound(ruled_, module);
    return std::all_of(begin, std::lower_bound(begin, ruled_.end(), ends_[module]), [&](ElementId id) {
      return !is_present(id) ||
             (rules_.holds(id, is_present) && std::ranges::none_of(rules_.excluded_by(id), is_present));
    });
  }

  ast::ContextKind kind_of(const Element& element) const { return element.inherited.context.value_or(otherwise_); }

  Assumption assume(ast::ContextKind kind, ScaffoldId scaffold = kNone) const {
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
    return assumption;
  }

  void make_certain(ElementId module, Assumption& assumption) const {
    make_present(module, assumption);
    for (ElementId id = module; id != kNone; id = layout_.elements[id].parent) assumption.is_certain[id] = true;
  }

  void put_scaffold(ScaffoldId scaffold, Assumption& assumption) const {
    const std::vector<ElementId>& modules = contexts_.scaffolds[scaffold].modules;
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

  // --- walks ------------------------------------------------------------------------------------------

  /// Once for all elements of which rules say nothing, and once for those of which they say the same.
  void walk_all(Assumption assumption, const Before& start) {
    before_.assign(before_.size(), std::nullopt);
    assumption_ = &assumption;
    note_fragile();
    for (std::size_t number = 0; number < demands_.size() && !is_cut(); ++number) {
      if (number == 0) {
        walk(0, start, /*declares=*/true);
      } else if (assume_demands(assumption, static_cast<std::int32_t>(number))) {
        find_way();
        walk(0, start, /*declares=*/true);
        way_.clear();
      }
      assumption.take_back();
    }
  }

  /// Stand-ins, and unions that have one, on which some rule bears.
  void note_fragile() {
    fragile_.clear();
    if (!is_typical(assumption_->kind) || demands_.size() == 1) return;
    for (std::size_t i = 1; i < layout_.elements.size(); ++i) {
      const auto id = static_cast<ElementId>(i);
      const bool is_union = layout_.elements[i].kind == ElementKind::alternatives;
      const ElementId module = is_union ? assumption_->members[i] : id;
      if (module == kNone || assumption_->is_certain[module] || !has_rules(module)) continue;
      if (is_union || (assumption_->is_present[i] && !layout_.elements[i].required)) fragile_.push_back(id);
    }
  }

  /// Do rules speak of the module, or of what stands in it?
  bool has_rules(ElementId module) const {
    const auto first = std::ranges::lower_bound(ruled_, module);
    return first != ruled_.end() && *first < ends_[module];
  }

  bool is_cut() {
    contexts_.is_cut = contexts_.is_cut || num_steps_ > kMostSteps;
    return contexts_.is_cut;
  }

  /// Up to the first element that is to be declared, or is assumed to be otherwise than in the walk for elements
  /// without demands, everything is as in that walk: it is gone on from there.
  void find_way() {
    const Demands& demands = demands_[assumption_->demands];
    const std::vector<ElementId>& declared = elements_with_[assumption_->demands];
    end_ = 0;
    for (const ElementId id : declared) end_ = std::max(end_, ends_[id]);
    ElementId first = std::min(declared.front(), first_unwalked_);
    if (!demands.excluded.empty()) first = std::min(first, demands.excluded.front());
    for (const std::vector<ElementId>* choices : choices_for(*assumption_)) {
      if (!choices->empty()) first = std::min(first, choices->front());
    }
    for (const Assumption::Change& change : assumption_->changes) first = std::min(first, change.element);
    way_.clear();
    for (ElementId id = first; id != 0; id = layout_.elements[id].parent) {
      way_.push_back(id);
      // The members of a group are walked together, and what is in a module that was left out was not walked.
      const ElementId parent = layout_.elements[id].parent;
      if (is_group(parent) || !before_[id]) way_.clear();
    }
  }

  bool is_group(ElementId id) const {
    const ElementKind kind = layout_.elements[id].kind;
    return kind == ElementKind::alternatives || kind == ElementKind::pool;
  }

  /// Is the element, or one in it, to be declared in this walk?
  bool has_declared(ElementId id) const {
    const std::vector<ElementId>& declared = elements_with_[assumption_->demands];
    const auto at = std::ranges::lower_bound(declared, id);
    return at != declared.end() && *at < ends_[id];
  }

  /// Does nothing behind this element have to be declared?
  bool is_behind_all(ElementId id) const { return id > elements_with_[assumption_->demands].back(); }

  /// Declares the artifacts below `id`, given the chain of what is assumed to be present before it. Returns what stands
  /// before the next element if `id` is present.
  Before walk(ElementId id, Before before, bool declares) {
    const Element& element = layout_.elements[id];
    if (assumption_->demands != 0 || assumption_->scaffold != kNone) ++num_steps_;
    if (element.kind == ElementKind::slot || (declares && is_never_with_scaffold(id))) return before;
    if (element.kind == ElementKind::parameter) {
      return element.values.empty() ? segment(element.content, id, before, declares)
                                    : walk_values(id, before, declares);
    }
    if (element.kind == ElementKind::alternatives) return walk_union(id, before, declares);
    if (element.kind == ElementKind::pool) return walk_pool(id, before, declares);
    std::size_t i = 0;
    if (!way_.empty()) {
      i = places_[way_.back()];
      before = *before_[way_.back()];
      way_.pop_back();
    }
    for (; i < element.contents.size(); ++i) {
      const Content& content = element.contents[i];
      if (content.is_segment) {
        before = segment(content.id, id, before, declares);
        continue;
      }
      if (declares && assumption_->demands != 0 && content.id >= end_) return before;  // nothing more is declared
      if (!before_.empty() && assumption_->demands == 0) before_[content.id] = before;
      const bool is_module = layout_.elements[content.id].kind == ElementKind::module;
      const bool is_present = !is_module || assumption_->is_present[content.id];
      bool may_declare = declares && !is_behind_all(content.id);
      if (!is_present && assumption_->demands != 0) may_declare = may_declare && has_declared(content.id);
      if (!is_present && !may_declare) {
        way_.clear();
        continue;
      }
      const Before after = walk(content.id, before, may_declare);
      if (is_present) before = after;
    }
    return before;
  }

  bool is_never_with_scaffold(ElementId id) const {
    if (assumption_->scaffold == kNone || layout_.elements[id].kind != ElementKind::module) return false;
    if (assumption_->is_certain[id] || !leaves_choices(*assumption_)) return false;
    std::vector<ElementId> together = required_together(*assumption_);
    together.push_back(id);
    return !is_possible_(together);
  }

  Before walk_union(ElementId id, const Before& before, bool declares) {
    const std::vector<Content>& members = layout_.elements[id].contents;
    const bool is_seen_behind = has_neighbours(members.size());
    Before after = before;
    std::vector<ChainId> others;
    const ElementId assumed = assumption_->members[id];
    const bool is_certain = assumed != kNone && assumption_->is_certain[assumed];
    for (const Content& member : members) {
      const bool is_present = assumed == member.id;
      if (!is_present && (!declares || is_certain)) continue;
      if (!is_present && !is_seen_behind && assumption_->demands != 0 && !has_declared(member.id)) continue;
      const Before end = walk(member.id, before, declares);
      if (is_present) {
        after = end;
      } else if (may_be_neighbour(member.id)) {
        others.push_back(end.chain);
      }
    }
    after.neighbours = is_seen_behind ? std::move(others) : std::vector<ChainId>();
    return after;
  }

  /// As the members of a union are: the default or stand-in is there, or in typical contexts the first one.
  Before walk_values(ElementId id, const Before& before, bool declares) {
    const Element& element = layout_.elements[id];
    const bool takes_first = element.content == kNone && is_typical(assumption_->kind);
    const SegmentId present = takes_first ? element.values.front().segment : element.content;
    Before after = before;
    std::vector<ChainId> others;
    for (const Element::Value& value : element.values) {
      if (value.segment != present && !declares) continue;
      const Before end = segment(value.segment, id, before, declares);
      if (value.segment == present) {
        after = end;
      } else {
        others.push_back(end.chain);
      }
    }
    after.neighbours = has_neighbours(element.values.size()) ? std::move(others) : std::vector<ChainId>();
    return after;
  }

  /// Can prompts have this member of a union, in place of the one that is assumed, with the elements that are being
  /// declared? And does no rule of its own change what stands before it?
  bool may_be_neighbour(ElementId module) const {
    if (is_excluded(module, *assumption_)) return false;
    if (demands_of_[module] != 0 && demands_of_[module] != assumption_->demands) return false;
    ElementId& member = assumption_->members[layout_.elements[module].parent];
    const ElementId before = std::exchange(member, module);
    const bool may_be = !has_rules(module) || may_stand(module, *assumption_);
    member = before;
    if (!may_be || !leaves_choices(*assumption_)) return may_be;
    std::vector<ElementId> together = required_together(*assumption_);
    together.push_back(module);
    return is_possible_(together);
  }

  bool has_neighbours(std::size_t num_members) const {
    return assumption_->kind == ast::ContextKind::adjacent && assumption_->scaffold == kNone &&
           num_members <= kMostNeighbours;
  }

  /// Which modules of a pool a prompt has, and in which order, is not known; a scaffold names some.
  Before walk_pool(ElementId id, Before before, bool declares) {
    const std::vector<Content>& members = layout_.elements[id].contents;
    std::vector<ElementId> named;
    for (const Content& member : members) {
      if (assumption_->is_present[member.id]) named.push_back(member.id);
    }
    const bool has_companions = is_typical(assumption_->kind);
    const auto behind = [&](ElementId module) {
      Before at = before;
      std::size_t num_companions = 0;
      const auto add = [&](ElementId other) {
        at = walk(other, at, /*declares=*/false);
        ++num_companions;
      };
      for (const ElementId other : named) {
        if (other == module) return at;  // the scaffold's modules stand in the order of the schema
        add(other);
      }
      std::vector<ElementId> there = named;
      for (const Content& other : members) {
        if (!has_companions || num_companions >= kCompanions) break;
        const bool stands_there = other.id == module || assumption_->is_present[other.id];
        if (stands_there || !may_stand_between(there, other.id, module)) continue;
        add(other.id);
        there.push_back(other.id);
      }
      return at;
    };
    if (declares) {
      for (const Content& member : members) {
        if (assumption_->demands == 0 || has_declared(member.id)) walk(member.id, behind(member.id), true);
      }
    }
    return behind(kNone);
  }

  /// No companion breaks a rule of its own, or one on the order of its pool: `other` behind those of `there`, before
  /// `module`.
  bool may_stand_between(const std::vector<ElementId>& there, ElementId other, ElementId module) const {
    if (order_.contains({other, module}) || is_excluded(other, *assumption_)) return false;
    const auto is_there = [&](ElementId id) {
      return id == module || std::ranges::find(there, id) != there.end() || this->is_there(id, *assumption_);
    };
    const auto begin = std::ranges::lower_bound(ruled_, other);
    for (auto ruled = begin; ruled != ruled_.end() && *ruled < ends_[other]; ++ruled) {
      if (rules_.depends(*ruled) || std::ranges::any_of(rules_.excluded_by(*ruled), is_there)) return false;
    }
    return std::ranges::none_of(there, [&](ElementId earlier) { return order_.contains({earlier, other}); });
  }

  Before segment(SegmentId id, ElementId owner, Before before, bool declares) {
    const Element& element = layout_.elements[owner];
    if (id == kNone || !element.inherited.cache) return before;
    Before after = before;
    const bool is_declared = declares && layout_.segments[id].kind != SegmentKind::standin &&
                             kind_of(element) == assumption_->kind && demands_of_[owner] == assumption_->demands &&
                             (assumption_->scaffold == kNone || before.has_scaffold);
    const bool is_seen = assumption_->is_seen.empty() || assumption_->is_seen[owner];
    if (is_declared || is_seen) {
      const ChainId node = extend(before.chain, id);
      if (is_declared) declare(id, node);
      if (is_seen) after.chain = node;
      for (ChainId& neighbour : after.neighbours) {
        const ChainId other = extend(neighbour, id);
        if (is_declared) declare(id, other);
        if (is_seen) neighbour = other;
      }
    }
    if (is_seen && !assumption_->is_scaffold.empty() && assumption_->is_scaffold[owner]) after.has_scaffold = true;
    return after;
  }

  void declare(SegmentId id, ChainId node) {
    auto& artifacts = contexts_.artifacts[id];
    const bool is_known = std::ranges::any_of(artifacts, [&](const auto& artifact) { return artifact.node == node; });
    if (!is_known) artifacts.push_back({node, assumption_->kind, assumption_->scaffold});
  }

  ChainId extend(ChainId parent, SegmentId segment) { return contexts_.extend(layout_, parent, segment); }

  /// Nodes that are in the chain of no artifact: of a walk for one kind through elements of another.
  void drop_undeclared() {
    std::vector<bool> is_used(contexts_.nodes.size(), false);
    for (const auto& artifacts : contexts_.artifacts) {
      for (const DeclaredArtifact& artifact : artifacts) is_used[artifact.node] = true;
    }
    for (std::size_t id = contexts_.nodes.size(); id-- > 0;) {
      const ChainId parent = contexts_.nodes[id].parent;
      if (is_used[id] && parent != kNone) is_used[parent] = true;
    }
    std::vector<ChainId> moved_to(contexts_.nodes.size(), kNone);
    std::vector<ChainNode> nodes;
    contexts_.known_.clear();
    for (std::size_t id = 0; id < contexts_.nodes.size(); ++id) {
      if (!is_used[id]) continue;
      ChainNode node = contexts_.nodes[id];
      if (node.parent != kNone) node.parent = moved_to[node.parent];
      moved_to[id] = static_cast<ChainId>(nodes.size());
      contexts_.known_.emplace(Contexts::key(node.parent, node.segment), moved_to[id]);
      nodes.push_back(node);
    }
    contexts_.nodes = std::move(nodes);
    contexts_.num_declared = static_cast<ChainId>(contexts_.nodes.size());
    for (auto& artifacts : contexts_.artifacts) {
      for (DeclaredArtifact& artifact : artifacts) artifact.node = moved_to[artifact.node];
    }
  }

  const Layout& layout_;
  ast::ContextKind otherwise_;
  const Standins& standins_;
  PoolOrder order_;
  grammar::Diagnostics said_;  // mistakes in rules are said elsewhere
  Names names_{layout_};
  Rules rules_{layout_, names_, said_};
  std::function<bool(const std::vector<ElementId>&)> is_possible_ = rules_.possibility();
  std::vector<ElementId> ruled_;  // elements with rules of their own or of others against them, ascending
  Demands of_all_;                // what holds of every prompt
  std::vector<Demands> demands_;  // different ones; the first are none
  std::vector<std::vector<ElementId>> choices_;  // by demands: modules of which the rules that make them leave a choice
  std::vector<std::vector<ElementId>> scaffold_choices_;  // by scaffold, the same of its modules; without rules empty
  std::vector<std::int32_t> demands_of_;                  // by element: index of those
  std::vector<std::vector<ElementId>> elements_with_;     // by demands, ascending
  std::vector<ElementId> ends_;                           // by element: behind the last one in it
  std::vector<std::size_t> places_;  // by element: its index among the contents of what is around it
  ElementId first_unwalked_ = 0;     // the first parameter whose values the walk without demands does not tell apart
  Assumption* assumption_ = nullptr;
  std::vector<ElementId> fragile_;  // by note_fragile()
  std::size_t num_steps_ = 0;
  ElementId end_ = 0;                          // behind all that is declared in a walk with demands
  std::vector<std::optional<Before>> before_;  // by element: what stood before it in the walk without demands
  std::vector<ElementId> way_;  // where a walk begins, and what is around it, the outermost last; empty once it has
  Contexts contexts_;
};

Contexts declare_contexts(const Layout& layout, ast::ContextKind otherwise, const Standins& standins,
                          std::vector<Scaffold> scaffolds) {
  return ContextBuilder(layout, otherwise, standins, std::move(scaffolds)).build();
}

}  // namespace pml::compiler
