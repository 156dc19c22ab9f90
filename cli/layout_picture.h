// The slot chart of a schema as a picture in one file: an SVG document, or a page that can be zoomed and searched.
#pragma once

#include <string>

#include "cli/layout_chart.h"

namespace pml::cli {

/// Long layouts are broken into several lines. `prompt` is what the highlighted selection is called.
std::string draw_layout(const ChartSource& source, const std::string& prompt);

/// An HTML document that needs nothing from outside: one line, as wide as it takes; a panel tells of what is pointed
/// at.
std::string layout_page(const ChartSource& source, const std::string& prompt);

}  // namespace pml::cli
