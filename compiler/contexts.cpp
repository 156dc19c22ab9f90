#include "compiler/contexts.h"

#include <algorithm>
#include <map>

namespace pml::compiler {
namespace {

class ContextBuilder {
 public:
  ContextBuilder(const Layout& layout, ast::ContextKind otherwise) : layout_(layout), otherwise_(otherwise) {
    contexts_.artifacts.resize(layout.segments.size());
  }

  Contexts build() {
    if (!layout_.segments.empty() && layout_.segments.front().kind == SegmentKind::bos) {
      bos_ = extend(kNone, 0);
      contexts_.artifacts[0].push_back({bos_, ast::ContextKind::guaranteed});
    }
    walk(0, bos_);
    return std::move(contexts_);
  }

 private:
  /// Declares the artifacts below `id`, given the chain of what is surely present before it. Returns the
  /// chain that follows if `id` is present.
  ChainId walk(ElementId id, ChainId before) {
    const Element& element = layout_.elements[id];
    if (element.kind == ElementKind::parameter) return segment(element.content, element, before);
    for (const Content& content : element.contents) {
      if (content.is_segment) {
        before = segment(content.id, element, before);
        continue;
      }
      const ElementKind kind = layout_.elements[content.id].kind;
      const ChainId after = walk(content.id, before);
      const bool is_sure =
          kind == ElementKind::parameter || (kind == ElementKind::module && layout_.elements[content.id].required);
      if (is_sure) before = after;
    }
    return before;
  }

  ChainId segment(SegmentId id, const Element& element, ChainId before) {
    if (id == kNone || !element.inherited.cache) return before;
    const ChainId after = extend(before, id);
    if (layout_.segments[id].kind == SegmentKind::standin) return after;  // lives in contexts only
    const ast::ContextKind kind = element.inherited.context.value_or(otherwise_);
    const ChainId node = kind == ast::ContextKind::isolated ? extend(bos_, id) : after;
    contexts_.artifacts[id].push_back({node, kind});
    return after;
  }

  ChainId extend(ChainId parent, SegmentId segment) {
    const auto [entry, is_new] = known_.try_emplace({parent, segment}, static_cast<ChainId>(contexts_.nodes.size()));
    if (is_new) contexts_.nodes.push_back({parent, segment, first_after(parent, segment)});
    return entry->second;
  }

  Slot first_after(ChainId parent, SegmentId segment) const {
    if (!layout_.is_packed()) return layout_.segments[segment].first;
    if (parent == kNone) return 0;
    const ChainNode& before = contexts_.nodes[parent];
    return before.first + static_cast<Slot>(layout_.segments[before.segment].tokens.size());
  }

  const Layout& layout_;
  ast::ContextKind otherwise_;
  ChainId bos_ = kNone;
  std::map<std::pair<ChainId, SegmentId>, ChainId> known_;
  Contexts contexts_;
};

}  // namespace

std::vector<ChainId> Contexts::chain(ChainId node) const {
  std::vector<ChainId> chain;
  for (; node != kNone; node = nodes[node].parent) chain.push_back(node);
  std::reverse(chain.begin(), chain.end());
  return chain;
}

Contexts declare_contexts(const Layout& layout, ast::ContextKind otherwise) {
  return ContextBuilder(layout, otherwise).build();
}

}  // namespace pml::compiler
