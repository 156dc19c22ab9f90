// The page around a layout's chart: what does not depend on the layout.
#pragma once

#include <string_view>

namespace pml::cli {

/// Looks of the chart's classes, in a picture and in a page; light or dark as the viewer wants it.
extern const std::string_view kChartStyle;
/// Looks of the page.
extern const std::string_view kPageStyle;
/// Zoom, search and the panel. It moves what the document holds, and makes nothing of texts but texts.
extern const std::string_view kPageScript;

}  // namespace pml::cli
