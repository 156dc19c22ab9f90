// pml layout: where every element stands.
#include <algorithm>
#include <cstdio>
#include <string>

#include "cli/commands.h"
#include "cli/json_output.h"
#include "cli/workspace.h"

namespace pml::cli {
namespace {

using compiler::Element;
using compiler::ElementId;
using compiler::ElementKind;
using compiler::Layout;
using compiler::Segment;

std::string_view kind_name(ElementKind kind) {
  switch (kind) {
    case ElementKind::schema: return "schema";
    case ElementKind::module: return "module";
    case ElementKind::alternatives: return "union";
    case ElementKind::parameter: return "parameter";
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
    Json entry{{"kind", kind_name(element.kind)}, {"name", element.name},     {"path", element.path},
               {"first", element.first},          {"last", element.end - 1},  {"slots", element.end - element.first},
               {"tokens", own_tokens(layout, element)}, {"required", element.required}};
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
  return {{"schema", layout.schema}, {"slots", layout.end},          {"estimate", layout.is_estimate},
          {"elements", elements},    {"segments", std::move(segments)}};
}

void print_table(const Layout& layout) {
  const char* mark = layout.is_estimate ? "~" : "";
  std::vector<std::string> labels;
  std::size_t width = 0;
  const auto depth_of = [&](ElementId id) {
    std::size_t depth = 0;
    for (id = layout.elements[id].parent; id != compiler::kNone; id = layout.elements[id].parent) ++depth;
    return depth;
  };
  for (std::size_t i = 0; i < layout.elements.size(); ++i) {
    const Element& element = layout.elements[i];
    labels.push_back(std::string(2 * depth_of(static_cast<ElementId>(i)), ' ') + std::string(kind_name(element.kind)) +
                     (element.name.empty() ? "" : " " + element.name) + (element.required ? " (required)" : ""));
    width = std::max(width, labels.back().size());
  }
  std::printf("%-*s  %8s  %8s  %8s\n", static_cast<int>(width), "", "first", "last", "tokens");
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const Element& element = layout.elements[i];
    const std::string last = element.end > element.first ? mark + std::to_string(element.end - 1) : "-";
    std::printf("%-*s  %8s  %8s  %8s\n", static_cast<int>(width), labels[i].c_str(),
                (mark + std::to_string(element.first)).c_str(), last.c_str(),
                (mark + std::to_string(own_tokens(layout, element))).c_str());
  }
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
