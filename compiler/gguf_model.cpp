#include "compiler/gguf_model.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "compiler/gguf_metadata.h"
#include "compiler/quote.h"

namespace pml::compiler {
namespace {

constexpr std::string_view kLlama = "llama";

// --- configuration

/// Settings that have to be absent or without effect, each with the feature that it would switch on.
void refuse_unsupported_features(GgufMetadata& metadata) {
  const std::string_view scaling = metadata.text_or("llama.rope.scaling.type", "none");
  if (scaling != "none") {
    metadata.fail_with("RoPE scaling of type " + quote(scaling) +
                       " ('llama.rope.scaling.type') is not supported");
  }
  // Older files give a factor and no type, which means linear scaling.
  for (const char* key : {"llama.rope.scaling.factor", "llama.rope.scale_linear"}) {
    if (metadata.real_or(key, 1.0) != 1.0) {
      metadata.fail_with("RoPE scaling ('" + std::string(key) + "') is not supported");
    }
  }
  for (const char* key : {"llama.expert_count", "llama.expert_used_count"}) {
    if (metadata.integer_or(key, 0) != 0) {
      metadata.fail_with("a mixture of experts ('" + std::string(key) + "') is not supported");
    }
  }
  if (metadata.integer_or("llama.attention.sliding_window", 0) != 0) {
    metadata.fail_with("a sliding window ('llama.attention.sliding_window') is not supported");
  }
  if (!metadata.flag_or("llama.attention.causal", true)) {
    metadata.fail_with("attention that is not causal ('llama.attention.causal') is not supported");
  }
  metadata.ignore("llama.rope.scaling.original_context_length");
  metadata.ignore("llama.rope.scaling.finetuned");
  metadata.ignore("llama.tensor_data_layout");
}

ModelConfig read_config(GgufMetadata& metadata) {
  ModelConfig config;
  config.architecture = kLlama;
  config.num_layers = metadata.integer("llama.block_count");
  config.hidden_size = metadata.integer("llama.embedding_length");
  config.ffn_size = metadata.integer("llama.feed_forward_length");
  config.max_positions = metadata.integer("llama.context_length");
  config.num_heads = metadata.integer("llama.attention.head_count");
  config.num_kv_heads = metadata.integer_or("llama.attention.head_count_kv", config.num_heads);
  config.rms_norm_eps = metadata.real("llama.attention.layer_norm_rms_epsilon");
  config.rope.base = metadata.real_or("llama.rope.freq_base", config.rope.base);

  // A division that leaves a rest is no model of ours; check_model() names the shapes that then do not fit.
  const std::int32_t even_split = config.num_heads > 0 ? config.hidden_size / config.num_heads : 0;
  config.head_dim = metadata.integer_or("llama.attention.key_length", even_split);
  if (metadata.integer_or("llama.attention.value_length", config.head_dim) != config.head_dim) {
    metadata.fail_with(
        "values of another length than keys ('llama.attention.value_length') are not supported");
  }
  config.rope.rotary_dim = metadata.integer_or("llama.rope.dimension_count", config.head_dim);
  return config;
}

// --- tensors

std::optional<TensorType> tensor_type(std::string_view ggml_name) {
  constexpr std::pair<std::string_view, TensorType> kTypes[] = {
      {"F32", TensorType::f32},   {"F16", TensorType::f16},   {"BF16", TensorType::bf16},
      {"Q4_0", TensorType::q4_0}, {"Q4_1", TensorType::q4_1}, {"Q8_0", TensorType::q8_0},
  };
  const auto* found = std::ranges::find(kTypes, ggml_name, &std::pair<std::string_view, TensorType>::first);
  return found == std::end(kTypes) ? std::nullopt : std::optional(found->second);
}

struct NameMapping {
  std::string_view gguf;
  std::string_view hugging_face;
};

constexpr NameMapping kModelTensors[] = {
    {"token_embd.weight", "model.embed_tokens.weight"},
    {"output_norm.weight", "model.norm.weight"},
    {"output.weight", "lm_head.weight"},
};

/// After "blk.N." and "model.layers.N.".
constexpr NameMapping kLayerTensors[] = {
    {"attn_norm.weight", "input_layernorm.weight"},    {"attn_q.weight", "self_attn.q_proj.weight"},
    {"attn_k.weight", "self_attn.k_proj.weight"},      {"attn_v.weight", "self_attn.v_proj.weight"},
    {"attn_output.weight", "self_attn.o_proj.weight"}, {"ffn_norm.weight", "post_attention_layernorm.weight"},
    {"ffn_gate.weight", "mlp.gate_proj.weight"},       {"ffn_up.weight", "mlp.up_proj.weight"},
    {"ffn_down.weight", "mlp.down_proj.weight"},
};

/// "blk.12.attn_q.weight" -> 12 and "attn_q.weight".
struct LayerName {
  std::int32_t layer;
  std::string_view tensor;
};

std::optional<LayerName> split_layer_name(std::string_view name) {
  constexpr std::string_view kPrefix = "blk.";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  std::int32_t layer = 0;
  const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), layer);
  if (code != std::errc() || end == name.data() + name.size() || *end != '.') return std::nullopt;
  return LayerName{layer, name.substr(static_cast<std::size_t>(end - name.data()) + 1)};
}

