// pml layout: where every element stands.
#include <algorithm>
#include <cstdio>
#include <string>

#include "cli/commands.h"
#include "cli/json_output.h"
#include "cli/layout_picture.h"
#include "cli/svg.h"
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

Json to_json(const Layout& layout) {
  Json elements = Json::array();
  for (const Element& element : layout.elements) {
    Json entry{{"kind", to_string(element.kind)},
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
  return {{"schema", layout.schema}, {"layout", to_string(layout.kind)},
          {"slots", layout.end},     {"estimate", layout.is_estimate},
          {"elements", elements},    {"segments", std::move(segments)}};
}

/// The bar of an element on an axis of `width` columns for the layout's slots: its own text, and the room that
/// its children or its argument take. A union or pool is a bracket over its members.
std::string bar_of(const Layout& layout, const Element& element, int width) {
  if (element.end <= element.first) return "";
  const auto column = [&](std::int64_t slot) { return static_cast<int>(slot * width / std::max(1, layout.end)); };
  const int begin = std::min(column(element.first), width - 1);
  const int end = std::max(begin + 1, column(element.end));
  std::vector<const char*> cells(static_cast<std::size_t>(end - begin), "\u2591");
  if (element.kind == ElementKind::alternatives || element.kind == ElementKind::pool) {
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

/// Figures of the elements under one heading.
struct Column {
  std::string heading;
  std::vector<std::string> cells;  // by element
  int width = 0;

  void add(std::string cell) {
    width = std::max(width, static_cast<int>(cell.size()));
    cells.push_back(std::move(cell));
  }
};

/// Those that can be spared last.
std::vector<Column> columns_of(const Layout& layout) {
  const auto figure = [&](auto number) { return (layout.is_estimate ? "~" : "") + std::to_string(number); };
  std::vector<Column> columns;
  for (const char* heading : {"first", "last", "tokens"}) {
    columns.push_back({heading, {}, static_cast<int>(std::string_view(heading).size())});
  }
  for (const Element& element : layout.elements) {
    columns[0].add(figure(element.first));
    columns[1].add(element.end > element.first ? figure(element.end - 1) : "-");
    columns[2].add(figure(own_tokens(layout, element)));
  }
  return columns;
}

/// The elements' kinds and names as a tree. In a short one modules are names alone, and nothing says what is required.
std::vector<std::string> labels_of(const Layout& layout, bool is_short, int width) {
  std::vector<std::string> labels;
  std::vector<int> depths(layout.elements.size());
  for (std::size_t i = 0; i < layout.elements.size(); ++i) {
    const Element& element = layout.elements[i];
    if (element.parent != compiler::kNone) depths[i] = depths[element.parent] + 1;
    const bool is_name = is_short && element.kind == ElementKind::module;
    std::string text = is_name ? element.name : std::string(to_string(element.kind));
    if (!is_name && !element.name.empty()) text += " " + element.name;
    if (element.required && !is_short) text += " (required)";
    const int indent = std::min((is_short ? 1 : 2) * depths[i], width / 2);
    labels.push_back(std::string(static_cast<std::size_t>(indent), ' ') + text);
  }
  return labels;
}

int widest(const std::vector<std::string>& labels) {
  int width = 0;
  for (const std::string& label : labels) width = std::max(width, grammar::display_width(label));
  return width;
}

/// "0", and at the other end the last slot.
std::string axis_of(const Layout& layout, int width) {
  const std::string last = (layout.is_estimate ? "~" : "") + std::to_string(std::max(0, layout.end - 1));
  return "0" + std::string(std::max<std::size_t>(1, width - 1 - last.size()), ' ') + last;
}

/// In `pack` first and last are no places in a prompt; says what they are.
void print_packing(const Layout& layout, int width) {
  std::size_t num_tokens = 0;
  for (const Segment& segment : layout.segments) num_tokens += segment.tokens.size();
  print_wrapped(
      "",
      std::string("layout=\"pack\": each prompt decides where text stands. First and last are those of the ") +
          "shortest prompt that has the element, with nothing before it but what is required; so they " +
          "overlap. All of the schema's text together: " + (layout.is_estimate ? "~" : "") +
          compiler::count_tokens(static_cast<std::int64_t>(num_tokens)) + ".",
      0, width);
}

/// No line is wider than `width`: bars are left out first, then labels are shortened and columns left out.
void print_table(const Layout& layout, int width) {
  constexpr int kNarrowestBar = 20;
  constexpr int kNarrowestLabel = 12;
  constexpr int kWidestLabel = 44;  // beside bars
  constexpr int kGap = 2;
  std::vector<Column> columns = columns_of(layout);
  int room = width;  // for labels and bars
  for (const Column& column : columns) room -= kGap + column.width;
  for (; room < kNarrowestLabel && !columns.empty(); columns.pop_back()) room += kGap + columns.back().width;

  std::vector<std::string> labels = labels_of(layout, /*is_short=*/false, room);
  if (widest(labels) > room) labels = labels_of(layout, /*is_short=*/true, room);
  int label_width = std::min(widest(labels), kWidestLabel);
  const int bar_width = room - label_width - kGap;
  const bool has_bars = bar_width >= kNarrowestBar;
  if (!has_bars) label_width = std::min(widest(labels), room);

  const auto print_row = [&](const std::string& label, const auto& cell_of, const std::string& bar) {
    std::string row = grammar::fitted(label, label_width);
    for (const Column& column : columns) {
      const std::string& cell = cell_of(column);
      row += std::string(kGap + column.width - cell.size(), ' ') + cell;
    }
    if (has_bars) row += std::string(kGap, ' ') + bar;
    row.erase(row.find_last_not_of(' ') + 1);
    std::printf("%s\n", row.c_str());
  };
  if (!columns.empty()) {
    print_row(
        "", [](const Column& column) { return column.heading; }, has_bars ? axis_of(layout, bar_width) : "");
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::string bar = has_bars ? bar_of(layout, layout.elements[i], bar_width) : "";
    print_row(
        labels[i], [&](const Column& column) { return column.cells[i]; }, bar);
  }
  if (has_bars) {
    std::printf("\n");
    const char* groups = layout.is_packed() ? "union or pool" : "union";
    print_wrapped(
        "", std::string("\u2588 own text  \u2591 room for children  \u2592 parameter  \u251c\u2500\u2524 ") + groups, 0,
        width);
  }
  if (layout.is_packed()) print_packing(layout, width);
  if (layout.is_estimate) {
    print_wrapped("", "~ counts characters; name a model with -m to count its tokens", 2, width);
  }
}

/// Writes the pictures that the command line names.
void draw(Workspace& workspace, const Options& options) {
  const bool has_prompt = options.has_prompt();
  const bool has_picture = !options.svg.empty() || !options.html.empty();
  if (!has_picture) {
    if (has_prompt) workspace.misuse("a prompt is shown in a picture; name one with --svg FILE or --html FILE");
    return;
  }
  ChartSource source{workspace.layout(), workspace.scaffolds()};
  std::string prompt;
  if (has_prompt) {
    workspace.read_prompt();
    workspace.make_plan();
    source.selection = &workspace.selection();
    source.plan = &workspace.plan();
    prompt = !options.prompt.empty() ? options.prompt : options.has_select ? "--select" : "--user alone";
  }
  const auto write = [&](const std::string& path, const std::string& text) {
    const auto written = write_file(path, text);
    if (!written) workspace.fail(path + ": " + written.error().message);
  };
  if (!options.svg.empty()) write(options.svg, draw_layout(source, prompt));
  if (!options.html.empty()) write(options.html, layout_page(source, prompt));
}

}  // namespace

int layout(const Options& options) {
  Workspace workspace(options);
  workspace.open_model();
  workspace.read_schema();
  workspace.lay_out();
  draw(workspace, options);
  if (options.json) {
    print(to_json(workspace.layout()));
  } else if (options.dump == "layout") {
    std::fputs(dump(workspace.layout()).c_str(), stdout);
  } else if (options.svg.empty() && options.html.empty()) {
    print_table(workspace.layout(), terminal_width());
  }
  return kDone;
}

}  // namespace pml::cli
