// Prompts as JSON, for programs:
//
//     {"schema": "travel", "arguments": {"guest": "Ann"},
//      "select": ["visa", {"module": "plan", "arguments": {"duration": "two weeks"}, "select": ["overseas/maldives"]},
//                 {"text": "free text"}, {"role": "user", "text": "Where?"},
//                 {"role": "assistant", "text": "In", "open": true}]}
#pragma once

#include <optional>
#include <string>

#include "grammar/ast.h"
#include "grammar/diagnostics.h"
#include "grammar/json_places.h"

namespace pml::grammar {

/// A prompt from an object, which is the whole text of a source. Texts are taken as they are: no whitespace is handled.
/// Says what is wrong; the result is meant for further checks even then. Nothing if nothing was understood.
std::optional<ast::Prompt> parse_json_prompt(SourceId source, const SourceSet& sources, Diagnostics& diagnostics);
/// From a value that was read from one of the sources.
std::optional<ast::Prompt> read_json_prompt(JsonValue value, const SourceSet& sources, Diagnostics& diagnostics);

/// The object that reads as this prompt.
std::string to_json(const ast::Prompt& prompt);

/// Does the text begin as an object or an array does, or is it null? Documents begin otherwise.
bool looks_like_json(std::string_view text);

}  // namespace pml::grammar
