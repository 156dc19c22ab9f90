#include "cli/layout_chart.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

namespace pml::cli {
namespace {

using compiler::Content;
using compiler::Element;
using compiler::ElementId;
using compiler::ElementKind;
using compiler::kNone;
using compiler::Layout;
using compiler::PlannedSegment;
using compiler::Segment;
using compiler::SegmentKind;
using compiler::Slot;

constexpr double kHeader = 16.0;  // of a frame or a group: its name
constexpr double kGap = 3.0;      // below a bar
constexpr double kArgument = 3.5;

/// How far down the positions are taken.
class Skyline {
 public:
  /// The highest place that is free over all of [first, end); takes it.
  double place(Slot first, Slot end, double height) {
    end = std::max(end, first + 1);
    split(first);
    split(end);
    const auto begin = steps_.find(first);
    const auto behind = steps_.find(end);
    double top = 0.0;
    for (auto step = begin; step != behind; ++step) top = std::max(top, step->second);
    steps_.erase(std::next(begin), behind);
    begin->second = top + height;
    bottom_ = std::max(bottom_, top + height);
    return top;
  }
  double bottom() const { return bottom_; }

 private:
  void split(Slot at) { steps_.emplace(at, std::prev(steps_.upper_bound(at))->second); }

  std::map<Slot, double> steps_{{std::numeric_limits<Slot>::min(), 0.0}};  // by where each begins
  double bottom_ = 0.0;
};

/// Is it text that the prompt brings along?
bool is_new(const PlannedSegment& segment) {
  return segment.kind == SegmentKind::argument || segment.kind == SegmentKind::text;
}

bool is_group(const Element& element) {
  return element.kind == ElementKind::alternatives || element.kind == ElementKind::pool;
}

/// Where a module's own text and its children end; behind that is room that it reserves.
Slot end_of_contents(const Layout& layout, const Element& element) {
  Slot end = element.first;
  for (const Content& content : element.contents) {
    end = std::max(end, content.is_segment ? layout.segments[content.id].end() : layout.elements[content.id].end);
  }
  return end;
}

class LineMaker {
 public:
  LineMaker(const ChartSource& source, ChartLine& line, bool is_last)
      : source_(source), layout_(source.layout), line_(line), is_last_(is_last) {
    if (source.plan == nullptr) return;
    for (std::size_t i = 0; i < source.plan->segments.size(); ++i) {
      const PlannedSegment& segment = source.plan->segments[i];
      if (is_new(segment)) new_texts_.emplace(segment.first, i);
    }
  }

  void make() {
    Skyline brackets;
    for (std::size_t i = 0; i < std::min(source_.scaffolds.size(), kMostScaffolds); ++i) add_bracket(i, brackets);
    line_.brackets_height = brackets.bottom();
    Skyline rows;
    add_contents(0, rows);
    // In `pack` the prompt's own positions are others than those of the picture.
    if (source_.plan != nullptr && !layout_.is_packed()) add_free_texts(rows);
    line_.bars_height = rows.bottom();
  }

 private:
  bool is_shown(Slot first, Slot end) const {
    return first < end ? first < line_.end && end > line_.first
                       : first >= line_.first && (first < line_.end || is_last_);
  }

  void add_bracket(std::size_t index, Skyline& rows) {
    Bracket bracket{index, std::numeric_limits<Slot>::max(), 0, 0.0};
    for (const ElementId module : source_.scaffolds[index].modules) {
      bracket.first = std::min(bracket.first, layout_.elements[module].first);
      bracket.end = std::max(bracket.end, layout_.elements[module].end);
    }
    if (!is_shown(bracket.first, bracket.end)) return;
    bracket.top = rows.place(bracket.first, bracket.end, kBracketRow);
    line_.brackets.push_back(bracket);
  }

  void add_leaf(Bar bar, Skyline& rows) {
    if (!is_shown(bar.first, bar.end)) return;
    bar.height = kBarRow;
    bar.top = rows.place(bar.first, bar.end, kBarRow + kGap);
    line_.bars.push_back(bar);
  }

  void add_contents(ElementId id, Skyline& rows) {
    const Element& element = layout_.elements[id];
    for (const Content& content : element.contents) {
      if (content.is_segment) {
        const Segment& segment = layout_.segments[content.id];
        add_leaf({BarKind::text, id, content.id, kNone, segment.first, segment.end()}, rows);
      } else if (content.id < kMostElements) {
        add_element(content.id, rows);
      }
    }
    if (element.kind != ElementKind::module || layout_.is_packed()) return;
    const Slot end = end_of_contents(layout_, element);
    if (end < element.end) add_leaf({BarKind::room, id, kNone, kNone, end, element.end}, rows);
  }

