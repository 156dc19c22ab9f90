#include "compiler/plan.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <utility>

#include "grammar/check.h"

namespace pml::compiler {
namespace {

using grammar::DiagnosticKind;

bool by_position(const PlannedSegment& a, const PlannedSegment& b) { return a.first < b.first; }

/// The text of an argument with the blank before it, which belongs to the parameter.
MarkedText text_of(const Element& parameter, const FilledParameter& filled) {
  MarkedText text;
  append(text, parameter.lead + filled.value);
  return text;
}

/// Says so, and returns false, if so many tokens do not fit. Characters say nothing about lengths in tokens.
bool check_length(const Element& parameter, const FilledParameter& filled, std::size_t num_tokens,
                  const TextEncoder& encoder, grammar::Diagnostics& diagnostics) {
  const Slot length = parameter.end - parameter.first;
  if (std::cmp_less_equal(num_tokens, length) || encoder.is_estimate()) return true;
  const bool is_slot = parameter.kind == ElementKind::slot;
  auto& diagnostic =
      diagnostics.add(is_slot ? DiagnosticKind::text_too_long : DiagnosticKind::argument_too_long, filled.place,
                      std::string("this ") + (is_slot ? "text" : "argument") + " takes " +
                          count_tokens(static_cast<std::int64_t>(num_tokens)) + ", but `" + parameter.name +
                          "` holds " + std::to_string(length));
  diagnostic.notes.push_back({parameter.place, "the " + std::string(to_string(parameter.kind)) + " is declared here"});
  if (!parameter.lead.empty()) {
    diagnostic.notes.push_back({std::nullopt, "the blank before it belongs to it and counts"});
  }
  return false;
}

class Planner {
 public:
  Planner(const Layout& layout, const Contexts& contexts, const Selection& selection, const TextEncoder& encoder,
          Slot max_positions, grammar::Diagnostics& diagnostics)
      : layout_(layout),
        contexts_(contexts),
        selection_(selection),
        encoder_(encoder),
        max_positions_(max_positions),
        diagnostics_(diagnostics),
        begin_(layout.elements.size(), kNone) {}

  Plan plan() {
    for (const FreeRun& run : selection_.free_runs) {
      has_roles_ = has_roles_ || run.has_role_tag;
      if (layout_.is_packed()) runs_after_.emplace(run.after, &run);
    }
    collect_schema_segments();
    if (layout_.is_packed()) {
      append_free_runs(kNone);
      append_assistant_opening(0);
    } else {
      place_free_runs();
    }
    std::stable_sort(present_.begin(), present_.end(), by_position);
    if (diagnostics_.has_errors()) return {};
    if (present_.empty()) {
      diagnostics_.add(DiagnosticKind::empty_prompt, selection_.place, "this prompt has no text at all");
      return {};
    }
    check_positions();
    if (diagnostics_.has_errors()) return {};
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
    begin_[id] = end_;
    if (element.is_hole()) return fill(id);
    if (element.kind == ElementKind::pool) return collect_pool(id);
    for (const Content& content : element.contents) {
      if (content.is_segment) {
        add_schema_segment(content.id);
      } else if (layout_.elements[content.id].kind != ElementKind::module || selection_.present[content.id]) {
        collect(content.id);
      }
    }
    if (layout_.is_packed() && element.kind == ElementKind::module) append_free_runs(id);
  }

  void collect_pool(ElementId id) {
    const auto members = selection_.pools.find(id);
    if (members == selection_.pools.end()) return;
    for (const PoolMember& member : members->second) collect(member.module);
  }

  /// In `pack`: the texts behind this selection; kNone: those behind the last one.
  void append_free_runs(ElementId after) {
    const auto [begin, end] = runs_after_.equal_range(after);
    for (auto run = begin; run != end; ++run) place_free_run(*run->second, encoder_.encode(run->second->text), 0);
  }

  void add_schema_segment(SegmentId id) {
    const Segment& source = layout_.segments[id];
    PlannedSegment segment = planned(source.kind, source.tokens, source.first, source.place);
    name(segment, layout_.elements[source.element]);
    has_roles_ = has_roles_ || source.has_role_tag;
    add(std::move(segment), id);
  }

