#include "compiler/contexts.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "compiler/assumptions.h"
#include "compiler/order.h"
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

class ContextBuilder {
 public:
  ContextBuilder(const Layout& layout, ast::ContextKind otherwise, const Standins& standins,
                 std::vector<Scaffold> scaffolds)
      : layout_(layout),
        otherwise_(otherwise),
        order_(pool_order(layout)),
        scaffolds_(std::move(scaffolds)),
        assumptions_(layout, standins, scaffolds_) {
    contexts_.artifacts.resize(layout.segments.size());
    contexts_.is_packed = layout.is_packed();
    places_.assign(layout_.elements.size(), 0);
    for (const Element& element : layout_.elements) {
      for (std::size_t i = 0; i < element.contents.size(); ++i) {
        if (!element.contents[i].is_segment) places_[element.contents[i].id] = i;
      }
    }
    if (demands_.size() == 1) return;
    before_.resize(layout_.elements.size());
    const ElementId last = demands_.elements_with(0).back();
    const auto is_unwalked = [&](ElementId id) { return id > last && !layout_.elements[id].values.empty(); };
    while (first_unwalked_ < static_cast<ElementId>(layout_.elements.size()) && !is_unwalked(first_unwalked_)) {
      ++first_unwalked_;
    }
  }

  Contexts build() {
    Before start;
    if (!layout_.segments.empty() && layout_.segments.front().kind == SegmentKind::bos) {
      start.chain = extend(kNone, 0);
      contexts_.artifacts[0].push_back({start.chain, ast::ContextKind::guaranteed});
    }
    std::set<ast::ContextKind> kinds{otherwise_};
    for (const Element& element : layout_.elements) kinds.insert(kind_of(element));
    for (const ast::ContextKind kind : kinds) walk_all(assumptions_.assume(kind), start);
    for (std::size_t i = 0; i < scaffolds_.size(); ++i) {
      for (const ast::ContextKind kind : kinds) {
        if (is_cut()) break;
        num_steps_ += layout_.elements.size();
        walk_all(assumptions_.assume(kind, static_cast<ScaffoldId>(i)), start);
      }
    }
    drop_undeclared();
    contexts_.scaffolds = std::move(scaffolds_);
    return std::move(contexts_);
  }

 private:
  struct Neighbour {
    ChainId chain = kNone;
    ElementId member = kNone;  // kNone: another value of a parameter
  };

  /// What stands before a segment.
  struct Before {
    ChainId chain = kNone;
    bool has_scaffold = false;  // a segment of a module of the scaffold
    /// The same after the other members of the last union, in `adjacent` contexts.
    std::vector<Neighbour> neighbours;
  };

  ast::ContextKind kind_of(const Element& element) const { return element.inherited.context.value_or(otherwise_); }

  // --- walks ------------------------------------------------------------------------------------------

  /// Once for all elements of which rules say nothing, and once for those of which they say the same.
  void walk_all(Assumption assumption, const Before& start) {
    before_.assign(before_.size(), std::nullopt);
    assumption_ = &assumption;
    for (std::size_t number = 0; number < demands_.size() && !is_cut(); ++number) {
      if (number == 0) {
        walk(0, start, /*declares=*/true);
      } else if (assumptions_.assume_demands(assumption, static_cast<std::int32_t>(number))) {
        find_way();
        walk(0, start, /*declares=*/true);
        way_.clear();
      }
      assumption.take_back();
    }
  }

  bool is_cut() {
    contexts_.is_cut = contexts_.is_cut || num_steps_ + assumptions_.num_weighed() / kWeighedInAStep > kMostSteps;
    return contexts_.is_cut;
  }

  /// Up to the first element that is to be declared, or is assumed to be otherwise than in the walk for elements
  /// without demands, everything is as in that walk: it is gone on from there.
  void find_way() {
    const std::vector<ElementId>& declared = demands_.elements_with(assumption_->demands);
    end_ = 0;
    for (const ElementId id : declared) end_ = std::max(end_, demands_.end_of(id));
    ElementId first = std::min(declared.front(), first_unwalked_);
    first = std::min(first, assumptions_.first_concerned(*assumption_));
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
    const std::vector<ElementId>& declared = demands_.elements_with(assumption_->demands);
    const auto at = std::ranges::lower_bound(declared, id);
    return at != declared.end() && *at < demands_.end_of(id);
  }

  /// Does nothing behind this element have to be declared?
  bool is_behind_all(ElementId id) const { return id > demands_.elements_with(assumption_->demands).back(); }

