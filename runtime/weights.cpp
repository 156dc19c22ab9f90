#include "runtime/weights.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <optional>
#include <string>

#include "compiler/dequantize.h"
#include "grammar/check.h"

namespace pml::runtime {
namespace {

/// The tensors of these names as one in f32: matrices below each other, vectors end to end.
at::Tensor stack(const compiler::ModelFile& file, const std::vector<std::string>& names) {
  std::vector<std::int64_t> shape;
  for (const std::string& name : names) {
    const compiler::TensorInfo* info = file.tensor(name);
    PML_CHECK(info != nullptr, "the model file was checked when it was opened");
    if (shape.empty()) {
      shape = info->shape;
    } else {
      shape[0] += info->shape[0];
    }
  }
  at::Tensor result = at::empty(shape, at::kFloat);
  float* out = result.data_ptr<float>();
  for (const std::string& name : names) {
    const compiler::TensorInfo& info = *file.tensor(name);
    const std::int64_t row_size = compiler::row_size(info);
    at::parallel_for(0, compiler::num_rows(info), 64, [&](std::int64_t begin, std::int64_t end) {
      compiler::dequantize_rows(info, begin, end - begin, out + begin * row_size);
    });
    out += compiler::num_rows(info) * row_size;
  }
  return result;
}

/// The product with the weights of `layers`, below each other, and with their biases if they have some.
Linear linear(const compiler::ModelFile& file, const std::vector<std::string>& layers, ComputeType compute,
              bool has_bias = false) {
  std::vector<std::string> weights, biases;
  for (const std::string& layer : layers) {
    weights.push_back(layer + ".weight");
    biases.push_back(layer + ".bias");
  }
  return Linear(stack(file, weights), has_bias ? std::optional(stack(file, biases)) : std::nullopt, compute);
}

}  // namespace

Weights load_weights(const compiler::ModelFile& file, ComputeType compute) {
  const compiler::ModelConfig& config = file.config();
  Weights weights;
  weights.embedding = *file.tensor("model.embed_tokens.weight");
  weights.head = linear(file, {config.tied_embeddings ? "model.embed_tokens" : "lm_head"}, ComputeType::f32);
  weights.norm = stack(file, {"model.norm.weight"});
  for (std::int32_t i = 0; i < config.num_layers; ++i) {
    const std::string prefix = "model.layers." + std::to_string(i) + ".";
    LayerWeights layer;
    layer.input_norm = stack(file, {prefix + "input_layernorm.weight"});
    layer.qkv = linear(file, {prefix + "self_attn.q_proj", prefix + "self_attn.k_proj", prefix + "self_attn.v_proj"},
                       ComputeType::f32, config.qkv_bias);
    if (config.qk_norm) {
      layer.q_norm = stack(file, {prefix + "self_attn.q_norm.weight"});
      layer.k_norm = stack(file, {prefix + "self_attn.k_norm.weight"});
    }
    layer.output = linear(file, {prefix + "self_attn.o_proj"}, compute, config.output_bias);
    layer.mlp_norm = stack(file, {prefix + "post_attention_layernorm.weight"});
    layer.gate_up = linear(file, {prefix + "mlp.gate_proj", prefix + "mlp.up_proj"}, compute);
    layer.down = linear(file, {prefix + "mlp.down_proj"}, compute);
    weights.layers.push_back(std::move(layer));
  }
  return weights;
}

}  // namespace pml::runtime