  /// A parameter: its argument, else its default, else nothing. A slot: the text that it is given, else nothing.
  void fill(ElementId id) {
    const Element& parameter = layout_.elements[id];
    const auto argument = selection_.arguments.find(id);
    if (argument == selection_.arguments.end()) {
      if (parameter.has_default && parameter.content != kNone) add_schema_segment(parameter.content);
      return;
    }
    const FilledParameter& filled = argument->second;
    if (filled.value.empty()) return;
    for (const Element::Value& value : parameter.values) {
      if (value.text == filled.value) add_schema_segment(value.segment);
    }
    if (!parameter.values.empty()) return;
    std::vector<TokenId> tokens = encoder_.encode(text_of(parameter, filled));
    const bool is_default =
        parameter.has_default && parameter.content != kNone && layout_.segments[parameter.content].tokens == tokens;
    if (is_default) return add_schema_segment(parameter.content);
    if (!check_length(parameter, filled, tokens.size(), encoder_, diagnostics_)) return;
    // An argument that says what the stand-in says is what later text has seen.
    const bool is_standin = parameter.content != kNone && layout_.segments[parameter.content].tokens == tokens;
    PlannedSegment segment = planned(parameter.kind == ElementKind::slot ? SegmentKind::text : SegmentKind::argument,
                                     std::move(tokens), parameter.first, filled.place);
    name(segment, parameter);
    add(std::move(segment), is_standin ? parameter.content : kNone);
  }

  void place_free_runs() {
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
            {std::nullopt, "put it after the last selection, or make room for it here with a <slot> in the schema"});
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
    if (element.is_hole()) segment.parameter = element.name;
  }

  /// In `pack` the segment stands behind the last one, whatever `first` it comes with.
  void add(PlannedSegment segment, SegmentId source) {
    if (segment.tokens.empty()) return;
    if (layout_.is_packed()) segment.first = end_;
    segment.source = source;
    end_ = segment.end();
    present_.push_back(std::move(segment));
  }

  void check_positions() {
    for (std::size_t i = 1; i < present_.size(); ++i) {
      // In an estimate defaults and arguments may be longer than their holes.
      PML_CHECK(encoder_.is_estimate() || present_[i - 1].end() <= present_[i].first,
                "no two present rows share a position");
    }
    if (max_positions_ == 0 || encoder_.is_estimate() || present_.back().end() <= max_positions_) return;
    if (layout_.is_packed()) return report_too_much(present_.back().end());
    const auto beyond = std::ranges::find_if(
        present_, [&](const PlannedSegment& segment) { return segment.end() > max_positions_; });  // the first one
    diagnostics_.add(DiagnosticKind::beyond_context, beyond->place,
                     "this text ends at position " + std::to_string(beyond->end() - 1) + ", but the model reads " +
                         std::to_string(max_positions_) + " positions");
  }

  /// What is selected takes `num_positions`; says how many too many, and what takes the most.
  void report_too_much(Slot num_positions) {
    std::map<std::string_view, Slot> size_of;  // by module, its arguments included
    Slot free_size = 0;
    for (const PlannedSegment& segment : present_) {
      const bool is_free = segment.kind == SegmentKind::text && segment.parameter.empty();
      (is_free ? free_size : size_of[segment.module]) += segment.end() - segment.first;
    }
    std::vector<std::pair<Slot, std::string>> largest{{free_size, "the prompt's own text"}};
    for (const auto& [module, size] : size_of) {
      largest.emplace_back(size, module.empty() ? "the schema's own text" : "`" + std::string(module) + "`");
    }
    std::ranges::stable_sort(largest, std::greater<>(), &std::pair<Slot, std::string>::first);
    constexpr std::size_t kMostNamed = 4;
    std::string names;
    for (std::size_t i = 0; i < std::min(kMostNamed, largest.size()) && largest[i].first > 0; ++i) {
      names += (i == 0 ? "" : ", ") + largest[i].second + " takes " + std::to_string(largest[i].first);
    }
    diagnostics_
        .add(DiagnosticKind::beyond_context, selection_.place,
             "what this prompt selects takes " + count_tokens(num_positions) + ", " +
                 std::to_string(num_positions - max_positions_) + " more than the " + std::to_string(max_positions_) +
                 " that the model reads")
        .notes.push_back({std::nullopt, "the longest: " + names});
  }

