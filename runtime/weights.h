// The weights of a decoder as f32 tensors, in the shapes that the forward pass multiplies with. Torch inside:
// only model.cpp and weights.cpp include this.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "compiler/model_file.h"

namespace pml::runtime {

struct LayerWeights {
  at::Tensor input_norm;   // [hidden]
  at::Tensor qkv;          // [(num_heads + 2 num_kv_heads) * head_dim, hidden]: Q, K, V below each other
  at::Tensor output;       // [hidden, num_heads * head_dim]
  at::Tensor mlp_norm;     // [hidden]
  at::Tensor gate_up;      // [2 ffn, hidden]: gate, then up
  at::Tensor down;         // [hidden, ffn]
};

struct Weights {
  at::Tensor embedding;  // [vocab, hidden]
  at::Tensor head;       // [vocab, hidden]; the embedding itself if they are tied
  at::Tensor norm;       // [hidden]
  std::vector<LayerWeights> layers;
};

/// Dequantises every tensor once, on all threads.
Weights load_weights(const compiler::ModelFile& file);

}  // namespace pml::runtime
