#include "compiler/layout.h"

#include <algorithm>
#include <array>

namespace pml::compiler {
namespace {

using grammar::DiagnosticKind;

class LayoutBuilder {
 public:
  LayoutBuilder(const TextEncoder& encoder, Slot max_positions, grammar::Diagnostics& diagnostics)
      : encoder_(encoder), max_positions_(max_positions), diagnostics_(diagnostics) {}

  Layout build(const ast::Schema& schema) {
    layout_.schema = schema.name;
    layout_.kind = schema.layout;
    layout_.has_hidden_names = schema.has_hidden_names;
    layout_.is_estimate = encoder_.is_estimate();
    if (const auto bos = encoder_.bos()) {
      Segment segment;
      segment.kind = SegmentKind::bos;
      segment.tokens = {*bos};
      segment.place = schema.place;
      layout_.segments.push_back(std::move(segment));
      cursor_ = 1;
    }
    Element element;
    element.name = schema.name;
    element.place = schema.place;
    element.inherited = schema.inherited;
    const ElementId id = add(std::move(element));
    contents(id, schema.children);
    finish_run(id);
    finish(id);
    layout_.end = layout_.elements[id].end;
    check_limit();
    return std::move(layout_);
  }

 private:
  ElementId add(Element element) {
    element.first = cursor_;
    element.around = role_;
    layout_.elements.push_back(std::move(element));
    const auto id = static_cast<ElementId>(layout_.elements.size() - 1);
    const ElementId parent = layout_.elements[id].parent;
    if (parent != kNone) layout_.elements[parent].contents.push_back({false, id});
    return id;
  }

  void contents(ElementId owner, const std::vector<ast::Node>& nodes) {
    for (const ast::Node& node : nodes) {
      std::visit([&](const auto& value) { place(owner, value); }, node.value);
    }
  }

  void place(ElementId, const ast::Text& text) { extend_run(text.place, {{text.text, false}}, false); }

  void place(ElementId owner, const ast::Turn& turn) {
    const auto& chat_template = encoder_.chat_template();
    if (!chat_template) {
      if (!missing_template_) {
        report_missing_template(turn.role, turn.place, chat_template.error(), diagnostics_);
      }
      missing_template_ = true;
      contents(owner, turn.children);
      finish_run(owner);
      return;
    }
    extend_run(turn.place, chat_template->opening(turn.role), true);
    role_ = turn.role;
    contents(owner, turn.children);
    role_.reset();
    extend_run(turn.place, chat_template->closing(turn.role), true);
    finish_run(owner);
  }

  void place(ElementId owner, const ast::Module& module) {
    finish_run(owner);
    const Slot start = cursor_;
    place_module(owner, owner, module);
    if (layout_.is_packed() && !module.required) cursor_ = start;
  }

  void place_module(ElementId parent, ElementId scope, const ast::Module& module) {
    Element element;
    element.kind = ElementKind::module;
    element.name = module.name;
    const std::string& path = layout_.elements[scope].path;
    element.path = path.empty() ? module.name : path + "/" + module.name;
    element.parent = parent;
    element.place = module.place;
    element.required = module.required;
    element.after = module.after;
    element.requirement = module.requirement;
    element.exclusion = module.exclusion;
    element.inherited = module.inherited;
    const ElementId id = add(std::move(element));
    contents(id, module.children);
    finish_run(id);
    if (!layout_.is_packed()) reserve(module.reserve, module.place);
    finish(id);
  }

  /// An element ends where its last segment or child does; in `pack` those that may be absent lie beyond the cursor.
  void finish(ElementId id) {
    Slot end = cursor_;
    for (const Content& content : layout_.elements[id].contents) {
      if (!content.is_segment) end = std::max(end, layout_.elements[content.id].end);
    }
    layout_.elements[id].end = end;
  }

  void place(ElementId owner, const ast::Union& alternatives) {
    finish_run(owner);
    Element element;
    element.kind = ElementKind::alternatives;
    element.name = alternatives.name;
    element.place = alternatives.place;
    element.required = alternatives.required;
    const ElementId id = place_members(owner, std::move(element), alternatives.members);
    for (const Content& member : layout_.elements[id].contents) {
      if (layout_.elements[member.id].name == alternatives.scaffold) layout_.elements[id].standin = member.id;
    }
  }

  void place(ElementId owner, const ast::Pool& pool) {
    finish_run(owner);
    Element element;
    element.kind = ElementKind::pool;
    element.name = pool.name;
    element.place = pool.place;
    place_members(owner, std::move(element), pool.members);
  }

  /// The modules of a union or pool, all from its start on. Returns the group.
  ElementId place_members(ElementId owner, Element group, const std::vector<ast::Module>& members) {
    group.path = layout_.elements[owner].path;
    group.parent = owner;
    const ElementId id = add(std::move(group));
    const Slot start = cursor_;
    for (const ast::Module& member : members) {
      cursor_ = start;
      place_module(id, owner, member);
    }
    cursor_ = start;
    finish(id);
    if (!layout_.is_packed()) cursor_ = layout_.elements[id].end;
    return id;
  }

