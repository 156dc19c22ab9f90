// pml layout: where every element stands.
#include <algorithm>
#include <cstdio>
#include <string>

#include "cli/commands.h"
#include "cli/json_output.h"
#include "cli/terminal.h"
#include "cli/workspace.h"
#include "grammar/display.h"

namespace pml::cli {
namespace {

using compiler::Element;
using compiler::ElementId;
using compiler::ElementKind;
using compiler::Layout;
using compiler::Segment;

std::string_view kind_name(ElementKind kind) {
  switch (kind) {
    case ElementKind::schema:
      return "schema";
    case ElementKind::module:
      return "module";
    case ElementKind::alternatives:
      return "union";
    case ElementKind::parameter:
      return "parameter";
  }
  return "";
}

/// Tokens of the element's own text, without its children's.
std::size_t own_tokens(const Layout& layout, const Element& element) {
  std::size_t count = 0;
  for (const compiler::Content& content : element.contents) {
    if (content.is_segment) count += layout.segments[content.id].tokens.size();
  }
  if (element.content != compiler::kNone) count += layout.segments[element.content].tokens.size();
  return count;
}

Json to_json(const Layout& layout) {
  Json elements = Json::array();
  for (const Element& element : layout.elements) {
    Json entry{{"kind", kind_name(element.kind)},
               {"name", element.name},
               {"path", element.path},
               {"first", element.first},
               {"last", element.end - 1},
               {"slots", element.end - element.first},
               {"tokens", own_tokens(layout, element)},
               {"required", element.required}};
    elements.push_back(std::move(entry));
  }
  Json segments = Json::array();
  for (const Segment& segment : layout.segments) {
    segments.push_back({{"kind", to_string(segment.kind)},
                        {"module", layout.elements[segment.element].path},
                        {"first", segment.first},
                        {"last", segment.end() - 1},
                        {"text", plain(segment.text)}});
    if (!layout.is_estimate) segments.back()["tokens"] = segment.tokens;
  }
  return {{"schema", layout.schema},
          {"slots", layout.end},
          {"estimate", layout.is_estimate},
          {"elements", elements},
          {"segments", std::move(segments)}};
}

/// The bar of an element on an axis of `width` columns for the layout's slots: its own text, and the room that
/// its children or its argument take. A union is a bracket over its members.
std::string bar_of(const Layout& layout, const Element& element, int width) {
  if (element.end <= element.first) return "";
  const auto column = [&](std::int64_t slot) { return static_cast<int>(slot * width / std::max(1, layout.end)); };
  const int begin = std::min(column(element.first), width - 1);
  const int end = std::max(begin + 1, column(element.end));
  std::vector<const char*> cells(static_cast<std::size_t>(end - begin), "\u2591");
  if (element.kind == ElementKind::alternatives) {
    std::fill(cells.begin(), cells.end(), "\u2500");
    cells.front() = "\u251c";
    cells.back() = cells.size() > 1 ? "\u2524" : "\u2502";
  } else if (element.kind == ElementKind::parameter) {
    std::fill(cells.begin(), cells.end(), "\u2592");
  } else {
    for (const compiler::Content& content : element.contents) {
      if (!content.is_segment) continue;
      const Segment& segment = layout.segments[content.id];
      const int from = std::clamp(column(segment.first), begin, end - 1);
      for (int i = from; i < std::clamp(column(segment.end()), from + 1, end); ++i) cells[i - begin] = "\u2588";
    }
  }
  std::string bar(static_cast<std::size_t>(begin), ' ');
  for (const char* cell : cells) bar += cell;
  return bar;
}

void print_table(const Layout& layout) {
  constexpr int kNarrowestBar = 20;
  constexpr int kWidestLabel = 44;
  const char* mark = layout.is_estimate ? "~" : "";
  std::vector<std::string> labels;
  int label_width = 10;
  std::vector<std::size_t> depths(layout.elements.size());
  for (std::size_t i = 0; i < layout.elements.size(); ++i) {
    const Element& element = layout.elements[i];
    if (element.parent != compiler::kNone) depths[i] = depths[element.parent] + 1;
    labels.push_back(std::string(2 * depths[i], ' ') + std::string(kind_name(element.kind)) +
                     (element.name.empty() ? "" : " " + element.name) + (element.required ? " (required)" : ""));
    label_width = std::max(label_width, grammar::display_width(labels.back()));
  }
  label_width = std::min(label_width, kWidestLabel);
  const int bar_width = terminal_width() - label_width - 28;
  const bool has_bars = bar_width >= kNarrowestBar;
  std::string axis;
  if (has_bars) {
    const std::string last = mark + std::to_string(std::max(0, layout.end - 1));
    axis = "  0" + std::string(std::max<std::size_t>(1, bar_width - 1 - last.size()), ' ') + last;
  }
  std::printf("%s  %7s %7s %8s%s\n", grammar::fitted("", label_width).c_str(), "first", "last", "tokens", axis.c_str());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const Element& element = layout.elements[i];
    const std::string last = element.end > element.first ? mark + std::to_string(element.end - 1) : "-";
    std::printf("%s  %7s %7s %8s%s%s\n", grammar::fitted(labels[i], label_width).c_str(),
                (mark + std::to_string(element.first)).c_str(), last.c_str(),
                (mark + std::to_string(own_tokens(layout, element))).c_str(), has_bars ? "  " : "",
                has_bars ? bar_of(layout, element, bar_width).c_str() : "");
  }
  if (has_bars)
    std::printf("\n\u2588 own text  \u2591 room for children  \u2592 parameter  \u251c\u2500\u2524 union\n");
  if (layout.is_estimate) {
    std::printf("~ counts characters; name a model with -m to count its tokens\n");
  }
}

}  // namespace

int layout(const Options& options) {
  Workspace workspace(options);
  workspace.open_model();
  workspace.read_schema();
  workspace.lay_out();
  if (options.json) {
    print(to_json(workspace.layout()));
  } else if (options.dump == "layout") {
    std::fputs(dump(workspace.layout()).c_str(), stdout);
  } else {
    print_table(workspace.layout());
  }
  return kDone;
}

}  // namespace pml::cli
