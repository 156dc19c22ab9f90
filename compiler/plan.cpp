#include "compiler/plan.h"

#include <algorithm>
#include <array>
#include <map>

#include "grammar/check.h"

namespace pml::compiler {
namespace {

using grammar::DiagnosticKind;

bool by_position(const PlannedSegment& a, const PlannedSegment& b) { return a.first < b.first; }

class Planner {
 public:
  Planner(const Layout& layout, const Contexts& contexts, const Selection& selection, const TextEncoder& encoder,
          Slot max_positions, grammar::Diagnostics& diagnostics)
      : layout_(layout),
        contexts_(contexts),
        selection_(selection),
        encoder_(encoder),
        max_positions_(max_positions),
        diagnostics_(diagnostics) {}

  Plan plan() {
    collect_schema_segments();
    place_free_runs();
    std::stable_sort(present_.begin(), present_.end(), by_position);
    if (diagnostics_.has_errors()) return {};
    if (present_.empty()) {
      diagnostics_.add(DiagnosticKind::empty_prompt, selection_.place, "this prompt has no text at all");
      return {};
    }
    check_positions();
    serve();
    relate();
    list_rows();
    return std::move(plan_);
  }

 private:
  // --- which segments, and where ----------------------------------------------------------------------

  void collect_schema_segments() {
    if (!layout_.segments.empty() && layout_.segments.front().kind == SegmentKind::bos) add_schema_segment(0);
    collect(0);
  }

  void collect(ElementId id) {
    const Element& element = layout_.elements[id];
    if (element.kind == ElementKind::parameter) return fill(id);
    for (const Content& content : element.contents) {
      if (content.is_segment) {
        add_schema_segment(content.id);
      } else if (layout_.elements[content.id].kind != ElementKind::module || selection_.present[content.id]) {
        collect(content.id);
      }
    }
  }

  void add_schema_segment(SegmentId id) {
    const Segment& source = layout_.segments[id];
    PlannedSegment segment = planned(source.kind, source.tokens, source.first, source.place);
    name(segment, layout_.elements[source.element]);
    has_roles_ = has_roles_ || source.has_role_tag;
    add(std::move(segment), id);
  }

  /// A parameter: its argument, else its default, else nothing.
  void fill(ElementId id) {
    const Element& parameter = layout_.elements[id];
    const auto argument = selection_.arguments.find(id);
    if (argument == selection_.arguments.end()) {
      if (parameter.has_default && parameter.content != kNone) add_schema_segment(parameter.content);
      return;
    }
    const FilledParameter& filled = argument->second;
    if (filled.value.empty()) return;
    MarkedText text;
    append(text, parameter.lead + filled.value);
    check_encodable(text, filled.place, encoder_, diagnostics_);
    std::vector<TokenId> tokens = encoder_.encode(text);
    const bool is_default =
        parameter.has_default && parameter.content != kNone && layout_.segments[parameter.content].tokens == tokens;
    if (is_default) return add_schema_segment(parameter.content);
    const Slot length = parameter.end - parameter.first;
    if (static_cast<Slot>(tokens.size()) > length && !encoder_.is_estimate()) {
      auto& diagnostic =
          diagnostics_.add(DiagnosticKind::argument_too_long, filled.place,
                           "this argument takes " + count_tokens(static_cast<std::int64_t>(tokens.size())) + ", but `" +
                               parameter.name + "` holds " + std::to_string(length));
      diagnostic.notes.push_back({parameter.place, "the parameter is declared here"});
      if (!parameter.lead.empty()) {
        diagnostic.notes.push_back({std::nullopt, "the blank before the parameter belongs to the argument and counts"});
      }
      return;
    }
    // An argument that says what the stand-in says is what later text has seen.
    const bool is_standin = parameter.content != kNone && layout_.segments[parameter.content].tokens == tokens;
    PlannedSegment segment = planned(SegmentKind::argument, std::move(tokens), parameter.first, filled.place);
    name(segment, parameter);
    add(std::move(segment), is_standin ? parameter.content : kNone);
  }

  void place_free_runs() {
    for (const FreeRun& run : selection_.free_runs) {
      check_encodable(run.text, run.place, encoder_, diagnostics_);
      has_roles_ = has_roles_ || run.has_role_tag;
    }
    // What stands at the end first: text between selections has to keep clear of it.
    Slot tail = layout_.end;
    for (const FreeRun& run : selection_.free_runs) {
      if (run.after == kNone) tail = place_free_run(run, encoder_.encode(run.text), tail);
    }
    append_assistant_opening(tail);
    std::map<ElementId, Slot> next_free;  // several texts after one element follow each other
    for (const FreeRun& run : selection_.free_runs) {
      if (run.after == kNone) continue;
      const auto [next, is_new] = next_free.try_emplace(run.after, layout_.elements[run.after].end);
      std::vector<TokenId> tokens = encoder_.encode(run.text);
      if (fits(next->second, static_cast<Slot>(tokens.size()), run.place)) {
        next->second = place_free_run(run, std::move(tokens), next->second);
      }
    }
  }

