// The part of a tokenizer.json that says how text is prepared: `normalizer` and `pre_tokenizer`.
#pragma once

#include <nlohmann/json.hpp>

#include "compiler/text_rules.h"
#include "grammar/result.h"

namespace pml::compiler {

/// Fails on stages that are not implemented, and names them. `ignores_merges` and `adds_bos` stay false: they
/// are said elsewhere in the file.
Result<TextRules> read_text_rules(const nlohmann::json& tokenizer);

}  // namespace pml::compiler
