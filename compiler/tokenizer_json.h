// The tokenizer of a Hugging Face folder: tokenizer.json and the small files beside it.
#pragma once

#include <filesystem>
#include <string>

#include "compiler/tokenizer_data.h"
#include "grammar/result.h"

namespace pml::compiler {

struct TokenizerFiles {
  TokenizerData data;
  std::string chat_template;  ///< Jinja; empty if there is none
};

/// Reads tokenizer.json (byte-level BPE) and, where they are there, tokenizer_config.json,
/// special_tokens_map.json, generation_config.json (else config.json, for the end tokens) and
/// chat_template.jinja. Fails on what could not be tokenised exactly, and names the file and what it is. IDs
/// that no token has become unused tokens "[PADn]", as in GGUF files; tokens that only pad the model's
/// embedding matrix are not in these files.
Result<TokenizerFiles> read_tokenizer_folder(const std::filesystem::path& folder);

}  // namespace pml::compiler