  // --- what serves them, and what that has seen --------------------------------------------------------

  void serve() {
    std::vector<const PlannedSegment*> present(layout_.segments.size(), nullptr);
    for (const PlannedSegment& segment : present_) {
      if (segment.source != kNone) present[segment.source] = &segment;
    }
    for (PlannedSegment& segment : present_) {
      if (segment.source == kNone) continue;
      const DeclaredArtifact* artifact = choose(segment, present);
      if (artifact == nullptr) continue;
      segment.artifact = artifact->node;
      segment.shift = segment.first - contexts_.nodes[artifact->node].first;
      segment.context_kind = artifact->kind;
      segment.scaffold = artifact->scaffold;
      segment.num_cached = static_cast<std::int32_t>(segment.tokens.size());
    }
    // The answer begins at the last row, so that row is computed.
    PlannedSegment& last = present_.back();
    if (last.artifact == kNone) return;
    if (--last.num_cached > 0) return;
    last.artifact = kNone;
    last.shift = 0;
  }

  /// Of the declared artifacts whose scaffold is there, the one that has seen most of what stands before the segment;
  /// of several the one that has seen fewest segments that do not, then the first. `present`: by segment of the schema.
  const DeclaredArtifact* choose(const PlannedSegment& segment, const std::vector<const PlannedSegment*>& present) {
    const auto& artifacts = contexts_.artifacts[segment.source];
    if (artifacts.size() < 2) return artifacts.empty() ? nullptr : artifacts.data();
    const DeclaredArtifact* best = nullptr;
    std::pair<std::int64_t, std::int64_t> best_fit;  // tokens before it, ghosts with a minus
    for (const DeclaredArtifact& artifact : artifacts) {
      std::pair<std::int64_t, std::int64_t> fit;
      bool is_served = true;
      for (ChainId node = contexts_.nodes[artifact.node].parent; node != kNone; node = contexts_.nodes[node].parent) {
        const SegmentId id = contexts_.nodes[node].segment;
        if (present[id] != nullptr && present[id]->first < segment.first) {
          fit.first += static_cast<std::int64_t>(layout_.segments[id].tokens.size());
        } else {
          --fit.second;
          is_served = is_served && is_selected(scaffold_module(artifact.scaffold, layout_.segments[id].element));
        }
      }
      if (!is_served || (best != nullptr && fit <= best_fit)) continue;
      best = &artifact;
      best_fit = fit;
    }
    return best;
  }

  /// The scaffold's module that the element is, or stands in; kNone if there is none.
  ElementId scaffold_module(ScaffoldId scaffold, ElementId element) const {
    if (scaffold == kNone) return kNone;
    const std::vector<ElementId>& modules = contexts_.scaffolds[scaffold].modules;
    while (element != kNone && std::ranges::find(modules, element) == modules.end()) {
      element = layout_.elements[element].parent;
    }
    return element;
  }
  bool is_selected(ElementId module) const { return module == kNone || selection_.present[module]; }