  void place(ElementId owner, const ast::Parameter& parameter) {
    finish_run(owner);
    Element element = hole(owner, ElementKind::parameter, parameter.name, parameter.place, parameter.lead);
    element.required = parameter.required;
    element.content_place = parameter.content_place;
    element.has_default = parameter.default_text.has_value();
    const ElementId id = add(std::move(element));
    const auto& content = parameter.default_text ? parameter.default_text : parameter.standin_text;
    Slot longest = 0;
    for (const ast::ParameterValue& value : parameter.values) {
      const SegmentId segment = place_content(id, SegmentKind::value, parameter, value.text, value.place);
      layout_.elements[id].values.push_back({value.text, segment});
      longest = std::max(longest, static_cast<Slot>(layout_.segments[segment].tokens.size()));
      if (content == value.text) layout_.elements[id].content = segment;
    }
    if (parameter.values.empty() && content && !content->empty()) {
      const SegmentKind kind = parameter.default_text ? SegmentKind::default_text : SegmentKind::standin;
      layout_.elements[id].content = place_content(id, kind, parameter, *content, parameter.content_place);
    }
    reserve(parameter.length.value_or(longest), parameter.place);
    finish_hole(id);
  }

  void place(ElementId owner, const ast::Slot& slot) {
    finish_run(owner);
    const ElementId id = add(hole(owner, ElementKind::slot, slot.name, slot.place, slot.lead));
    reserve(slot.length, slot.place);
    finish_hole(id);
  }

  Element hole(ElementId owner, ElementKind kind, const std::string& name, const grammar::Place& place,
               const std::string& lead) const {
    Element element;
    element.kind = kind;
    element.name = name;
    element.path = layout_.elements[owner].path;
    element.parent = owner;
    element.place = place;
    element.inherited = layout_.elements[owner].inherited;
    element.lead = lead;
    return element;
  }

  /// Slots are 32-bit; long before they run out no model can follow.
  void reserve(Slot size, const grammar::Place& place) {
    constexpr Slot kMost = 1 << 30;
    if (cursor_ <= kMost - size) {
      cursor_ += size;
      return;
    }
    diagnostics_.add(DiagnosticKind::beyond_context, place,
                     "the slots here end beyond position " + std::to_string(kMost));
  }

  /// In `pack` the hole takes what it holds in the shortest prompt.
  void finish_hole(ElementId id) {
    Element& element = layout_.elements[id];
    element.end = cursor_;
    if (layout_.is_packed()) {
      cursor_ = element.content == kNone ? element.first : layout_.segments[element.content].end();
    }
  }

  /// A text that may stand in a parameter, from its first slot on.
  SegmentId place_content(ElementId id, SegmentKind kind, const ast::Parameter& parameter, const std::string& content,
                          const grammar::Place& place) {
    Segment segment;
    segment.kind = kind;
    segment.element = id;
    append(segment.text, parameter.lead + content);
    segment.tokens = encoder_.encode(segment.text);
    segment.first = layout_.elements[id].first;
    segment.place = place;
    // Characters say nothing about lengths in tokens.
    const bool is_too_long = parameter.length && segment.tokens.size() > static_cast<std::size_t>(*parameter.length);
    if (!encoder_.is_estimate() && is_too_long) {
      const char* const what = kind == SegmentKind::value          ? "a value"
                               : kind == SegmentKind::default_text ? "the default"
                                                                   : "the stand-in";
      auto& diagnostic = diagnostics_.add(DiagnosticKind::default_too_long, place,
                                          std::string(what) + " of `" + parameter.name + "` takes " +
                                              count_tokens(static_cast<std::int64_t>(segment.tokens.size())) +
                                              ", but its length is " + std::to_string(*parameter.length));
      if (!parameter.lead.empty()) {
        diagnostic.notes.push_back({std::nullopt, "the blank before the parameter belongs to it and counts"});
      }
    }
    layout_.segments.push_back(std::move(segment));
    return static_cast<SegmentId>(layout_.segments.size() - 1);
  }

  /// Adds to the run of text that will be the next segment of the element at hand.
  void extend_run(const grammar::Place& at, const MarkedText& text, bool is_role_tag) {
    if (run_.empty()) run_place_ = at;
    append(run_, text);
    run_has_role_tag_ = run_has_role_tag_ || is_role_tag;
  }

