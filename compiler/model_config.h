// The numbers that make a decoder of the Llama family.
#pragma once

#include <cstdint>
#include <string>

namespace pml::compiler {

enum class RopeScaling : std::uint8_t { none };

struct RopeConfig {
  double base = 10000.0;
  std::int32_t rotary_dim = 0;  ///< head_dim where the model rotates whole heads
  RopeScaling scaling = RopeScaling::none;
};

struct ModelConfig {
  std::string architecture;  ///< "llama"
  std::int32_t num_layers = 0;
  std::int32_t hidden_size = 0;
  std::int32_t num_heads = 0;
  std::int32_t num_kv_heads = 0;
  std::int32_t head_dim = 0;
  std::int32_t ffn_size = 0;
  std::int32_t vocab_size = 0;
  std::int32_t max_positions = 0;  ///< the context that the model was trained for
  double rms_norm_eps = 0.0;
  bool tied_embeddings = false;  ///< no lm_head.weight: the embedding is the head
  RopeConfig rope;
};

}  // namespace pml::compiler
