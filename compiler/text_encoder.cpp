#include "compiler/text_encoder.h"

#include <utf8proc.h>

#include <algorithm>

#include "grammar/check.h"

namespace pml::compiler {
namespace {

void append_characters(std::string_view text, std::vector<TokenId>& out) {
  for (std::size_t i = 0; i < text.size();) {
    utf8proc_int32_t character = 0;
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + i;
    const auto length = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size() - i), &character);
    out.push_back(character);
    i += static_cast<std::size_t>(std::max<utf8proc_ssize_t>(1, length));
  }
}

}  // namespace

std::vector<TokenId> TextEncoder::encode(const MarkedText& text) const {
  std::vector<TokenId> tokens;
  for (const TextPiece& piece : text) {
    if (is_estimate()) {
      append_characters(piece.text, tokens);
    } else if (piece.is_special) {
      const auto token = tokenizer_->special_token(piece.text);
      PML_CHECK(token.has_value(), "the chat template's tokens were looked up when the model was opened");
      tokens.push_back(*token);
    } else {
      tokenizer_->encode(piece.text, tokens);
    }
  }
  return tokens;
}

std::optional<TokenId> TextEncoder::bos() const { return is_estimate() ? std::nullopt : tokenizer_->bos(); }

}  // namespace pml::compiler