  /// Returns where the text ends.
  Slot place_free_run(const FreeRun& run, std::vector<TokenId> tokens, Slot first) {
    const Slot end = first + static_cast<Slot>(tokens.size());
    add(planned(SegmentKind::text, std::move(tokens), first, run.place), kNone);
    return end;
  }

  bool fits(Slot first, Slot size, const grammar::Place& place) {
    Slot next_present = max_positions_ > 0 ? std::max(max_positions_, layout_.end) : first + size;
    for (const PlannedSegment& segment : present_) {
      if (segment.end() > first) next_present = std::min(next_present, std::max(segment.first, first));
    }
    if (first + size <= next_present || encoder_.is_estimate()) return true;
    diagnostics_
        .add(DiagnosticKind::text_too_long, place,
             "this text takes " + count_tokens(size) + ", but there is room for " +
                 std::to_string(next_present - first) + " before the next text of the schema")
        .notes.push_back(
            {std::nullopt, "put it after the last selection; a <slot> for it here will come with a later version"});
    return false;
  }

  /// If roles are used and the last is closed, the assistant's turn is opened.
  void append_assistant_opening(Slot tail) {
    if (!has_roles_ || selection_.ends_in_open_turn || !encoder_.chat_template()) return;
    const MarkedText opening = encoder_.chat_template()->generation();
    add(planned(SegmentKind::text, encoder_.encode(opening), tail, selection_.place), kNone);
  }

  static PlannedSegment planned(SegmentKind kind, std::vector<TokenId> tokens, Slot first,
                                const grammar::Place& place) {
    PlannedSegment segment;
    segment.kind = kind;
    segment.tokens = std::move(tokens);
    segment.first = first;
    segment.place = place;
    return segment;
  }

  static void name(PlannedSegment& segment, const Element& element) {
    segment.module = element.path;
    if (element.kind == ElementKind::parameter) segment.parameter = element.name;
  }

  void add(PlannedSegment segment, SegmentId source) {
    if (segment.tokens.empty()) return;
    if (source != kNone && !contexts_.artifacts[source].empty()) {
      // One artifact a segment so far: the choice among several goes here.
      const DeclaredArtifact& artifact = contexts_.artifacts[source].front();
      segment.artifact = artifact.node;
      segment.context_kind = artifact.kind;
    }
    segment.source = source;
    present_.push_back(std::move(segment));
  }

  void check_positions() {
    for (std::size_t i = 1; i < present_.size(); ++i) {
      // In an estimate defaults and arguments may be longer than their holes.
      PML_CHECK(encoder_.is_estimate() || present_[i - 1].end() <= present_[i].first,
                "no two present rows share a position");
    }
    if (max_positions_ == 0 || encoder_.is_estimate()) return;
    const auto beyond = std::ranges::find_if(
        present_, [&](const PlannedSegment& segment) { return segment.end() > max_positions_; });  // the first one
    if (beyond == present_.end()) return;
    diagnostics_.add(DiagnosticKind::beyond_context, beyond->place,
                     "this text ends at position " + std::to_string(beyond->end() - 1) + ", but the model reads " +
                         std::to_string(max_positions_) + " positions");
  }

  // --- what serves them, and what that has seen --------------------------------------------------------

  void serve() {
    for (PlannedSegment& segment : present_) {
      segment.num_cached = segment.artifact == kNone ? 0 : static_cast<std::int32_t>(segment.tokens.size());
    }
    // The answer begins at the last row, so that row is computed.
    PlannedSegment& last = present_.back();
    if (last.artifact == kNone) return;
    --last.num_cached;
    if (last.num_cached == 0) last.artifact = kNone;
  }

  /// Lists present segments and ghosts by position, and relates each cached one to what it has seen.
  void relate() {
    std::vector<bool> is_present(layout_.segments.size(), false);
    for (const PlannedSegment& segment : present_) {
      if (segment.source != kNone) is_present[segment.source] = true;
    }
    std::vector<bool> is_ghost(layout_.segments.size(), false);
    std::vector<std::vector<SegmentId>> chains(present_.size());
    for (std::size_t i = 0; i < present_.size(); ++i) {
      if (present_[i].artifact == kNone) continue;
      chains[i] = contexts_.chain(contexts_.nodes[present_[i].artifact].parent);
      for (const SegmentId id : chains[i]) is_ghost[id] = is_ghost[id] || !is_present[id];
    }

    std::vector<PlannedSegment> ghosts;
    for (std::size_t id = 0; id < is_ghost.size(); ++id) {
      if (!is_ghost[id]) continue;
      const Segment& source = layout_.segments[id];
      PlannedSegment ghost = planned(source.kind, source.tokens, source.first, source.place);
      name(ghost, layout_.elements[source.element]);
      ghost.present = false;
      ghost.source = static_cast<SegmentId>(id);
      ghosts.push_back(std::move(ghost));
    }
    std::stable_sort(ghosts.begin(), ghosts.end(), by_position);

    // Merge the two lists by position.
    std::vector<std::int32_t> index_of(layout_.segments.size(), kNone);
    std::vector<std::int32_t> present_index;
    std::size_t next_ghost = 0;
    const auto take_ghost = [&] {
      index_of[ghosts[next_ghost].source] = static_cast<std::int32_t>(plan_.segments.size());
      plan_.segments.push_back(std::move(ghosts[next_ghost++]));
    };
    for (PlannedSegment& segment : present_) {
      while (next_ghost < ghosts.size() && ghosts[next_ghost].first < segment.first) take_ghost();
      present_index.push_back(static_cast<std::int32_t>(plan_.segments.size()));
      if (segment.source != kNone) index_of[segment.source] = present_index.back();
      plan_.segments.push_back(std::move(segment));
    }
    while (next_ghost < ghosts.size()) take_ghost();

    bool all_before_exact = true;
    for (std::size_t i = 0; i < present_index.size(); ++i) {
      PlannedSegment& segment = plan_.segments[present_index[i]];
      bool has_context = true;
      if (segment.artifact != kNone) {
        for (const SegmentId id : chains[i]) segment.context.push_back(index_of[id]);
        compare(segment, {present_index.begin(), present_index.begin() + static_cast<std::ptrdiff_t>(i)});
        has_context = segment.dropped.empty() && segment.ghosts.empty();
      }
      const bool has_live_rows = segment.num_cached < static_cast<std::int32_t>(segment.tokens.size());
      segment.exact = has_context && (!has_live_rows || all_before_exact);
      all_before_exact = all_before_exact && segment.exact;
    }
  }

