#include "runtime/weights.h"

#include <ATen/ops/empty.h>

#include <optional>
#include <string>

#include "compiler/dequantize.h"
#include "grammar/check.h"
#include "runtime/threads.h"

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
    for_pieces(compiler::num_rows(info), 64, [&](std::int64_t begin, std::int64_t end) {
      compiler::dequantize_rows(info, begin, end - begin, out + begin * row_size);
    });
    out += compiler::num_rows(info) * row_size;
  }
  return result;
}

/// Makes products, from packed weights where a matrix is packed.
struct LinearMaker {
  const compiler::ModelFile& file;
  const PackedWeights& packed;

  /// The product with the weights of `layers`, below each other, and with their biases if they have some. `compute`: in
  /// what, if they are not packed.
  Linear operator()(const std::vector<std::string>& layers, ComputeType compute, bool has_bias = false) const {
    std::vector<std::string> weights, biases;
    std::vector<cpu::PackedMatrix> matrices;
    for (const std::string& layer : layers) {
      weights.push_back(layer + ".weight");
      biases.push_back(layer + ".bias");
      if (const cpu::PackedMatrix* matrix = packed.find(weights.back())) matrices.push_back(*matrix);
    }
    std::optional<at::Tensor> bias;
    if (has_bias) bias = stack(file, biases);
    if (matrices.size() == layers.size()) return Linear(std::move(matrices), std::move(bias));
    return Linear(stack(file, weights), std::move(bias), compute);
  }
};

}  // namespace

Weights load_weights(const compiler::ModelFile& file, const ModelOptions& options) {
  const compiler::ModelConfig& config = file.config();
  const ComputeType compute = options.weights == WeightType::bf16 ? ComputeType::bf16 : ComputeType::f32;
  Weights weights;
  weights.packed =
      PackedWeights::load(file, options.weights, options.fingerprint, options.weights_folder, kParallelFor);
  const LinearMaker linear{file, weights.packed};
  weights.embedding = *file.tensor("model.embed_tokens.weight");
  weights.head = linear({config.tied_embeddings ? "model.embed_tokens" : "lm_head"}, ComputeType::f32);
  weights.norm = stack(file, {"model.norm.weight"});
  for (std::int32_t i = 0; i < config.num_layers; ++i) {
    const std::string prefix = "model.layers." + std::to_string(i) + ".";
    LayerWeights layer;
    layer.input_norm = stack(file, {prefix + "input_layernorm.weight"});
    layer.qkv = linear({prefix + "self_attn.q_proj", prefix + "self_attn.k_proj", prefix + "self_attn.v_proj"},
                       ComputeType::f32, config.qkv_bias);
    if (config.qk_norm) {
      layer.q_norm = stack(file, {prefix + "self_attn.q_norm.weight"});
      layer.k_norm = stack(file, {prefix + "self_attn.k_norm.weight"});
    }
    layer.output = linear({prefix + "self_attn.o_proj"}, compute, config.output_bias);
    layer.mlp_norm = stack(file, {prefix + "post_attention_layernorm.weight"});
    layer.gate_up = linear({prefix + "mlp.gate_proj", prefix + "mlp.up_proj"}, compute);
    layer.down = linear({prefix + "mlp.down_proj"}, compute);
    weights.layers.push_back(std::move(layer));
  }
  return weights;
}

}  // namespace pml::runtime
