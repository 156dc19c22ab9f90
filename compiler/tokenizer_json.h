// The tokenizer of a Hugging Face folder.
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

/// Reads tokenizer.json and the chat template of tokenizer_config.json. Byte-level BPE with GPT-2's pattern.
Result<TokenizerFiles> read_tokenizer_folder(const std::filesystem::path& folder);

}  // namespace pml::compiler