std::optional<std::string> hugging_face_name(std::string_view name) {
  for (const NameMapping& mapping : kModelTensors) {
    if (mapping.gguf == name) return std::string(mapping.hugging_face);
  }
  const auto in_layer = split_layer_name(name);
  if (!in_layer) return std::nullopt;
  for (const NameMapping& mapping : kLayerTensors) {
    if (mapping.gguf == in_layer->tensor) {
      return "model.layers." + std::to_string(in_layer->layer) + "." + std::string(mapping.hugging_face);
    }
  }
  return std::nullopt;
}

/// Why a tensor that has no place in the architecture may be there.
std::string unexpected_tensor(const GgufTensor& tensor) {
  const std::string_view name = tensor.name;
  const std::string quoted = quote(name);
  if (name.starts_with("rope_freqs")) return "RoPE scaling by frequency (" + quoted + ") is not supported";
  if (name.find("_exp") != name.npos || name.find("ffn_gate_inp") != name.npos) {
    return "a mixture of experts (" + quoted + ") is not supported";
  }
  if (name.ends_with(".bias")) return "a bias (" + quoted + ") is not supported for architecture 'llama'";
  return "tensor " + quoted + " is no part of architecture 'llama' as it is supported";
}

std::int64_t permuted_heads(const std::string& name, const ModelConfig& config) {
  if (name.ends_with("q_proj.weight")) return config.num_heads;
  if (name.ends_with("k_proj.weight")) return config.num_kv_heads;
  return 0;
}

Result<TensorInfo> read_tensor(const GgufTensor& tensor, const ModelConfig& config) {
  auto name = hugging_face_name(tensor.name);
  if (!name) return fail(unexpected_tensor(tensor));
  const auto type = tensor_type(tensor.type);
  if (!type) {
    return fail("tensor " + quote(tensor.name) + " is of type " + std::string(tensor.type) +
                ", which is not supported (F32, F16, BF16, Q4_0, Q4_1 and Q8_0 are)");
  }
  TensorInfo info;
  info.name = std::move(*name);
  info.type = *type;
  info.data = tensor.data;
  info.permuted_heads = permuted_heads(info.name, config);
  // The elements lie in the file, so their number is far from 63 bits.
  info.shape.assign(tensor.dimensions.rbegin(), tensor.dimensions.rend());
  return info;
}

// --- tokenizer

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
  constexpr std::int32_t kNormal = 1;
  data.types = metadata.integers_or_none("tokenizer.ggml.token_type");
  if (!metadata.has("tokenizer.ggml.token_type")) data.types.assign(data.tokens.size(), kNormal);
  if (data.types.size() != data.tokens.size()) {
    metadata.fail_with("'tokenizer.ggml.token_type' has " + std::to_string(data.types.size()) +
                       " entries for " + std::to_string(data.tokens.size()) + " tokens");
  }
  data.bos = read_token_id(metadata, "tokenizer.ggml.bos_token_id", data.tokens.size());
  data.eos = read_token_id(metadata, "tokenizer.ggml.eos_token_id", data.tokens.size());
  data.add_bos = metadata.flag_or("tokenizer.ggml.add_bos_token", false);
  if (data.add_bos && data.bos < 0) {
    metadata.fail_with(
        "'tokenizer.ggml.add_bos_token' is set, but there is no 'tokenizer.ggml.bos_token_id'");
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
  const std::string_view architecture = metadata.text("general.architecture");
  if (metadata.error().empty() && architecture != kLlama) {
    return fail("architecture " + quote(architecture) + " is not supported ('llama' is)");
  }
  ModelContents contents;
  contents.config = read_config(metadata);
  refuse_unsupported_features(metadata);
  const std::int32_t stated_vocab_size = metadata.integer_or("llama.vocab_size", 0);
  if (const auto key = metadata.first_unasked("llama."); !key.empty()) {
    metadata.fail_with("the setting " + quote(key) + " is not supported");
  }
  contents.tokenizer = read_tokenizer(metadata);
  contents.chat_template = metadata.text_or("tokenizer.chat_template", {});
  if (!metadata.error().empty()) return fail(metadata.error());

  const std::size_t num_tokens = contents.tokenizer.tokens.size();
  if (!std::in_range<std::int32_t>(num_tokens) ||
      (stated_vocab_size != 0 && std::cmp_not_equal(stated_vocab_size, num_tokens))) {
    return fail("the tokenizer has " + std::to_string(num_tokens) + " tokens, 'llama.vocab_size' says " +
                std::to_string(stated_vocab_size));
  }
  contents.config.vocab_size = static_cast<std::int32_t>(num_tokens);

  contents.config.tied_embeddings = std::ranges::find(gguf.tensors, "output.weight", &GgufTensor::name) ==
                                    gguf.tensors.end();  // as in every GGUF file of a tied model
  contents.tensors.reserve(gguf.tensors.size());
  for (const GgufTensor& tensor : gguf.tensors) {
    auto info = read_tensor(tensor, contents.config);
    if (!info) return tl::make_unexpected(info.error());
    contents.tensors.push_back(std::move(*info));
  }
  return contents;
}

}  // namespace pml::compiler
