// How the characters of a text are written in a document.
#pragma once

#include <string_view>

#include "grammar/source.h"

namespace pml::grammar {

/// Where a character (in UTF-8) of a text first stands: as itself, as a reference of XML, or as an escape of JSON.
/// `place`: of the text, which may have blanks more or less; returned if the character is written in another way.
Place find_character(std::string_view character, std::string_view text, const Place& place, const SourceSet& sources);

}  // namespace pml::grammar
