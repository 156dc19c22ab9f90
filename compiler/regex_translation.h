// Regular expressions of tokenizers, from the dialect they are written in to the one that cuts text here.
#pragma once

#include <string>
#include <string_view>

#include "grammar/result.h"

namespace pml::compiler {

/// A pattern for PCRE2 that matches what Oniguruma (Ruby syntax, Unicode 16), the engine of Hugging Face's
/// `tokenizers`, matches with `pattern` (UTF-8). Takes what tokenizers use: literals, classes, general
/// categories, groups, lookahead, alternatives and repetitions. What means something else in the two
/// dialects, or in their versions of Unicode, fails and is named.
Result<std::string> translate_regex(std::string_view pattern);

}  // namespace pml::compiler
