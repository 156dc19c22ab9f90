#include "compiler/gguf_model.h"

#include <algorithm>
#include <string>
#include <utility>

#include "compiler/gguf_config.h"
#include "compiler/gguf_metadata.h"
#include "compiler/gguf_tensors.h"
#include "compiler/quote.h"

namespace pml::compiler {
namespace {

TokenId read_token_id(GgufMetadata& metadata, const std::string& key, std::size_t vocab_size) {
  if (!metadata.has(key)) return -1;
  const std::int32_t id = metadata.integer(key);
  if (id < 0 || static_cast<std::size_t>(id) >= vocab_size) {
    metadata.fail_with("metadata key '" + key + "' names token " + std::to_string(id) + " of " +
                       std::to_string(vocab_size));
  }
  return id;
}

TokenizerData read_tokenizer(GgufMetadata& metadata) {
  TokenizerData data;
  data.model = metadata.text("tokenizer.ggml.model");
  data.pre_tokenizer = metadata.text_or("tokenizer.ggml.pre", {});
  const auto tokens = metadata.texts("tokenizer.ggml.tokens");
  data.tokens.assign(tokens.begin(), tokens.end());
  if (data.model == "gpt2") {  // other models have no merges; whether they are supported is not decided here
    const auto merges = metadata.texts("tokenizer.ggml.merges");
    data.merges.assign(merges.begin(), merges.end());
  }
  data.types = metadata.integers_or_none("tokenizer.ggml.token_type");
  if (!metadata.has("tokenizer.ggml.token_type")) data.types.assign(data.tokens.size(), kNormalToken);
  if (data.types.size() != data.tokens.size()) {
    metadata.fail_with("'tokenizer.ggml.token_type' has " + std::to_string(data.types.size()) + " entries for " +
                       std::to_string(data.tokens.size()) + " tokens");
  }
  data.bos = read_token_id(metadata, "tokenizer.ggml.bos_token_id", data.tokens.size());
  data.eos = read_token_id(metadata, "tokenizer.ggml.eos_token_id", data.tokens.size());
  const auto rules = named_text_rules(data.pre_tokenizer);  // an unknown name is refused by Tokenizer
  data.add_bos = metadata.flag_or("tokenizer.ggml.add_bos_token", rules && rules->adds_bos && data.bos >= 0);
  if (data.add_bos && data.bos < 0) {
    metadata.fail_with("'tokenizer.ggml.add_bos_token' is set, but there is no 'tokenizer.ggml.bos_token_id'");
  }
  for (const char* key :
       {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"}) {
    const TokenId id = read_token_id(metadata, key, data.tokens.size());
    if (id >= 0 && std::ranges::find(data.end_tokens, id) == data.end_tokens.end()) {
      data.end_tokens.push_back(id);
    }
  }
  return data;
}

}  // namespace

Result<ModelContents> read_gguf_model(const Gguf& gguf) {
  GgufMetadata metadata(gguf);
  if (const std::int32_t num_parts = metadata.integer_or("split.count", 1); num_parts > 1) {  // only part 1 says more
    return fail("is one part of a model that is split into " + std::to_string(num_parts) +
                " GGUF files, which is not supported; join them with llama.cpp's `llama-gguf-split --merge FIRST.gguf "
                "WHOLE.gguf`");
  }
  const std::string architecture(metadata.text("general.architecture"));
  if (!metadata.error().empty()) return fail(metadata.error());
  if (!is_gguf_architecture(architecture)) {
    return fail("architecture " + quote(architecture) + " is not supported (llama, qwen2 and qwen3 are)");
  }
  ModelContents contents;
  contents.config = read_gguf_config(metadata, architecture);
  const std::string vocab_size_key = architecture + ".vocab_size";
  const std::int32_t stated_vocab_size = metadata.integer_or(vocab_size_key, 0);
  contents.tokenizer = read_tokenizer(metadata);
  contents.chat_template = metadata.text_or("tokenizer.chat_template", {});
  if (!metadata.error().empty()) return fail(metadata.error());

  const std::size_t num_tokens = contents.tokenizer.tokens.size();
  if (!std::in_range<std::int32_t>(num_tokens) ||
      (stated_vocab_size != 0 && std::cmp_not_equal(stated_vocab_size, num_tokens))) {
    return fail("the tokenizer has " + std::to_string(num_tokens) + " tokens, '" + vocab_size_key + "' says " +
                std::to_string(stated_vocab_size));
  }
  contents.config.vocab_size = static_cast<std::int32_t>(num_tokens);
  return read_gguf_tensors(gguf, contents).map([&] { return std::move(contents); });
}

}  // namespace pml::compiler
