#include "compiler/contexts.h"

#include <algorithm>
#include <set>

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
  const auto [entry, is_new] = known_.try_emplace({parent, segment}, static_cast<ChainId>(nodes.size()));
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

/// What is assumed of prompts while a context is chosen.
struct Assumption {
  ast::ContextKind kind = ast::ContextKind::guaranteed;
  ScaffoldId scaffold = kNone;
  std::vector<ElementId> members;  // by element: of a union the member that is there, else kNone
  std::vector<bool> is_present;    // by element: of a module, if its parent is
  std::vector<bool> is_seen;       // by element: is its own text in contexts? Empty: all is
  std::vector<bool> is_scaffold;   // by element: a module of the scaffold, or in one. Empty: none is
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
    Before start;
    if (!layout_.segments.empty() && layout_.segments.front().kind == SegmentKind::bos) {
      start.chain = extend(kNone, 0);
      contexts_.artifacts[0].push_back({start.chain, ast::ContextKind::guaranteed});
    }
    std::set<ast::ContextKind> kinds{otherwise_};
    for (const Element& element : layout_.elements) kinds.insert(kind_of(element));
    for (const ast::ContextKind kind : kinds) walk(assume(kind), start);
    for (std::size_t i = 0; i < contexts_.scaffolds.size(); ++i) {
      for (const ast::ContextKind kind : kinds) walk(assume(kind, static_cast<ScaffoldId>(i)), start);
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

  ast::ContextKind kind_of(const Element& element) const { return element.inherited.context.value_or(otherwise_); }

  Assumption assume(ast::ContextKind kind) const {
    const std::size_t count = layout_.elements.size();
    Assumption assumption;
    assumption.kind = kind;
    assumption.members.assign(count, kNone);
    assumption.is_present.assign(count, false);
    for (std::size_t id = 0; id < count; ++id) assumption.is_present[id] = layout_.elements[id].required;
    if (kind == ast::ContextKind::isolated) assumption.is_seen.assign(count, false);
    if (is_typical(kind)) {
      assumption.members = standins_.members;
      for (std::size_t id = 0; id < count; ++id) {
        assumption.is_present[id] = assumption.is_present[id] || standins_.likely[id];
      }
    }
    return assumption;
  }

  Assumption assume(ast::ContextKind kind, ScaffoldId scaffold) const {
    Assumption assumption = assume(kind);
    assumption.scaffold = scaffold;
    assumption.is_scaffold.assign(layout_.elements.size(), false);
    for (const ElementId module : contexts_.scaffolds[scaffold].modules) {
      assumption.is_scaffold[module] = true;
      for (ElementId id = module; id != kNone; id = layout_.elements[id].parent) {
        const ElementId parent = layout_.elements[id].parent;
        assumption.is_present[id] = true;
        if (parent != kNone && layout_.elements[parent].kind == ElementKind::alternatives) {
          assumption.members[parent] = id;
        }
        if (!assumption.is_seen.empty()) assumption.is_seen[id] = true;
      }
    }
    // A parent stands before its children: what is in a module of the scaffold follows from it.
    for (std::size_t id = 1; id < layout_.elements.size(); ++id) {
      const ElementId parent = layout_.elements[id].parent;
      if (!assumption.is_scaffold[parent]) continue;
      assumption.is_scaffold[id] = true;
      if (!assumption.is_seen.empty()) assumption.is_seen[id] = true;
    }
    return assumption;
  }

  void walk(const Assumption& assumption, Before start) {
    assumption_ = &assumption;
    walk(0, start, /*declares=*/true);
  }

  /// Declares the artifacts below `id`, given the chain of what is assumed to be present before it. Returns what stands
  /// before the next element if `id` is present.
  Before walk(ElementId id, Before before, bool declares) {
    const Element& element = layout_.elements[id];
    if (element.kind == ElementKind::parameter) return segment(element.content, id, before, declares);
    if (element.kind == ElementKind::alternatives) return walk_union(id, before, declares);
    if (element.kind == ElementKind::pool) return walk_pool(id, before, declares);
    for (const Content& content : element.contents) {
      if (content.is_segment) {
        before = segment(content.id, id, before, declares);
        continue;
      }
      const bool is_present =
          layout_.elements[content.id].kind != ElementKind::module || assumption_->is_present[content.id];
      if (!is_present && !declares) continue;
      const Before after = walk(content.id, before, declares);
      if (is_present) before = after;
    }
    return before;
  }

  Before walk_union(ElementId id, const Before& before, bool declares) {
    const std::vector<Content>& members = layout_.elements[id].contents;
    Before after = before;
    std::vector<ChainId> others;
    for (const Content& member : members) {
      const bool is_present = assumption_->members[id] == member.id;
      if (!is_present && !declares) continue;
      const Before end = walk(member.id, before, declares);
      if (is_present) {
        after = end;
      } else {
        others.push_back(end.chain);
      }
    }
    const bool has_neighbours = assumption_->kind == ast::ContextKind::adjacent && assumption_->scaffold == kNone &&
                                members.size() <= kMostNeighbours;
    after.neighbours = has_neighbours ? std::move(others) : std::vector<ChainId>();
    return after;
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
      for (const Content& member : members) walk(member.id, behind(member.id), true);
    }
    return behind(kNone);
  }

  /// No companion breaks a rule on the order of its pool: `other` behind those of `there`, before `module`.
  bool may_stand_between(const std::vector<ElementId>& there, ElementId other, ElementId module) const {
    if (order_.contains({other, module})) return false;
    return std::ranges::none_of(there, [&](ElementId earlier) { return order_.contains({earlier, other}); });
  }

  Before segment(SegmentId id, ElementId owner, Before before, bool declares) {
    const Element& element = layout_.elements[owner];
    if (id == kNone || !element.inherited.cache) return before;
    Before after = before;
    const bool is_declared = declares && layout_.segments[id].kind != SegmentKind::standin &&
                             kind_of(element) == assumption_->kind &&
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
      contexts_.known_.emplace(std::pair{node.parent, node.segment}, moved_to[id]);
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
  const Assumption* assumption_ = nullptr;
  Contexts contexts_;
};

Contexts declare_contexts(const Layout& layout, ast::ContextKind otherwise, const Standins& standins,
                          std::vector<Scaffold> scaffolds) {
  return ContextBuilder(layout, otherwise, standins, std::move(scaffolds)).build();
}

}  // namespace pml::compiler