  void finish_run(ElementId owner) {
    if (run_.empty()) return;
    Segment segment;
    segment.element = owner;
    segment.text = std::move(run_);
    segment.tokens = encoder_.encode(segment.text);
    segment.first = cursor_;
    segment.has_role_tag = run_has_role_tag_;
    segment.place = run_place_;
    run_.clear();
    run_has_role_tag_ = false;
    if (segment.tokens.empty()) return;
    cursor_ = segment.end();
    layout_.segments.push_back(std::move(segment));
    layout_.elements[owner].contents.push_back({true, static_cast<SegmentId>(layout_.segments.size() - 1)});
  }

  void check_limit() {
    if (max_positions_ == 0 || encoder_.is_estimate()) return;
    for (const Segment& segment : layout_.segments) {
      if (segment.end() <= max_positions_) continue;
      auto& diagnostic = diagnostics_.add(DiagnosticKind::beyond_context, segment.place,
                                          "this text ends at position " + std::to_string(segment.end() - 1) +
                                              ", but the model reads " + std::to_string(max_positions_) + " positions");
      if (layout_.is_packed()) {
        diagnostic.notes.push_back({std::nullopt, "no prompt can hold it, even if it selects nothing else"});
      }
      return;
    }
  }

  const TextEncoder& encoder_;
  Slot max_positions_;
  grammar::Diagnostics& diagnostics_;
  Layout layout_;
  Slot cursor_ = 0;
  MarkedText run_;
  grammar::Place run_place_;
  bool run_has_role_tag_ = false;
  std::optional<ast::Role> role_;  // the role that is open
  bool missing_template_ = false;
};

}  // namespace

std::string_view to_string(ElementKind kind) {
  constexpr std::array<std::string_view, 6> kNames{"schema", "module", "union", "pool", "parameter", "slot"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view to_string(SegmentKind kind) {
  constexpr std::array<std::string_view, 7> kNames{"bos", "static", "default", "standin", "value", "argument", "text"};
  return kNames[static_cast<std::size_t>(kind)];
}

ElementId Layout::scope_of(ElementId element) const {
  const auto is_group = [&](ElementId id) {
    return elements[id].kind == ElementKind::alternatives || elements[id].kind == ElementKind::pool;
  };
  ElementId scope = elements[element].parent;
  while (scope != kNone && is_group(scope)) scope = elements[scope].parent;
  return scope;
}

void report_missing_template(ast::Role role, const grammar::Place& place, const Error& why,
                             grammar::Diagnostics& diagnostics) {
  auto& diagnostic =
      diagnostics.add(DiagnosticKind::no_chat_template, place,
                      why.message + ", so `<" + std::string(to_string(role)) + ">` has no meaning for it");
  diagnostic.notes.push_back({std::nullopt, "name its family with --template chatml, llama3 or qwen"});
  diagnostic.notes.push_back({std::nullopt, "or give its tags with --template-tags FILE, a JSON file"});
}

Layout lay_out(const ast::Schema& schema, const TextEncoder& encoder, Slot max_positions,
               grammar::Diagnostics& diagnostics) {
  return LayoutBuilder(encoder, max_positions, diagnostics).build(schema);
}

std::string quoted_path(const Layout& layout, ElementId id) {
  const std::string& path = layout.elements[id].path;
  return path.empty() ? "the schema" : "`" + path + "`";
}

std::string path_of(const Element& element) {
  if (!element.is_hole()) return element.path;
  return element.path + (element.path.empty() ? "" : "/") + element.name;
}

std::string count_tokens(std::int64_t count) { return std::to_string(count) + (count == 1 ? " token" : " tokens"); }

std::string dump(const Layout& layout) {
  std::string text;
  const auto slots = [](Slot first, Slot end) {
    return end > first ? "[" + std::to_string(first) + ", " + std::to_string(end - 1) + "]"
                       : "[" + std::to_string(first) + ", -]";
  };
  const auto segment_line = [&](const Segment& segment, int depth) {
    text += std::string(2 * depth, ' ') + std::string(to_string(segment.kind)) + " " +
            slots(segment.first, segment.end()) + " " + ast::in_quotes(plain(segment.text)) + "\n";
  };
  const auto walk = [&](const auto& self, ElementId id, int depth) -> void {
    const Element& element = layout.elements[id];
    text += std::string(2 * depth, ' ') + std::string(to_string(element.kind));
    if (!element.name.empty()) text += " " + element.name;
    text += " " + slots(element.first, element.end) + (element.required ? " required" : "") + "\n";
    if (element.content != kNone && element.values.empty()) segment_line(layout.segments[element.content], depth + 1);
    for (const Element::Value& value : element.values) segment_line(layout.segments[value.segment], depth + 1);
    for (const Content& content : element.contents) {
      if (content.is_segment) {
        segment_line(layout.segments[content.id], depth + 1);
      } else {
        self(self, content.id, depth + 1);
      }
    }
  };
  if (!layout.segments.empty() && layout.segments.front().kind == SegmentKind::bos) {
    segment_line(layout.segments.front(), 0);
  }
  walk(walk, 0, 0);
  return text;
}

}  // namespace pml::compiler
