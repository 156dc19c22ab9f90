// A prompt as a document. For expressions see expression.h, for JSON json_prompt.h.
#pragma once

#include <string>

#include "grammar/ast.h"

namespace pml::grammar {

/// The document that reads as this prompt.
std::string to_xml(const ast::Prompt& prompt);

}  // namespace pml::grammar
