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

/// Reads tokenizer.json (tokenizer_json.h) and, where they are there, tokenizer_config.json,
/// special_tokens_map.json and chat_template.jinja. Of the end tokens they name one, EOS; further ones stand in the
/// model's files. Messages name the file, but not the folder.
Result<TokenizerFiles> read_tokenizer_folder(const std::filesystem::path& folder);

}  // namespace pml::compiler
