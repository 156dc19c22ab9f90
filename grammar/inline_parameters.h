// Parameters in running text: `{city:10}`, `{city:10=Paris}`. `{{` and `}}` are braces.
#pragma once

#include <vector>

#include "grammar/diagnostics.h"
#include "grammar/xml.h"

namespace pml::grammar {

/// The text, with an element `parameter` for every parameter in it; text as CDATA or as a reference is left alone. What
/// looks like a parameter and is none is said, and stays text.
std::vector<XmlNode> split_inline_parameters(const XmlText& text, const SourceSet& sources, Diagnostics& diagnostics);

}  // namespace pml::grammar
