// Marked text -> tokens, for a model; or, where no model was named, an estimate of as many tokens as the text
// has characters. What lays out and plans need not know which of the two it has.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/chat_template.h"
#include "compiler/marked_text.h"
#include "compiler/tokenizer.h"
#include "grammar/result.h"

namespace pml::compiler {

class TextEncoder {
 public:
  /// Counts characters; roles' tags are taken to be those of ChatML, unless the format is said.
  explicit TextEncoder(ChatTemplate chat_template = ChatTemplate(TemplateFamily::chatml))
      : chat_template_(std::move(chat_template)) {}
  /// `tokenizer` must outlive this. A template whose special tokens the model lacks is as good as none.
  TextEncoder(const Tokenizer& tokenizer, Result<ChatTemplate> chat_template);

  bool is_estimate() const { return tokenizer_ == nullptr; }
  const Tokenizer* tokenizer() const { return tokenizer_; }
  /// Or why no role can be encoded, for a message that goes on with what has no meaning.
  const Result<ChatTemplate>& chat_template() const { return chat_template_; }

  /// The text's token IDs. In an estimate they are its characters.
  std::vector<TokenId> encode(const MarkedText& text) const;
  /// The characters that no token of the model stands for, each once, as they come; encode() leaves them out.
  std::vector<std::string> unencodable(std::string_view text) const;
  /// The token of position 0, if the model wants one.
  std::optional<TokenId> bos() const;

 private:
  const Tokenizer* tokenizer_ = nullptr;
  Result<ChatTemplate> chat_template_;
};

}  // namespace pml::compiler