  /// Lists present segments and ghosts by position, and relates each cached one to what it has seen.
  void relate() {
    std::vector<bool> is_present(layout_.segments.size(), false);
    for (const PlannedSegment& segment : present_) {
      if (segment.source != kNone) is_present[segment.source] = true;
    }
    std::vector<bool> is_ghost(layout_.segments.size(), false);
    std::vector<std::vector<ChainId>> chains(present_.size());
    for (std::size_t i = 0; i < present_.size(); ++i) {
      if (present_[i].artifact == kNone) continue;
      chains[i] = contexts_.chain(contexts_.nodes[present_[i].artifact].parent);
      for (const ChainId node : chains[i]) {
        const SegmentId id = contexts_.nodes[node].segment;
        is_ghost[id] = is_ghost[id] || !is_present[id];
      }
    }

    std::vector<PlannedSegment> ghosts;
    for (std::size_t id = 0; id < is_ghost.size(); ++id) {
      if (!is_ghost[id]) continue;
      const Segment& source = layout_.segments[id];
      PlannedSegment ghost = planned(source.kind, source.tokens, ghost_position(source), source.place);
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
      // In `pack` a ghost takes no room: what stands at its position comes behind it.
      const Slot until = segment.first + (layout_.is_packed() ? 1 : 0);
      while (next_ghost < ghosts.size() && ghosts[next_ghost].first < until) take_ghost();
      present_index.push_back(static_cast<std::int32_t>(plan_.segments.size()));
      if (segment.source != kNone) index_of[segment.source] = present_index.back();
      plan_.segments.push_back(std::move(segment));
    }
    while (next_ghost < ghosts.size()) take_ghost();

    std::vector<bool> is_seen(plan_.segments.size(), false);
    for (std::size_t i = 0; i < present_index.size(); ++i) {
      PlannedSegment& segment = plan_.segments[present_index[i]];
      if (segment.artifact == kNone) continue;
      for (const ChainId node : chains[i]) segment.context.push_back(index_of[contexts_.nodes[node].segment]);
      for (const std::int32_t member : segment.context) {
        is_seen[member] = true;
        if (!plan_.segments[member].present) segment.ghosts.push_back(member);
      }
      for (std::size_t before = 0; before < i; ++before) {
        if (!is_seen[present_index[before]]) segment.dropped.push_back(present_index[before]);
      }
      for (const std::int32_t member : segment.context) is_seen[member] = false;
      note_moved(segment, chains[i]);
    }
  }

  /// `chain`: the nodes of the segment's context, in the order of `segment.context`.
  void note_moved(PlannedSegment& segment, const std::vector<ChainId>& chain) {
    for (std::size_t i = 0; i < chain.size(); ++i) {
      const PlannedSegment& member = plan_.segments[segment.context[i]];
      const Slot shift = member.first - contexts_.nodes[chain[i]].first;
      if (member.present && shift != segment.shift) segment.moved.push_back(segment.context[i]);
    }
  }

  /// Where a segment that is absent would stand. In `pack`: where its element begins, or what around it is there.
  Slot ghost_position(const Segment& source) const {
    if (!layout_.is_packed()) return source.first;
    ElementId id = source.element;
    while (begin_[id] == kNone) id = layout_.elements[id].parent;
    return begin_[id];
  }

  void list_rows() {
    for (std::size_t index = 0; index < plan_.segments.size(); ++index) {
      const PlannedSegment& segment = plan_.segments[index];
      if (!segment.present) continue;
      for (std::size_t i = 0; i < segment.tokens.size(); ++i) {
        plan_.rows.push_back({segment.tokens[i], segment.first + static_cast<Slot>(i), static_cast<std::int32_t>(index),
                              RowSource::live});
      }
    }
    update(plan_);
  }

  const Layout& layout_;
  const Contexts& contexts_;
  const Selection& selection_;
  const TextEncoder& encoder_;
  Slot max_positions_;
  grammar::Diagnostics& diagnostics_;
  std::vector<PlannedSegment> present_;
  bool has_roles_ = false;
  std::multimap<ElementId, const FreeRun*> runs_after_;  // in `pack`: by the selection before them
  std::vector<Slot> begin_;  // by element that is there: the end of what was present when it was reached
  Slot end_ = 0;             // of the segment that was added last
  Plan plan_;
};

}  // namespace

std::string_view to_string(RowSource source) {
  constexpr std::array<std::string_view, 3> kNames{"cached", "live", "repaired"};
  return kNames[static_cast<std::size_t>(source)];
}

void check_lengths(const Layout& layout, const Selection& selection, const TextEncoder& encoder,
                   grammar::Diagnostics& diagnostics) {
  for (const auto& [id, filled] : selection.arguments) {
    const Element& parameter = layout.elements[id];
    if (!parameter.values.empty()) continue;
    check_length(parameter, filled, encoder.encode(text_of(parameter, filled)).size(), encoder, diagnostics);
  }
}

