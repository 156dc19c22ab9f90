#include "support/byte_tokenizer.h"

#include "compiler/byte_level.h"
#include "grammar/check.h"

namespace pml::test {

compiler::TokenizerData byte_tokenizer_data() {
  compiler::TokenizerData data;
  data.model = "gpt2";
  data.pre_tokenizer = "gpt-2";
  for (int byte = 0; byte < 256; ++byte) {
    data.tokens.push_back(byte == 0xF1 ? "<unused>" : compiler::byte_level_character(static_cast<std::uint8_t>(byte)));
    data.types.push_back(1);
  }
  for (const char* special : {"<|im_start|>", "<|im_end|>", "<bos>"}) {
    data.tokens.emplace_back(special);
    data.types.push_back(3);
  }
  data.eos = 257;
  return data;
}

compiler::Tokenizer byte_tokenizer(bool with_bos) {
  compiler::TokenizerData data = byte_tokenizer_data();
  if (with_bos) {
    data.bos = 258;
    data.add_bos = true;
  }
  auto tokenizer = compiler::Tokenizer::build(data);
  PML_CHECK(tokenizer.has_value(), "the bytes are a vocabulary");
  return std::move(*tokenizer);
}

compiler::TextEncoder byte_encoder(bool with_bos) {
  static const compiler::Tokenizer plain = byte_tokenizer(false);
  static const compiler::Tokenizer bos = byte_tokenizer(true);
  return {with_bos ? bos : plain, compiler::ChatTemplate(compiler::TemplateFamily::chatml)};
}

}  // namespace pml::test
