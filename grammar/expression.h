// Selections and rules as expressions (expression_grammar.h).
#pragma once

#include <optional>
#include <string>

#include "grammar/ast.h"
#include "grammar/diagnostics.h"

namespace pml::grammar {

/// A prompt from an expression, which is the whole text of a source. Texts are taken as they are: no whitespace is
/// handled. Says what is wrong; the result is meant for further checks even then. Nothing if nothing was understood.
std::optional<ast::Prompt> parse_selection(SourceId source, const SourceSet& sources, Diagnostics& diagnostics);

/// A rule of a schema, from the text at `place`. Terms with nothing but blanks between them are one term of the kind
/// `joined_by`. Says what is wrong; then what is returned may be `is_broken`.
std::optional<ast::Condition> parse_condition(const Place& place, ast::Condition::Kind joined_by,
                                              const SourceSet& sources, Diagnostics& diagnostics);

/// The expression that reads as this prompt; it does not name the prompt's schema.
std::string to_expression(const ast::Prompt& prompt);

}  // namespace pml::grammar
