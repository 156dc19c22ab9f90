#include "cli/layout_picture.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "cli/layout_page.h"
#include "cli/svg.h"
#include "grammar/display.h"

namespace pml::cli {
namespace {

using compiler::Element;
using compiler::ElementId;
using compiler::ElementKind;
using compiler::kNone;
using compiler::Layout;
using compiler::Slot;

constexpr double kLeft = 20.0, kWidth = 1160.0;  // of a line, beside its margins
constexpr double kAxis = 20.0, kLineGap = 16.0;
constexpr double kLabelColumn = 6.65, kLabelMargin = 4.0;  // of a monospaced font of 11 px
constexpr double kReadable = 48.0;                         // what a typical module should be wide
constexpr double kMemberGap = 2.0;                         // between neighbours in a scaffold
constexpr int kMostLines = 60;
constexpr double kWidestPage = 60000.0;

struct Kind {
  std::string_view css_class;
  std::string_view meaning;
};
constexpr std::array<Kind, 10> kKinds{{{"module", "module: text alone"},
                                       {"frame", "module with parts"},
                                       {"union", "union: one of these"},
                                       {"pool", "pool: any of these"},
                                       {"text", "text between parts"},
                                       {"parameter", "parameter"},
                                       {"slot", "slot for text"},
                                       {"room", "reserved room"},
                                       {"argument", "what fills it"},
                                       {"free", "the prompt's own text"}}};
const Kind& kind_of(BarKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

/// The text in one line of at most so many columns, with an ellipsis where it was cut.
std::string shortened(std::string_view text, int columns) {
  std::string_view front = text.substr(0, 8 * static_cast<std::size_t>(columns));  // what could be shown
  std::string line(front);
  std::ranges::replace_if(
      line, [](char c) { return c == '\n' || c == '\t'; }, ' ');
  line.erase(0, line.find_first_not_of(' '));
  const std::size_t size = grammar::prefix_size(line, columns);
  if (size == line.size() && front.size() == text.size()) return line;
  line.erase(grammar::prefix_size(line, columns - 1));
  return line + "\u2026";
}

/// What of a label fits; empty if that would say nothing.
std::string label_within(const std::string& label, double width) {
  const int columns = static_cast<int>((width - 2.0 * kLabelMargin) / kLabelColumn);
  if (grammar::display_width(label) <= columns) return label;
  return columns < 4 ? "" : shortened(label, columns);
}

std::string count(std::int64_t number, std::string_view one, std::string_view several) {
  return std::to_string(number) + " " + std::string(number == 1 ? one : several);
}

class Picture {
 public:
  Picture(const ChartSource& source, const std::string& prompt, bool is_page)
      : source_(source), layout_(source.layout), prompt_(prompt), is_page_(is_page), end_(chart_end(source)) {
    scale_ = kReadable / static_cast<double>(typical_width(layout_));
    if (is_page_) {
      scale_ = std::clamp(scale_, kWidth / end_, kWidestPage / end_);
    } else {
      num_lines_ = static_cast<int>(std::clamp(std::ceil(scale_ * end_ / kWidth), 1.0, 1.0 * kMostLines));
    }
    lines_ = make_chart(source, num_lines_);
    if (!is_page_) scale_ = kWidth / (lines_.front().end - lines_.front().first);
    std::size_t num_bars = 0;
    for (const ChartLine& line : lines_) num_bars += line.bars.size();
    hover_columns_ = static_cast<int>(std::clamp<std::size_t>(2'000'000 / (num_bars + 1), 40, 240));
  }

  std::string file() {
    const std::vector<std::string> notes = this->notes();
    double height = 44.0 + 17.0 * static_cast<double>(notes.size()) + legend_height() + 14.0;
    for (const ChartLine& line : lines_) height += kAxis + line.brackets_height + line.bars_height + kLineGap;
    const double width = kWidth + 2.0 * kLeft;
    Svg svg(width, height, {kChartStyle, false, ""});
    svg.element("rect", {{"class", "back"}, {"width", width}, {"height", height}});
    patterns(svg);
    svg.element("text", {{"class", "title"}, {"x", kLeft}, {"y", 28.0}}, shortened(layout_.schema, 100));
    double y = 48.0;
    for (const std::string& note : notes) {
      svg.element("text", {{"class", "prose"}, {"x", kLeft}, {"y", y}}, note);
      y += 17.0;
    }
    legend(svg, y - 4.0);
    y += legend_height() + 10.0;
    for (const ChartLine& line : lines_) {
      const double bottom = y + kAxis + line.brackets_height + line.bars_height;
      ticks(svg, line, y, bottom, /*has_numbers=*/true);
      draw(svg, line, y + kAxis);
      y = bottom + kLineGap;
    }
    return svg.take();
  }

  std::string page() {
    const ChartLine& line = lines_.front();
    const double width = 2.0 * kLeft + scale_ * end_;
    const double height = line.brackets_height + line.bars_height + kLineGap;
    Svg legend_picture(kWidth + 2.0 * kLeft, legend_height() + 2.0, {"", true, "legend"});
    legend(legend_picture, 0.0, 0.0);
    Svg axis(width, kAxis, {"", true, "axis"});
    axis.element("rect", {{"class", "back"}, {"width", "100%"}, {"height", "100%"}});
    ticks(axis, line, 0.0, kAxis, /*has_numbers=*/true);
    Svg body(width, height, {"", true, "body"});
    patterns(body);
    ticks(body, line, 0.0, height, /*has_numbers=*/false);
    draw(body, line, 2.0);

    const std::string title = escaped(shortened(layout_.schema, 100));
    std::string html = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>" + title +
                       "</title>\n<style>" + std::string(kChartStyle) + std::string(kPageStyle) +
                       "</style>\n</head>\n<body>\n<header>\n<h1>" + title + "</h1>\n";
    for (const std::string& note : notes()) html += "<p>" + escaped(note) + "</p>\n";
    html +=
        "<form><input id=\"search\" type=\"search\" placeholder=\"find a name ( / )\" aria-label=\"find a name\"> "
        "<output></output> <button type=\"button\" id=\"out\" title=\"zoom out ( - )\">\u2212</button>"
        "<button type=\"button\" id=\"in\" title=\"zoom in ( + ); also Ctrl and the wheel\">+</button>"
        "<button type=\"button\" id=\"fit\" title=\"all of it ( 0 )\">fit</button></form>\n" +
        legend_picture.take() + "</header>\n<div class=\"chart\" data-end=\"" + std::to_string(end_) +
        "\" data-left=\"" + std::to_string(static_cast<int>(kLeft)) + "\" data-scale=\"" + std::to_string(scale_) +
        "\" data-mark=\"" + std::string(mark()) + "\">\n" + axis.take() + body.take() +
        "</div>\n<div class=\"panel\"><strong>Point at a bar</strong> <span>a click holds it; Enter goes to the next "
        "name that is found</span><pre></pre></div>\n<script>" +
        std::string(kPageScript) + "</script>\n</body>\n</html>\n";
    return html;
  }

 private:
  std::string_view mark() const { return layout_.is_estimate ? "~" : ""; }
  std::string figure(std::int64_t number) const { return std::string(mark()) + std::to_string(number); }

  bool is_present(ElementId id) const {
    const Element& element = layout_.elements[id];
    const auto& present = source_.selection->present;
    if (element.is_hole()) return present[element.parent];
    if (element.kind != ElementKind::alternatives && element.kind != ElementKind::pool) return present[id];
    return std::ranges::any_of(element.contents, [&](const compiler::Content& member) { return present[member.id]; });
  }

  // What is said of a bar.

  std::string owner(ElementId id) const {
    const Element& element = layout_.elements[id];
    return element.path.empty() ? "the schema" : shortened(element.path, 120);
  }
  std::string slots(Slot first, Slot end) const {
    if (first >= end) return "no slots, at " + figure(first);
    return "slots " + figure(first) + "-" + std::to_string(end - 1) + " (" + std::to_string(end - first) + ")";
  }
  std::string quoted(std::string_view label, std::string_view text) const {
    return "\n" + std::string(label) + shortened(text, hover_columns_);
  }
  std::string own_text(const Element& element) const {
    std::string text;
    for (const compiler::Content& content : element.contents) {
      if (content.is_segment) text += plain_text(content.id);
      if (text.size() > 8U * 240U) break;
    }
    return text;
  }
  std::string plain_text(compiler::SegmentId id) const { return compiler::plain(layout_.segments[id].text); }

  struct Said {
    std::string name;   // to be found by
    std::string label;  // in the bar
    std::string title;  // what is said of it: a line that names it, one of figures, its text
  };

  Said say(const Bar& bar) const {
    const Element& element = layout_.elements[bar.element];
    Said said;
    std::string kind;
    switch (bar.kind) {
      case BarKind::module:
      case BarKind::frame:
        kind = "module";
        said.name = shortened(element.path, 120);
        said.label = element.name;
        break;
      case BarKind::alternatives:
      case BarKind::pool:
        kind = bar.kind == BarKind::pool ? "pool" : "union";
        said.name = shortened(element.name, 120);
        said.label = kind + (element.name.empty() ? "" : " " + element.name);
        kind += " of " + count(static_cast<std::int64_t>(element.contents.size()), "module", "modules");
        break;
      case BarKind::parameter:
      case BarKind::slot:
        kind = (bar.kind == BarKind::slot ? "slot of " : "parameter of ") + owner(element.parent);
        said.name = said.label = shortened(element.name, 120);
        break;
      case BarKind::text:
        kind = layout_.segments[bar.segment].kind == compiler::SegmentKind::bos ? "the beginning of the text"
                                                                                : "text of " + owner(bar.element);
        said.label = shortened(plain_text(bar.segment), 60);
        break;
      case BarKind::room:
        kind = "reserved room of " + owner(bar.element);
        break;
      case BarKind::argument:
        kind = "argument " + shortened(element.name, 120) + " of " + owner(element.parent);
        break;
      case BarKind::free_text:
        kind = "the prompt's own text";
        said.label = "the prompt's own text";
        break;
    }
    const bool is_named = !said.name.empty();
    if (element.required && is_named) kind += ", required";
    if (source_.selection != nullptr && is_named) kind += is_present(bar.element) ? ", selected" : ", not selected";
    said.title =
        (is_named ? said.name + "\n" + kind + "; " : kind + "\n") + figures(bar, element) + texts(bar, element);
    return said;
  }

  std::string figures(const Bar& bar, const Element& element) const {
    const std::string where = (layout_.is_packed() ? "in the shortest prompt " : "") + slots(bar.first, bar.end);
    std::int64_t tokens = bar.end - bar.first;
    if (bar.kind == BarKind::module || bar.kind == BarKind::frame) {
      tokens = static_cast<std::int64_t>(own_tokens(layout_, element));
    } else if (bar.kind != BarKind::text) {
      return where;
    }
    return where + "; " + std::string(mark()) + count(tokens, "token", "tokens") + " of text";
  }

  std::string texts(const Bar& bar, const Element& element) const {
    switch (bar.kind) {
      case BarKind::module:
      case BarKind::frame:
        return quoted("", own_text(element));
      case BarKind::text:
        return quoted("", plain_text(bar.segment));
      case BarKind::parameter:
      case BarKind::slot: {
        std::string text;
        if (element.content != kNone) {
          text += quoted(element.has_default ? "default: " : "stand-in: ", plain_text(element.content));
        }
        for (std::size_t i = 0; i < std::min<std::size_t>(element.values.size(), 8); ++i) {
          text += quoted("value: ", element.values[i].text);
        }
        return text + argument(bar.element);
      }
      case BarKind::argument:
        return argument(bar.element);
      default:
        return "";
    }
  }

  std::string argument(ElementId id) const {
    if (source_.selection == nullptr) return "";
    const auto found = source_.selection->arguments.find(id);
    return found == source_.selection->arguments.end() ? "" : quoted("argument: ", found->second.value);
  }

  // Drawing.

  static void patterns(Svg& svg) {
    svg.open("defs", {});
    svg.open("pattern", {{"id", "hatched"},
                         {"width", 6.0},
                         {"height", 6.0},
                         {"patternUnits", "userSpaceOnUse"},
                         {"patternTransform", "rotate(45)"}});
    svg.element("rect", {{"class", "hatch-back"}, {"width", 6.0}, {"height", 6.0}});
    svg.element("line", {{"class", "hatch-line"}, {"x1", 1.0}, {"y1", 0.0}, {"x2", 1.0}, {"y2", 6.0}});
    svg.close("pattern");
    svg.open("pattern", {{"id", "dotted"}, {"width", 6.0}, {"height", 6.0}, {"patternUnits", "userSpaceOnUse"}});
    svg.element("rect", {{"class", "dot-back"}, {"width", 6.0}, {"height", 6.0}});
    svg.element("circle", {{"class", "dot"}, {"cx", 3.0}, {"cy", 3.0}, {"r", 1.0}});
    svg.close("pattern");
    svg.close("defs");
  }

  /// Where a slot is, of those that the line shows.
  double x_of(const ChartLine& line, Slot slot) const {
    return kLeft + scale_ * (std::clamp(slot, line.first, line.end) - line.first);
  }

  void ticks(Svg& svg, const ChartLine& line, double top, double bottom, bool has_numbers) const {
    constexpr std::array<double, 3> kSteps{2.0, 2.5, 2.0};
    double step = 1.0;
    for (std::size_t i = 0; step * scale_ < 70.0; ++i) step *= kSteps[i % 3];
    for (double at = std::ceil(line.first / step) * step; at <= line.end; at += step) {
      const double x = kLeft + scale_ * (at - line.first);
      svg.open("g", {{"class", "tick"}});
      svg.element("line", {{"class", "grid"}, {"x1", x}, {"x2", x}, {"y1", top + 4.0}, {"y2", bottom}});
      if (has_numbers && x < kLeft + scale_ * (line.end - line.first) - 40.0) {
        const std::string number = at > 0.0 ? figure(static_cast<std::int64_t>(at)) : "0";
        svg.element("text", {{"class", "number"}, {"x", x + 3.0}, {"y", top + 13.0}}, number);
      }
      svg.close("g");
    }
  }

  void draw(Svg& svg, const ChartLine& line, double top) const {
    for (const Bracket& bracket : line.brackets) draw(svg, line, bracket, top);
    for (const Bar& bar : line.bars) draw(svg, line, bar, top + line.brackets_height);
  }

  void open_group(Svg& svg, const std::string& css_class, Slot first, Slot end, const Said& said) const {
    svg.open("g", {{"class", css_class},
                   {"data-first", static_cast<double>(first)},
                   {"data-last", static_cast<double>(end) - 1.0},
                   {"data-name", is_page_ ? said.name : ""},
                   {"data-label", is_page_ ? shortened(said.label, 120) : ""}});
    if (!said.title.empty()) svg.element("title", {}, said.title);
  }

  void label(Svg& svg, const ChartLine& line, Slot first, const std::string& label, double x, double width,
             double y) const {
    if (label.empty()) return;
    const std::string shown = label_within((first < line.first ? "\u2026" : "") + shortened(label, 120), width);
    if (!is_page_ && shown.empty()) return;
    svg.element("text", {{"x", x + kLabelMargin}, {"y", y}}, shown);
  }

  void draw(Svg& svg, const ChartLine& line, const Bar& bar, double top) const {
    std::string css_class(kind_of(bar.kind).css_class);
    if (source_.selection != nullptr) css_class += is_present(bar.element) ? " present" : " absent";
    const Said said = say(bar);
    open_group(svg, css_class, bar.first, bar.end, said);
    const double x = x_of(line, bar.first);
    const double width = std::max(0.8, x_of(line, bar.end) - x - 0.5);
    svg.element("rect", {{"x", x}, {"y", top + bar.top}, {"width", width}, {"height", bar.height}});
    label(svg, line, bar.first, said.label, x, width, top + bar.top + 13.0);
    svg.close("g");
  }

  void draw(Svg& svg, const ChartLine& line, const Bracket& bracket, double top) const {
    const compiler::Scaffold& scaffold = source_.scaffolds[bracket.scaffold];
    Said said;
    said.name = said.label = scaffold.name.empty() ? "scaffold" : shortened(scaffold.name, 120);
    said.title = said.name + "\nscaffold of " +
                 count(static_cast<std::int64_t>(scaffold.modules.size()), "module", "modules") + "; " +
                 slots(bracket.first, bracket.end);
    std::string members;
    for (const ElementId module : scaffold.modules) members += (members.empty() ? "" : ", ") + owner(module);
    said.title += quoted("", members);
    bool is_selected = source_.selection != nullptr;
    for (const ElementId module : scaffold.modules) is_selected = is_selected && source_.selection->present[module];
    const std::string css_class = "scaffold" + std::string(source_.selection == nullptr ? ""
                                                           : is_selected                ? " present"
                                                                                        : " absent");
    const double x = x_of(line, bracket.first);
    const double width = x_of(line, bracket.end) - x;
    open_group(svg, css_class, bracket.first, bracket.end, said);
    svg.element("rect", {{"x", x}, {"y", top + bracket.top + 14.0}, {"width", width}, {"height", 1.5}});
    label(svg, line, bracket.first, said.label, x, width, top + bracket.top + 10.0);
    svg.close("g");
    for (const ElementId module : scaffold.modules) {
      const Element& element = layout_.elements[module];
      const double from = x_of(line, element.first);
      const double to = x_of(line, element.end);
      if (to <= from) continue;
      open_group(svg, css_class + " member", element.first, element.end, {});
      svg.element("rect", {{"x", from},
                           {"y", top + bracket.top + 12.5},
                           {"width", std::max(0.8, to - from - kMemberGap)},
                           {"height", 4.5}});
      svg.close("g");
    }
  }

  /// Calls `draw` with every entry of the legend, and where it stands. Returns its height.
  template <typename Draw>
  double each_entry(Draw draw) const {
    std::array<bool, kKinds.size()> is_there{};
    for (const ChartLine& line : lines_) {
      for (const Bar& bar : line.bars) is_there[static_cast<std::size_t>(bar.kind)] = true;
    }
    double x = 0.0, y = 0.0;
    const auto add = [&](const Kind& kind) {
      const double width = 40.0 + 6.8 * static_cast<double>(kind.meaning.size());
      if (x + width > kWidth) x = 0.0, y += 19.0;
      draw(kind, x, y);
      x += width;
    };
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
      if (is_there[i]) add(kKinds[i]);
    }
    if (!source_.scaffolds.empty()) add({"scaffold", "scaffold: encoded together, too"});
    return y + 19.0;
  }
  double legend_height() const {
    return each_entry([](const Kind&, double, double) {});
  }
  void legend(Svg& svg, double top, double left = kLeft) const {
    each_entry([&](const Kind& kind, double x, double y) {
      const bool is_line = kind.css_class == "scaffold" || kind.css_class == "argument";
      svg.open("g", {{"class", kind.css_class}});
      svg.element("rect", {{"x", left + x + 1.0},
                           {"y", top + y + (is_line ? 6.0 : 2.0)},
                           {"width", 20.0},
                           {"height", is_line ? 4.5 : 12.0}});
      svg.close("g");
      svg.element("text", {{"class", "prose"}, {"x", left + x + 27.0}, {"y", top + y + 12.5}}, kind.meaning);
    });
  }

  std::vector<std::string> notes() const {
    std::array<std::int64_t, 6> counts{};
    for (const Element& element : layout_.elements) ++counts[static_cast<std::size_t>(element.kind)];
    std::string summary = std::string(to_string(layout_.kind)) + " layout, " + figure(layout_.end) + " slots";
    const auto add = [&](ElementKind kind, std::string_view one, std::string_view several) {
      const std::int64_t number = counts[static_cast<std::size_t>(kind)];
      if (number > 0) summary += ", " + count(number, one, several);
    };
    add(ElementKind::module, "module", "modules");
    add(ElementKind::alternatives, "union", "unions");
    add(ElementKind::pool, "pool", "pools");
    add(ElementKind::parameter, "parameter", "parameters");
    add(ElementKind::slot, "slot for text", "slots for text");
    std::vector<std::string> notes{summary};
    if (layout_.is_packed()) {
      notes.emplace_back(
          "Each prompt decides where text stands. Shown are the positions in the shortest prompt that "
          "has the element, with nothing before it but what is required;");
      notes.emplace_back("so bars overlap, and stand below each other.");
    }
    if (source_.selection != nullptr) notes.push_back("Strong: what is present with " + prompt_ + ". Pale: the rest.");
    if (layout_.is_estimate) notes.emplace_back("~ counts characters; name a model with -m to count its tokens.");
    if (layout_.elements.size() > static_cast<std::size_t>(kMostElements)) {
      notes.push_back("Only the first " + std::to_string(kMostElements) + " of " +
                      std::to_string(layout_.elements.size()) + " elements are drawn.");
    }
    if (source_.scaffolds.size() > kMostScaffolds) {
      notes.push_back("Only the first " + std::to_string(kMostScaffolds) + " of " +
                      std::to_string(source_.scaffolds.size()) + " scaffolds are drawn.");
    }
    return notes;
  }

  const ChartSource& source_;
  const Layout& layout_;
  std::string prompt_;
  bool is_page_;
  Slot end_;
  int num_lines_ = 1;
  double scale_ = 1.0;  // pixels a slot
  int hover_columns_ = 0;
  std::vector<ChartLine> lines_;
};

}  // namespace

std::string draw_layout(const ChartSource& source, const std::string& prompt) {
  return Picture(source, prompt, /*is_page=*/false).file();
}

std::string layout_page(const ChartSource& source, const std::string& prompt) {
  return Picture(source, prompt, /*is_page=*/true).page();
}

}  // namespace pml::cli
