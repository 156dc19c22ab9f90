// The parse trees of expressions (expression_grammar.h).
#pragma once

#include <memory>
#include <string_view>
#include <tao/pegtl/contrib/parse_tree.hpp>

#include "grammar/diagnostics.h"
#include "grammar/mended_text.h"

namespace pml::grammar {

using ExpressionNode = tao::pegtl::parse_tree::node;

/// Stand where a name or a text is missing.
inline constexpr std::string_view kSomeName = "\uFFFC";
inline constexpr std::string_view kSomeText = "\"\"";

/// Parses the text of `place` as expression::Prompt or expression::Rule, and says what is wrong with it, each mistake
/// once: after each the text is mended, if it can be, and what is wrong then is another one. Null if parsing could not
/// go on. The tree points into `text`.
std::unique_ptr<ExpressionNode> parse_prompt_tree(const Place& place, MendedText& text, Diagnostics& diagnostics);
std::unique_ptr<ExpressionNode> parse_rule_tree(const Place& place, MendedText& text, Diagnostics& diagnostics);
/// The names alone, whatever else is in it.
std::unique_ptr<ExpressionNode> parse_names(std::string_view text);

}  // namespace pml::grammar
