// Text <-> token IDs: byte-level BPE as Hugging Face's `tokenizers` computes it. Immutable after build(); all
// functions may be called from several threads at once. The bytes() of the tokens, joined, are the text
// again, in form C where the model wants that.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/tokenizer_data.h"
#include "grammar/result.h"

namespace pml::compiler {

class Tokenizer {
 public:
  /// Fails on a tokenizer model or pre-tokenizer that is not implemented, and names it; on merges that name
  /// no token, make a special one or stand twice; on tokens that stand twice. Keeps nothing of `data`.
  static Result<Tokenizer> build(const TokenizerData& data);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  /// The IDs of `text` (UTF-8). The text is never parsed for special tokens: "<|im_end|>" comes out as the
  /// pieces that its characters make. Time is O(n log n) in the longest pre-token, linear in the text.
  /// A byte that no token stands for leaves nothing, as in `tokenizers`: ask unencodable() before. Throws
  /// std::runtime_error where a pattern of the tokenizer's file does not come to an end (see PreTokenizer).
  std::vector<TokenId> encode(std::string_view text) const;

  /// Appends to `out`; for callers that join segments.
  void encode(std::string_view text, std::vector<TokenId>& out) const;

  /// The offset of the first byte of `text` that no token stands for. SmolLM2 lacks 21 bytes: some control
  /// characters (U+0004, U+0006, ...), the lead bytes of U+40000 to U+BFFFF, and bytes that are no UTF-8.
  std::optional<std::size_t> unencodable(std::string_view text) const;

  /// The ID of a control or user-defined token by its exact text, if there is one.
  std::optional<TokenId> special_token(std::string_view text) const;

  /// The texts that special_token() knows, sorted. Valid as long as the tokenizer.
  std::vector<std::string_view> special_tokens() const;

  /// The bytes that a token stands for: for a normal token its text (may be part of a UTF-8 character), for
  /// a control token nothing. `id` must be below vocab_size(). Valid as long as the tokenizer.
  std::string_view bytes(TokenId id) const;

  /// The exact text of a control or user-defined token, which special_token() finds; empty for others. Looks
  /// through all of them.
  std::string_view special_text(TokenId id) const;

  std::size_t vocab_size() const;
  /// The token that stands at position 0 of every prompt, if the model wants one.
  std::optional<TokenId> bos() const;
  const std::vector<TokenId>& end_tokens() const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pml::compiler