  /// `before`: the present segments before this one. Both lists are in position order.
  void compare(PlannedSegment& segment, const std::vector<std::int32_t>& before) {
    std::size_t next = 0;
    for (const std::int32_t member : segment.context) {
      if (!plan_.segments[member].present) {
        segment.ghosts.push_back(member);
        continue;
      }
      while (next < before.size() && before[next] != member) segment.dropped.push_back(before[next++]);
      ++next;
    }
    for (; next < before.size(); ++next) segment.dropped.push_back(before[next]);
  }

  void list_rows() {
    for (std::size_t index = 0; index < plan_.segments.size(); ++index) {
      const PlannedSegment& segment = plan_.segments[index];
      if (!segment.present) continue;
      for (std::size_t i = 0; i < segment.tokens.size(); ++i) {
        const bool is_cached = static_cast<std::int32_t>(i) < segment.num_cached;
        plan_.rows.push_back({segment.tokens[i], segment.first + static_cast<Slot>(i), static_cast<std::int32_t>(index),
                              is_cached ? RowSource::cached : RowSource::live});
        (is_cached ? plan_.num_cached : plan_.num_live) += 1;
      }
    }
  }

  const Layout& layout_;
  const Contexts& contexts_;
  const Selection& selection_;
  const TextEncoder& encoder_;
  Slot max_positions_;
  grammar::Diagnostics& diagnostics_;
  std::vector<PlannedSegment> present_;
  bool has_roles_ = false;
  Plan plan_;
};

}  // namespace

std::string_view to_string(RowSource source) {
  constexpr std::array<std::string_view, 3> kNames{"cached", "live", "repaired"};
  return kNames[static_cast<std::size_t>(source)];
}

Plan make_plan(const Layout& layout, const Contexts& contexts, const Selection& selection, const TextEncoder& encoder,
               Slot max_positions, grammar::Diagnostics& diagnostics) {
  return Planner(layout, contexts, selection, encoder, max_positions, diagnostics).plan();
}

Plan without_cache(Plan plan) {
  for (PlannedSegment& segment : plan.segments) {
    segment.artifact = kNone;
    segment.num_cached = 0;
    segment.context.clear();
    segment.dropped.clear();
    segment.ghosts.clear();
    segment.exact = segment.present;
  }
  for (PlannedRow& row : plan.rows) row.source = RowSource::live;
  plan.num_live += plan.num_cached;
  plan.num_cached = 0;
  return plan;
}

std::string dump(const Plan& plan) {
  std::string text;
  const auto list = [](const char* label, const std::vector<std::int32_t>& indices) {
    std::string items;
    for (const std::int32_t index : indices) items += (items.empty() ? "" : ",") + std::to_string(index);
    return items.empty() ? "" : std::string(" ") + label + "=" + items;
  };
  for (std::size_t i = 0; i < plan.segments.size(); ++i) {
    const PlannedSegment& segment = plan.segments[i];
    text += std::to_string(i) + " " + std::string(to_string(segment.kind));
    text += " [" + std::to_string(segment.first) + ", " + std::to_string(segment.end() - 1) + "]";
    if (!segment.module.empty()) text += " " + segment.module;
    if (!segment.present) {
      text += " ghost\n";
      continue;
    }
    const auto size = static_cast<std::int32_t>(segment.tokens.size());
    text += segment.num_cached == 0 ? " live" : segment.num_cached == size ? " cached" : " cached, last row live";
    text += segment.exact ? " exact" : " not exact";
    text += list("context", segment.context) + list("dropped", segment.dropped) + list("ghosts", segment.ghosts);
    text += "\n";
  }
  return text;
}

}  // namespace pml::compiler