  /// Declares the artifacts below `id`, given the chain of what is assumed to be present before it. Returns what stands
  /// before the next element if `id` is present.
  Before walk(ElementId id, Before before, bool declares) {
    const Element& element = layout_.elements[id];
    if (element.kind == ElementKind::slot || (declares && assumptions_.is_never_with_scaffold(id, *assumption_)))
      return before;
    if (element.kind == ElementKind::parameter) {
      return element.values.empty() ? segment(element.content, id, before, declares)
                                    : walk_values(id, before, declares);
    }
    if (element.kind == ElementKind::alternatives) return walk_union(id, before, declares);
    if (element.kind == ElementKind::pool) return walk_pool(id, before, declares);
    std::erase_if(before.neighbours, [&](const Neighbour& neighbour) {
      return neighbour.member != kNone && !assumptions_.may_stand_with(id, neighbour.member, *assumption_);
    });
    std::size_t i = 0;
    if (!way_.empty()) {
      i = places_[way_.back()];
      before = *before_[way_.back()];
      way_.pop_back();
    }
    const bool is_counted = assumption_->demands != 0 || assumption_->scaffold != kNone;
    for (; i < element.contents.size(); ++i) {
      const Content& content = element.contents[i];
      num_steps_ += is_counted ? 1 : 0;
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

  Before walk_union(ElementId id, const Before& before, bool declares) {
    const std::vector<Content>& members = layout_.elements[id].contents;
    const bool is_seen_behind = has_neighbours(members.size());
    Before after = before;
    std::vector<Neighbour> others;
    const ElementId assumed = assumption_->members[id];
    const bool is_certain = assumed != kNone && assumption_->is_certain[assumed];
    for (const Content& member : members) {
      const bool is_present = assumed == member.id;
      if (!is_present && (!declares || is_certain)) continue;
      if (!is_present && !is_seen_behind && assumption_->demands != 0 && !has_declared(member.id)) continue;
      const Before end = walk(member.id, before, declares);
      if (is_present) {
        after = end;
      } else if (assumptions_.may_be_neighbour(member.id, *assumption_)) {
        others.push_back({end.chain, member.id});
      }
    }
    after.neighbours = is_seen_behind ? std::move(others) : std::vector<Neighbour>();
    return after;
  }

  /// As the members of a union are: the default or stand-in is there, or in typical contexts the first one.
  Before walk_values(ElementId id, const Before& before, bool declares) {
    const Element& element = layout_.elements[id];
    const bool takes_first = element.content == kNone && is_typical(assumption_->kind);
    const SegmentId present = takes_first ? element.values.front().segment : element.content;
    Before after = before;
    std::vector<Neighbour> others;
    for (const Element::Value& value : element.values) {
      if (value.segment != present && !declares) continue;
      const Before end = segment(value.segment, id, before, declares);
      if (value.segment == present) {
        after = end;
      } else {
        others.push_back({end.chain});
      }
    }
    after.neighbours = has_neighbours(element.values.size()) ? std::move(others) : std::vector<Neighbour>();
    return after;
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
        if (demands_.is_touched(id)) at.neighbours.clear();  // with which the companion was not weighed
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

  /// `other` behind those of `there`, before `module`: it breaks no rule, nor one on the order of its pool.
  bool may_stand_between(const std::vector<ElementId>& there, ElementId other, ElementId module) const {
    return !order_.contains({other, module}) && std::ranges::none_of(there, [&](ElementId earlier) {
      return order_.contains({earlier, other});
    }) && assumptions_.may_accompany(other, module, there, *assumption_);
  }

  Before segment(SegmentId id, ElementId owner, Before before, bool declares) {
    const Element& element = layout_.elements[owner];
    if (id == kNone || !element.inherited.cache) return before;
    Before after = before;
    const bool is_declared =
        declares && layout_.segments[id].kind != SegmentKind::standin && kind_of(element) == assumption_->kind &&
        demands_.number_of(owner) == assumption_->demands && (assumption_->scaffold == kNone || before.has_scaffold);
    const bool is_seen = assumption_->is_seen.empty() || assumption_->is_seen[owner];
    if (is_declared || is_seen) {
      const ChainId node = extend(before.chain, id);
      if (is_declared) declare(id, node);
      if (is_seen) after.chain = node;
      for (Neighbour& neighbour : after.neighbours) {
        const ChainId other = extend(neighbour.chain, id);
        if (is_declared) declare(id, other);
        if (is_seen) neighbour.chain = other;
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
  PoolOrder order_;
  std::vector<Scaffold> scaffolds_;
  Assumptions assumptions_;
  const DemandTable& demands_ = assumptions_.demands();
  std::vector<std::size_t> places_;  // by element: its index among the contents of what is around it
  ElementId first_unwalked_ = 0;     // the first parameter whose values the walk without demands does not tell apart
  Assumption* assumption_ = nullptr;
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