Plan make_plan(const Layout& layout, const Contexts& contexts, const Selection& selection, const TextEncoder& encoder,
               Slot max_positions, grammar::Diagnostics& diagnostics) {
  return Planner(layout, contexts, selection, encoder, max_positions, diagnostics).plan();
}

void clear_artifact(PlannedSegment& segment) {
  segment.artifact = kNone;
  segment.scaffold = kNone;
  segment.shift = 0;
  segment.num_cached = 0;
  segment.repaired.clear();
  segment.context.clear();
  segment.dropped.clear();
  segment.ghosts.clear();
  segment.moved.clear();
}

Plan without_cache(Plan plan) {
  for (PlannedSegment& segment : plan.segments) {
    clear_artifact(segment);
    segment.is_repaired = false;
  }
  update(plan);
  return plan;
}

Plan without_gaps(Plan plan) {
  plan = without_cache(std::move(plan));
  Slot next = 0;
  for (PlannedSegment& segment : plan.segments) {
    if (!segment.present) continue;
    segment.first = next;
    next = segment.end();
  }
  for (std::size_t i = 0; i < plan.rows.size(); ++i) plan.rows[i].position = static_cast<Slot>(i);
  return plan;
}

void update(Plan& plan) {
  std::vector<bool> is_listed(plan.segments.size());
  for (std::size_t i = 0; i < plan.segments.size(); ++i) {
    is_listed[i] = is_listed[i] || plan.segments[i].present;
    for (const std::int32_t ghost : plan.segments[i].ghosts) is_listed[ghost] = true;
  }
  std::vector<std::int32_t> index_of(plan.segments.size(), kNone);
  std::vector<PlannedSegment> segments;
  for (std::size_t i = 0; i < plan.segments.size(); ++i) {
    if (!is_listed[i]) continue;
    index_of[i] = static_cast<std::int32_t>(segments.size());
    segments.push_back(std::move(plan.segments[i]));
  }
  bool all_before_exact = true;
  for (PlannedSegment& segment : segments) {
    for (auto* list : {&segment.context, &segment.dropped, &segment.ghosts, &segment.moved}) {
      for (std::int32_t& index : *list) index = index_of[index];
    }
    if (!segment.present) continue;
    const bool has_context = segment.dropped.empty() && segment.ghosts.empty() && segment.moved.empty();
    const bool is_cached = segment.num_spliced() == static_cast<std::int32_t>(segment.tokens.size());
    segment.exact = has_context && (is_cached || all_before_exact);
    all_before_exact = all_before_exact && segment.exact;
  }
  plan.segments = std::move(segments);

  plan.num_cached = plan.num_live = plan.num_repaired = 0;
  for (PlannedRow& row : plan.rows) {
    row.segment = index_of[row.segment];
    const PlannedSegment& segment = plan.segments[row.segment];
    const auto index = static_cast<std::int32_t>(row.position - segment.first);
    row.source = segment.is_repaired ? RowSource::repaired : RowSource::live;
    if (index < segment.num_cached) {
      const bool is_repaired = std::ranges::binary_search(segment.repaired, index);
      row.source = is_repaired ? RowSource::repaired : RowSource::cached;
    }
    plan.num_cached += row.source == RowSource::cached ? 1 : 0;
    plan.num_live += row.source == RowSource::live ? 1 : 0;
    plan.num_repaired += row.source == RowSource::repaired ? 1 : 0;
  }
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
    text += segment.is_repaired          ? " repaired"
            : segment.num_cached == 0    ? " live"
            : segment.num_cached == size ? " cached"
                                         : " cached, last row live";
    if (!segment.repaired.empty()) text += ", " + std::to_string(segment.repaired.size()) + " repaired";
    text += segment.exact ? " exact" : " not exact";
    text += list("context", segment.context) + list("dropped", segment.dropped) + list("ghosts", segment.ghosts) +
            list("moved", segment.moved);
    if (segment.shift != 0) text += " shift=" + std::to_string(segment.shift);
    text += "\n";
  }
  return text;
}

}  // namespace pml::compiler
