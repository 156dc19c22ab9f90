#include "compiler/text_encoder.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "grammar/check.h"
#include "grammar/display.h"

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

/// The first special token of the format that the model does not have.
std::optional<std::string> missing_token(const ChatTemplate& chat_template, const Tokenizer& tokenizer) {
  MarkedText tags = chat_template.generation();
  for (const ast::Role role : {ast::Role::system, ast::Role::user, ast::Role::assistant}) {
    append(tags, chat_template.opening(role));
    append(tags, chat_template.closing(role));
  }
  for (const TextPiece& piece : tags) {
    if (piece.is_special && !tokenizer.special_token(piece.text)) return piece.text;
  }
  return std::nullopt;
}

}  // namespace

TextEncoder::TextEncoder(const Tokenizer& tokenizer, Result<ChatTemplate> chat_template)
    : tokenizer_(&tokenizer), chat_template_(std::move(chat_template)) {
  if (!chat_template_) return;
  if (const auto token = missing_token(*chat_template_, tokenizer)) {
    chat_template_ = fail("the chat template uses `" + *token + "`, which is no special token of the model");
  }
}

std::vector<TokenId> TextEncoder::encode(const MarkedText& text) const {
  std::vector<TokenId> tokens;
  for (const TextPiece& piece : text) {
    if (is_estimate()) {
      append_characters(piece.text, tokens);
    } else if (piece.is_special) {
      const auto token = tokenizer_->special_token(piece.text);
      PML_CHECK(token.has_value(), "a chat template is kept only if the model has its tokens");
      tokens.push_back(*token);
    } else {
      tokenizer_->encode(piece.text, tokens);
    }
  }
  return tokens;
}

std::optional<std::string> TextEncoder::unencodable(const MarkedText& text) const {
  if (is_estimate()) return std::nullopt;
  for (const TextPiece& piece : text) {
    if (piece.is_special) continue;
    auto at = tokenizer_->unencodable(piece.text);
    if (!at) continue;
    while (*at > 0 && grammar::continues_character(piece.text[*at])) --*at;
    utf8proc_int32_t character = 0;
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(piece.text.data()) + *at;
    utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(piece.text.size() - *at), &character);
    std::array<char, 16> name{};
    std::snprintf(name.data(), name.size(), "U+%04X", static_cast<unsigned>(character));
    return name.data();
  }
  return std::nullopt;
}

std::optional<TokenId> TextEncoder::bos() const { return is_estimate() ? std::nullopt : tokenizer_->bos(); }

}  // namespace pml::compiler
