#include "runtime/weights.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include "compiler/dequantize.h"
#include "grammar/check.h"

namespace pml::runtime {
namespace {

/// The tensors of these names below each other, as one f32 matrix (or vector).
at::Tensor stack(const compiler::ModelFile& file, const std::vector<std::string>& names) {
  std::int64_t num_rows = 0;
  std::int64_t row_size = 0;
  bool is_vector = false;
  for (const std::string& name : names) {
    const compiler::TensorInfo* info = file.tensor(name);
    PML_CHECK(info != nullptr, "the model file was checked when it was opened");
    is_vector = info->shape.size() == 1;
    num_rows += is_vector ? 1 : info->shape[0];
    row_size = info->shape.back();
  }
  at::Tensor result = is_vector ? at::empty({row_size}, at::kFloat) : at::empty({num_rows, row_size}, at::kFloat);
  float* out = result.data_ptr<float>();
  for (const std::string& name : names) {
    const compiler::TensorInfo& info = *file.tensor(name);
    const std::int64_t rows = is_vector ? 1 : info.shape[0];
    at::parallel_for(0, rows, 64, [&](std::int64_t begin, std::int64_t end) {
      compiler::dequantize_rows(info, begin, end - begin, out + begin * row_size);
    });
    out += rows * row_size;
  }
  return result;
}

}  // namespace

Weights load_weights(const compiler::ModelFile& file) {
  Weights weights;
  weights.embedding = stack(file, {"model.embed_tokens.weight"});
  weights.head = Linear(file.config().tied_embeddings ? weights.embedding : stack(file, {"lm_head.weight"}));
  weights.norm = stack(file, {"model.norm.weight"});
  for (std::int32_t i = 0; i < file.config().num_layers; ++i) {
    const std::string prefix = "model.layers." + std::to_string(i) + ".";
    LayerWeights layer;
    layer.input_norm = stack(file, {prefix + "input_layernorm.weight"});
    layer.qkv = Linear(stack(file, {prefix + "self_attn.q_proj.weight", prefix + "self_attn.k_proj.weight",
                                    prefix + "self_attn.v_proj.weight"}));
    layer.output = Linear(stack(file, {prefix + "self_attn.o_proj.weight"}));
    layer.mlp_norm = stack(file, {prefix + "post_attention_layernorm.weight"});
    layer.gate_up = Linear(stack(file, {prefix + "mlp.gate_proj.weight", prefix + "mlp.up_proj.weight"}));
    layer.down = Linear(stack(file, {prefix + "mlp.down_proj.weight"}));
    weights.layers.push_back(std::move(layer));
  }
  return weights;
}

}  // namespace pml::runtime
