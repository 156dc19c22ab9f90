#include "compiler/order.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>

#include "compiler/cycles.h"

namespace pml::compiler {
namespace {

using grammar::DiagnosticKind;
using grammar::Diagnostics;

/// Where the ways from the schema to two elements part.
struct Fork {
  ElementId around = 0;  // holds both
  ElementId module = 0;  // what `around` holds of the one; `around` itself if that is the one
  ElementId other = 0;   // and of the other

  /// Does the prompt decide which of them stands before the other?
  bool is_open(const Layout& layout) const {
    return layout.elements[around].kind == ElementKind::pool && module != around && other != around;
  }
};

std::vector<ElementId> way_to(const Layout& layout, ElementId id) {
  std::vector<ElementId> way;
  for (; id != kNone; id = layout.elements[id].parent) way.push_back(id);
  std::reverse(way.begin(), way.end());
  return way;
}

Fork fork_of(const Layout& layout, ElementId module, ElementId other) {
  const std::vector<ElementId> one = way_to(layout, module);
  const std::vector<ElementId> two = way_to(layout, other);
  const auto [at, other_at] = std::mismatch(one.begin(), one.end(), two.begin(), two.end());
  Fork fork;
  fork.around = *(at - 1);
  fork.module = at == one.end() ? fork.around : *at;
  fork.other = other_at == two.end() ? fork.around : *other_at;
  return fork;
}

/// Calls `check(path, module, other, fork)` for every module and each that its `after` names.
template <typename Check>
void for_each_order(const Layout& layout, const Names& names, Diagnostics& diagnostics, const Check& check) {
  for (std::size_t i = 0; i < layout.elements.size(); ++i) {
    const auto module = static_cast<ElementId>(i);
    for (const ast::Path& path : layout.elements[i].after) {
      const auto other = names.module(path, layout.scope_of(module), diagnostics);
      if (other) check(path, module, *other, fork_of(layout, module, *other));
    }
  }
}

/// A member of a pool stands behind another.
struct Following {
  ElementId member = 0;  // the other one
  ElementId module = 0;  // whose `after` says so, and what it names: the members, or what is in them
  ElementId other = 0;
  grammar::Place place;
};

/// Says which members of pools would have to stand behind themselves.
void check_cycles(const Layout& layout, const std::map<ElementId, std::vector<Following>>& following,
                  Diagnostics& diagnostics) {
  constexpr std::size_t kMostNotes = 20;
  std::vector<ElementId> members;
  for (const auto& [member, unused] : following) members.push_back(member);
  const auto target = [&](ElementId from, std::size_t edge) -> std::optional<ElementId> {
    const auto found = following.find(from);
    if (found == following.end() || edge >= found->second.size()) return std::nullopt;
    return found->second[edge].member;
  };
  for_each_cycle(members, target, [&](std::span<const CycleStep> cycle) {
    const ElementId first = cycle.front().from;
    auto& diagnostic = diagnostics.add(DiagnosticKind::rule_cycle, layout.elements[first].place,
                                       quoted_path(layout, first) + " would have to stand behind itself");
    for (const CycleStep& step : cycle.first(std::min(kMostNotes, cycle.size()))) {
      const Following& taken = following.at(step.from)[step.edge];
      diagnostic.notes.push_back(
          {taken.place, quoted_path(layout, taken.module) + " stands behind " + quoted_path(layout, taken.other)});
    }
  });
}

}  // namespace

void check_order(const Layout& layout, const Names& names, Diagnostics& diagnostics) {
  std::map<ElementId, std::vector<Following>> following;  // by member of a pool
  for_each_order(layout, names, diagnostics,
                 [&](const ast::Path& path, ElementId module, ElementId other, const Fork& fork) {
                   if (fork.is_open(layout)) following[fork.module].push_back({fork.other, module, other, path.place});
                   const std::string name = quoted_path(layout, module);
                   const bool is_nested = fork.module == fork.around || fork.other == fork.around;
                   const ElementKind around = layout.elements[fork.around].kind;
                   if (is_nested) {
                     diagnostics.add(DiagnosticKind::wrong_order, path.place,
                                     module == other ? name + " cannot stand behind itself"
                                                     : name + " and " + quoted_path(layout, other) +
                                                           " stand in one another, not one behind the other");
                   } else if (around != ElementKind::pool && around != ElementKind::alternatives && module < other) {
                     diagnostics
                         .add(DiagnosticKind::wrong_order, path.place,
                              name + " stands before " + quoted_path(layout, other) + ", not behind it")
                         .notes.push_back({layout.elements[other].place, "the other one stands here"});
                   }
                 });
  check_cycles(layout, following, diagnostics);
}

void check_order(const Layout& layout, const Names& names, const Selection& selection, Diagnostics& diagnostics) {
  Diagnostics said;  // unknown modules are the schema's mistake
  for_each_order(layout, names, said, [&](const ast::Path& path, ElementId module, ElementId other, const Fork& fork) {
    if (!fork.is_open(layout) || !selection.present[module] || !selection.present[other]) return;
    const std::vector<PoolMember>& members = selection.pools.at(fork.around);
    const auto at = std::ranges::find(members, fork.module, &PoolMember::module);
    const auto other_at = std::ranges::find(members, fork.other, &PoolMember::module);
    if (other_at < at) return;
    auto& diagnostic =
        diagnostics.add(DiagnosticKind::wrong_order, at->place,
                        quoted_path(layout, module) + " must stand behind " + quoted_path(layout, other));
    diagnostic.notes.push_back({other_at->place, quoted_path(layout, other) + " is selected here"});
    diagnostic.notes.push_back({path.place, "the schema says so here"});
  });
}

PoolOrder pool_order(const Layout& layout) {
  PoolOrder order;
  if (std::ranges::none_of(layout.elements, [](const Element& element) { return !element.after.empty(); }))
    return order;
  Diagnostics said;
  for_each_order(layout, Names(layout), said, [&](const ast::Path&, ElementId, ElementId, const Fork& fork) {
    if (fork.is_open(layout)) order.emplace(fork.module, fork.other);
  });
  return order;
}

}  // namespace pml::compiler
