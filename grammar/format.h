// The one form in which a document is written: what `pml fmt` makes of it.
//
// * Two blanks of indentation for each element around a line; LF; one line break at the end; no byte order mark.
// * A tag stands in one line, its attributes in a fixed order (elements.h; arguments as written) and in double quotes,
//   or has one attribute a line where it begins its line and would reach beyond column 100. An element without content
//   is `<name/>`.
// * Where whitespace is layout, a line break stays one, with an empty line behind it at most, and other blanks become
//   one. Between a tag and text nothing comes or goes: it would be text (docs/language.md, "Whitespace").
// * Comments, CDATA, references and values are kept as written, and so is all that stands in space="preserve".
#pragma once

#include <optional>
#include <string>

#include "grammar/diagnostics.h"

namespace pml::grammar {

/// Schema or prompt; mistakes other than in the markup do not matter. Says so, and returns nothing, if the text is no
/// well-formed document or none of PML. The syntax tree of what is returned is that of the source, which is checked.
std::optional<std::string> format(SourceId source, const SourceSet& sources, Diagnostics& diagnostics);

}  // namespace pml::grammar
