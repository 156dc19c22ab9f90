// What a model file says of its tokenizer, before anything is built from it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/text_rules.h"

namespace pml::compiler {

using TokenId = std::int32_t;

/// Kinds of tokens, numbered as in GGUF files; the other numbers there (2 unknown, 6 byte) are no text either.
enum : std::int32_t { kNormalToken = 1, kControlToken = 3, kUserDefinedToken = 4, kUnusedToken = 5 };

/// The text of an ID that no token has.
inline std::string unused_token_text(std::size_t id) { return "[PAD" + std::to_string(id) + "]"; }

struct TokenizerData {
  std::string model;                ///< "gpt2": byte-level BPE
  std::string pre_tokenizer;        ///< as GGUF files name it: "smollm", "llama-bpe"; see text_rules.h
  std::optional<TextRules> rules;   ///< where the file states them itself instead of a name
  std::vector<std::string> tokens;  ///< in the byte-level alphabet, by ID
  std::vector<std::string> merges;  ///< "left right", by rank
  std::vector<std::int32_t> types;  ///< by ID: kNormalToken, ...
  TokenId bos = -1;                 ///< -1: none
  TokenId eos = -1;
  bool add_bos = false;             ///< prompts begin with `bos`
  std::vector<TokenId> end_tokens;  ///< every token that the file names as an end of generation
};

/// The token with this text, if there is one; looks through all of them. No token is found by an empty text.
inline std::optional<TokenId> find_token(const TokenizerData& data, std::string_view text) {
  const auto found = std::ranges::find(data.tokens, text);
  if (text.empty() || found == data.tokens.end()) return std::nullopt;
  return static_cast<TokenId>(found - data.tokens.begin());
}

}  // namespace pml::compiler
