// The weights of a decoder, in the shapes that the forward pass multiplies with. Torch inside:
// only model.cpp and weights.cpp include this.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "compiler/model_file.h"
#include "runtime/linear.h"
#include "runtime/model_options.h"
#include "runtime/packed_weights.h"

namespace pml::runtime {

struct LayerWeights {
  at::Tensor input_norm;  // [hidden]
  Linear qkv;             // [(num_heads + 2 num_kv_heads) * head_dim, hidden]: Q, K, V below each other
  at::Tensor q_norm;      // [head_dim]; undefined in models without QK-norm
  at::Tensor k_norm;      // the same
  Linear output;          // [hidden, num_heads * head_dim]
  at::Tensor mlp_norm;    // [hidden]
  Linear gate_up;         // [2 ffn, hidden]: gate, then up
  Linear down;            // [hidden, ffn]
};

struct Weights {
  compiler::TensorInfo embedding;  // [vocab, hidden], as stored: few of its rows are ever read
  Linear head;                     // [vocab, hidden]
  at::Tensor norm;                 // [hidden]
  std::vector<LayerWeights> layers;
  PackedWeights packed;  // what packed products read
};

/// Packs matrices, or dequantises them, on all threads. The file must outlive the weights.
Weights load_weights(const compiler::ModelFile& file, const ModelOptions& options);

}  // namespace pml::runtime
