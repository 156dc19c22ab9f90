#include "compiler/exactness.h"

namespace pml::compiler {
namespace {

class Walk {
 public:
  Walk(const Layout& layout, const Contexts& contexts)
      : layout_(layout), contexts_(contexts), is_exact_(layout.segments.size(), false) {}

  std::vector<bool> run() {
    if (!layout_.segments.empty() && layout_.segments.front().kind == SegmentKind::bos) {
      segment(0, {});
    }
    visit(0, {});
    return std::move(is_exact_);
  }

 private:
  /// What stands before a segment.
  struct Before {
    bool has_text = false;  // beside a BOS
    bool varies = false;    // some of it depends on the prompt, or is in no context
  };

  Before visit(ElementId id, Before before) {
    const Element& element = layout_.elements[id];
    if (element.is_hole()) {
      if (element.values.empty() && element.has_default && element.content != kNone) segment(element.content, before);
      for (const Element::Value& value : element.values) segment(value.segment, before);
      if (element.end > element.first) before.varies = before.has_text = true;
      return before;
    }
    const bool is_group = element.kind == ElementKind::alternatives || element.kind == ElementKind::pool;
    const Before start = before;
    for (const Content& content : element.contents) {
      if (content.is_segment) {
        before = segment(content.id, before);
        continue;
      }
      Before inside = is_group ? start : before;
      inside.varies = inside.varies || (element.kind == ElementKind::pool && element.contents.size() > 1);
      const Before after = visit(content.id, inside);
      const bool is_sure = layout_.elements[content.id].kind != ElementKind::module ||
                           (layout_.elements[content.id].required && !is_group);
      before.has_text = before.has_text || after.has_text;
      before.varies = before.varies || after.varies || (!is_sure && layout_.elements[content.id].end > element.first);
    }
    return before;
  }

  Before segment(SegmentId id, Before before) {
    const auto& artifacts = contexts_.artifacts[id];
    if (!artifacts.empty()) {
      const bool sees_all = artifacts.front().kind != ast::ContextKind::isolated || !before.has_text;
      is_exact_[id] = !before.varies && sees_all;
    }
    const Element& element = layout_.elements[layout_.segments[id].element];
    if (layout_.segments[id].kind != SegmentKind::bos) {
      before.has_text = true;
      before.varies = before.varies || !element.inherited.cache;
    }
    return before;
  }

  const Layout& layout_;
  const Contexts& contexts_;
  std::vector<bool> is_exact_;
};

}  // namespace

std::vector<bool> find_always_exact(const Layout& layout, const Contexts& contexts) {
  return Walk(layout, contexts).run();
}

}  // namespace pml::compiler
