// The arithmetic of matrix products.
#pragma once

#include <cstdint>

namespace pml::runtime {

/// bf16: in the products of the MLP and behind attention, weights and inputs are rounded to bf16, sums are f32, and
/// what a product gives is rounded to bf16. Attention is rounded as `AttentionRounding` says. The rest is f32 in either
/// type: norms, RoPE, the residual stream, the head (rounded logits would tie), and the products that give queries,
/// keys and values (rounded, they cost more accuracy than all others together, and a sixth of the arithmetic). That is
/// where oneDNN multiplies; with products of bf16 tiles (cpu/packed_product.h) weights in bf16 are packed, all of them,
/// and what a product gives stays f32.
enum class ComputeType : std::uint8_t { f32, bf16 };

/// Has this CPU instructions for bf16 products? Without them bf16 is emulated, and slower than f32.
inline bool has_bf16_instructions() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

}  // namespace pml::runtime
