// What a model file says of its tokenizer, before anything is built from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/text_rules.h"

namespace pml::compiler {

using TokenId = std::int32_t;

struct TokenizerData {
  std::string model;                ///< "gpt2": byte-level BPE
  std::string pre_tokenizer;        ///< as GGUF files name it: "smollm", "llama-bpe"; see text_rules.h
  std::optional<TextRules> rules;   ///< where the file states them itself instead of a name
  std::vector<std::string> tokens;  ///< in the byte-level alphabet, by ID
  std::vector<std::string> merges;  ///< "left right", by rank
  /// By ID, as GGUF numbers them: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
  std::vector<std::int32_t> types;
  TokenId bos = -1;  ///< -1: none
  TokenId eos = -1;
  bool add_bos = false;             ///< prompts begin with `bos`
  std::vector<TokenId> end_tokens;  ///< every token that the file names as an end of generation
};

}  // namespace pml::compiler
