// A plan's segments as text for people: shared by `render` and `explain`.
#pragma once

#include <string>
#include <string_view>

#include "compiler/plan.h"
#include "compiler/tokenizer.h"

namespace pml::cli {

/// The text that the tokens stand for, special tokens as they are written.
std::string text_of(const std::vector<compiler::TokenId>& tokens, const compiler::Tokenizer& tokenizer);

/// "the schema's own text", or the module's path.
std::string owner_of(const compiler::PlannedSegment& segment);

/// What kind of text it is, and whose: "beach/maldives", "the schema's own text", "the prompt's own text",
/// "argument `duration` of beach", "default of `heat`", "stand-in of `heat`", "beginning of the text".
std::string label_of(const compiler::PlannedSegment& segment);

/// "cached", "computed", or "cached, its last row computed".
std::string_view source_of(const compiler::PlannedSegment& segment);

}  // namespace pml::cli