  void add_element(ElementId id, Skyline& rows) {
    const Element& element = layout_.elements[id];
    if (!is_shown(element.first, element.end)) return;
    Bar bar{BarKind::module, id, kNone, kNone, element.first, element.end};
    if (element.is_hole()) {
      bar.kind = element.kind == ElementKind::slot ? BarKind::slot : BarKind::parameter;
      add_leaf(bar, rows);
      add_argument(line_.bars.back());
    } else if (is_group(element)) {
      bar.kind = element.kind == ElementKind::pool ? BarKind::pool : BarKind::alternatives;
      add_container(bar, rows);
    } else if (is_plain(element)) {
      add_leaf(bar, rows);
    } else {
      bar.kind = BarKind::frame;
      add_container(bar, rows);
    }
  }

  /// Is the module one run of text, or empty?
  bool is_plain(const Element& element) const {
    return element.contents.empty() ? element.first == element.end
                                    : element.contents.size() == 1 && element.contents.front().is_segment &&
                                          end_of_contents(layout_, element) == element.end;
  }

  void add_container(Bar bar, Skyline& rows) {
    const std::size_t own = line_.bars.size();
    line_.bars.push_back(bar);
    Skyline inside;
    add_contents(bar.element, inside);
    const double height = kHeader + inside.bottom() + 1.0;
    const double top = rows.place(bar.first, bar.end, height + kGap);
    for (std::size_t i = own + 1; i < line_.bars.size(); ++i) line_.bars[i].top += top + kHeader;
    line_.bars[own].top = top;
    line_.bars[own].height = height;
  }

  /// What fills a parameter or slot, at the bottom of its bar.
  void add_argument(Bar hole) {
    if (layout_.is_packed() || source_.selection == nullptr || !source_.selection->arguments.contains(hole.element)) {
      return;
    }
    const auto found = new_texts_.find(hole.first);
    if (found == new_texts_.end()) return;  // an empty argument
    const PlannedSegment& segment = source_.plan->segments[found->second];
    const Slot end = std::min(segment.end(), hole.end);
    if (!is_shown(segment.first, end) || end <= segment.first) return;
    Bar bar = hole;
    bar.kind = BarKind::argument;
    bar.planned = static_cast<std::int32_t>(found->second);
    bar.end = end;
    bar.height = kArgument;
    bar.top = hole.top + kBarRow - kArgument;
    line_.bars.push_back(bar);
  }

  void add_free_texts(Skyline& rows) {
    std::set<Slot> in_slots;
    for (const auto& [hole, argument] : source_.selection->arguments) in_slots.insert(layout_.elements[hole].first);
    const auto& segments = source_.plan->segments;
    for (std::size_t i = 0; i < segments.size(); ++i) {
      if (segments[i].kind != SegmentKind::text || in_slots.contains(segments[i].first)) continue;
      add_leaf({BarKind::free_text, 0, kNone, static_cast<std::int32_t>(i), segments[i].first, segments[i].end()},
               rows);
    }
  }

  const ChartSource& source_;
  const Layout& layout_;
  ChartLine& line_;
  bool is_last_;
  std::map<Slot, std::size_t> new_texts_;  // segments of the plan, by where they begin
};

}  // namespace

std::size_t own_tokens(const Layout& layout, const Element& element) {
  std::size_t count = 0;
  for (const Content& content : element.contents) {
    if (content.is_segment) count += layout.segments[content.id].tokens.size();
  }
  if (element.content != kNone) count += layout.segments[element.content].tokens.size();
  return count;
}

Slot chart_end(const ChartSource& source) {
  Slot end = std::max(1, source.layout.end);
  for (const Element& element : source.layout.elements) end = std::max(end, element.end);
  if (source.plan != nullptr && !source.layout.is_packed()) {
    for (const PlannedSegment& segment : source.plan->segments) end = std::max(end, segment.end());
  }
  return end;
}

Slot typical_width(const Layout& layout) {
  std::vector<bool> has_module(layout.elements.size(), false);
  for (const Element& element : layout.elements) {
    if (element.parent != kNone && !element.is_hole()) has_module[element.parent] = true;
  }
  std::vector<Slot> widths;
  for (std::size_t i = 0; i < layout.elements.size(); ++i) {
    const Element& element = layout.elements[i];
    if (element.kind == ElementKind::module && !has_module[i] && element.end > element.first) {
      widths.push_back(element.end - element.first);
    }
  }
  if (widths.empty()) return std::max(1, layout.end);
  const auto middle = widths.begin() + static_cast<std::ptrdiff_t>(widths.size() / 2);
  std::nth_element(widths.begin(), middle, widths.end());
  return *middle;
}

std::vector<ChartLine> make_chart(const ChartSource& source, int num_lines) {
  const std::int64_t end = chart_end(source);
  const std::int64_t length = (end + num_lines - 1) / num_lines;
  std::vector<ChartLine> lines;
  for (std::int64_t first = 0; first < end; first += length) {
    ChartLine& line = lines.emplace_back();
    line.first = static_cast<Slot>(first);
    line.end = static_cast<Slot>(std::min(first + length, end));
    LineMaker(source, line, line.end == end).make();
  }
  return lines;
}

}  // namespace pml::cli
