#include "compiler/text_encoder.h"

#include <utf8proc.h>

#include <algorithm>

#include "grammar/ast.h"
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

/// Why the model cannot encode the format's tags; nothing if it can.
std::optional<std::string> mistake_in(const ChatTemplate& chat_template, const Tokenizer& tokenizer) {
  MarkedText tags = chat_template.generation();
  for (const ast::Role role : {ast::Role::system, ast::Role::user, ast::Role::assistant}) {
    append(tags, chat_template.opening(role));
    append(tags, chat_template.closing(role));
  }
  for (const TextPiece& piece : tags) {
    if (piece.is_special && !tokenizer.special_token(piece.text))
      return "uses `" + piece.text + "`, which is no special token of the model";
    if (!piece.is_special && tokenizer.unencodable(piece.text))
      return "has text that the model has no tokens for: " + ast::in_quotes(piece.text);
  }
  return std::nullopt;
}

}  // namespace

TextEncoder::TextEncoder(const Tokenizer& tokenizer, Result<ChatTemplate> chat_template)
    : tokenizer_(&tokenizer), chat_template_(std::move(chat_template)) {
  if (!chat_template_) return;
  if (const auto mistake = mistake_in(*chat_template_, tokenizer)) {
    chat_template_ = fail("the chat template " + *mistake);
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

std::vector<std::string> TextEncoder::unencodable(std::string_view text) const {
  std::vector<std::string> characters;
  if (is_estimate()) return characters;
  while (const auto at = tokenizer_->unencodable(text)) {
    std::size_t begin = *at;
    while (begin > 0 && grammar::continues_character(text[begin])) --begin;
    std::size_t end = *at + 1;
    while (end < text.size() && grammar::continues_character(text[end])) ++end;
    const std::string_view character = text.substr(begin, end - begin);
    if (std::ranges::find(characters, character) == characters.end()) characters.emplace_back(character);
    text.remove_prefix(end);
  }
  return characters;
}

std::optional<TokenId> TextEncoder::bos() const { return is_estimate() ? std::nullopt : tokenizer_->bos(); }

}  // namespace pml::compiler
