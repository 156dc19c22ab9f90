// The numbers that make a decoder of the Llama family.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pml::compiler {

/// Heads that are served: multiples of 8 up to this, which is what segment attention computes with.
inline constexpr std::int32_t kMaxHeadDim = 256;

struct RopeConfig {
  double base = 10000.0;
  std::int32_t rotary_dim = 0;  ///< head_dim where the model rotates whole heads
  /// RoPE scaling: what the frequency of each pair is divided by, [rotary_dim / 2]; empty: nothing. All kinds of
  /// scaling that are served come down to this (rope_scaling.h).
  std::vector<double> divisors;
  std::string scaling = "none";  ///< the kind of scaling and its numbers, for recipes and messages
};

struct ModelConfig {
  std::string architecture;  ///< "llama" (Mistral's too), "qwen2", "qwen3"
  std::int32_t num_layers = 0;
  std::int32_t hidden_size = 0;
  std::int32_t num_heads = 0;
  std::int32_t num_kv_heads = 0;
  std::int32_t head_dim = 0;  ///< stated by some models; hidden_size / num_heads in the others
  std::int32_t ffn_size = 0;
  std::int32_t vocab_size = 0;
  std::int32_t max_positions = 0;  ///< the context that the model was trained for
  double rms_norm_eps = 0.0;
  bool tied_embeddings = false;  ///< no lm_head.weight: the embedding is the head
  bool qkv_bias = false;         ///< q_proj, k_proj and v_proj have biases
  bool output_bias = false;      ///< o_proj has one
  bool qk_norm = false;          ///< an RMS norm over each head of Q and of K, before RoPE
  RopeConfig rope;
};

}  // namespace pml::compiler
