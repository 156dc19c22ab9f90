// tokenizer.json, the file of Hugging Face's `tokenizers`.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "compiler/tokenizer_data.h"
#include "grammar/result.h"

namespace pml::compiler {

/// Byte-level BPE with its vocabulary, merges, added tokens and text rules; of the post-processor the BOS. Fails on
/// what could not be tokenised exactly, and names it. IDs that no token has become unused tokens "[PADn]", as in
/// GGUF files; tokens that only pad the model's embedding matrix are not in these files. Leaves EOS and end tokens
/// to others.
Result<TokenizerData> read_tokenizer_json(const nlohmann::json& tokenizer);

}  // namespace pml::compiler
