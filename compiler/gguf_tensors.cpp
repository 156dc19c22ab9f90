#include "compiler/gguf_tensors.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "compiler/quote.h"
#include "compiler/rope_scaling.h"

namespace pml::compiler {
namespace {

std::optional<TensorType> tensor_type(std::string_view ggml_name) {
  constexpr std::pair<std::string_view, TensorType> kTypes[] = {
      {"F32", TensorType::f32},   {"F16", TensorType::f16},   {"BF16", TensorType::bf16}, {"Q4_0", TensorType::q4_0},
      {"Q4_1", TensorType::q4_1}, {"Q5_0", TensorType::q5_0}, {"Q5_1", TensorType::q5_1}, {"Q8_0", TensorType::q8_0},
      {"Q4_K", TensorType::q4_k}, {"Q5_K", TensorType::q5_k}, {"Q6_K", TensorType::q6_k},
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
    {"ffn_down.weight", "mlp.down_proj.weight"},       {"attn_q.bias", "self_attn.q_proj.bias"},
    {"attn_k.bias", "self_attn.k_proj.bias"},          {"attn_v.bias", "self_attn.v_proj.bias"},
    {"attn_output.bias", "self_attn.o_proj.bias"},     {"attn_q_norm.weight", "self_attn.q_norm.weight"},
    {"attn_k_norm.weight", "self_attn.k_norm.weight"},
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
std::string unexpected_tensor(const GgufTensor& tensor, const std::string& architecture) {
  const std::string_view name = tensor.name;
  const std::string quoted = quote(name);
  if (name.starts_with("rope_factors")) return "RoPE scaling of type 'longrope' (" + quoted + ") is not supported";
  if (name.find("_exp") != name.npos || name.find("ffn_gate_inp") != name.npos) {
    return "a mixture of experts (" + quoted + ") is not supported";
  }
  if (name.ends_with(".bias")) return "a bias (" + quoted + ") is not supported there";
  return "tensor " + quoted + " is no part of architecture '" + architecture + "' as it is supported";
}

/// Of Q and K, weights and biases, in files whose rows are interleaved.
std::int64_t permuted_heads(std::string_view name, const ModelConfig& config) {
  if (config.architecture != "llama") return 0;
  if (name.find("q_proj.") != name.npos) return config.num_heads;
  if (name.find("k_proj.") != name.npos) return config.num_kv_heads;
  return 0;
}

Result<TensorInfo> read_tensor(const GgufTensor& tensor, const ModelConfig& config) {
  auto name = hugging_face_name(tensor.name);
  if (!name) return fail(unexpected_tensor(tensor, config.architecture));
  const auto type = tensor_type(tensor.type);
  if (!type) {
    return fail("tensor " + quote(tensor.name) + " is of type " + std::string(tensor.type) +
                ", which is not supported (F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K and Q6_K are)");
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

constexpr std::string_view kRopeDivisors = "rope_freqs.weight";

/// Llama 3.1's scaling, as files state it: what each frequency is divided by.
Result<void> read_rope_divisors(const GgufTensor& tensor, RopeConfig& rope) {
  const auto failure = [](const std::string& what) {
    return fail("tensor '" + std::string(kRopeDivisors) + "' " + what);
  };
  if (!rope.divisors.empty()) return failure("stands beside RoPE scaling of another kind (" + rope.scaling + ")");
  if (tensor.type != "F32") return failure("is of type " + std::string(tensor.type) + ", not F32");
  std::vector<float> divisors(tensor.data.size() / sizeof(float));
  std::memcpy(divisors.data(), tensor.data.data(), tensor.data.size());
  if (auto scaled = scale_by_divisors(rope, divisors); !scaled) return failure(scaled.error().message);
  return {};
}

}  // namespace

Result<void> read_gguf_tensors(const Gguf& gguf, ModelContents& contents) {
  const auto has = [&](std::string_view name) {
    return std::ranges::find(gguf.tensors, name, &GgufTensor::name) != gguf.tensors.end();
  };
  // The metadata do not say; check_model() sees to it that all layers agree.
  contents.config.tied_embeddings = !has("output.weight");
  contents.config.qkv_bias = has("blk.0.attn_q.bias");
  contents.config.output_bias = has("blk.0.attn_output.bias");
  contents.tensors.reserve(gguf.tensors.size());
  for (const GgufTensor& tensor : gguf.tensors) {
    if (tensor.name == kRopeDivisors) {
      if (auto read = read_rope_divisors(tensor, contents.config.rope); !read) return read;
      continue;
    }
    auto info = read_tensor(tensor, contents.config);
    if (!info) return tl::make_unexpected(info.error());
    contents.tensors.push_back(std::move(*info));
  }
  return {};
}

}  // namespace pml::compiler
