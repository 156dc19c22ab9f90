// A chat format that the user states, for models whose template is not recognised.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/chat_template.h"
#include "compiler/tokenizer.h"
#include "grammar/result.h"

namespace pml::compiler {

/// Reads {"system": {"open": "...", "close": "..."}, "user": ..., "assistant": ..., "end": ["..."]}. Special
/// tokens in the tags are found by their exact text; without a tokenizer (null) there are none. "generation",
/// what an answer follows, is the assistant's "open" if it is not there; "end" names special tokens. Fails on
/// anything else, and names it.
Result<ChatTemplate> read_template_tags(std::string_view json, const Tokenizer* tokenizer);

/// What in a stated format may be a mistake, for warnings: text that is written like a special token and is none of the
/// model, with the nearest one (formats like Alpaca's are plain text, so this is allowed); and an assistant's turn
/// that closes with nothing that ends an answer.
std::vector<std::string> doubts_about(const ChatTemplate& stated, const Tokenizer& tokenizer);

}  // namespace pml::compiler
