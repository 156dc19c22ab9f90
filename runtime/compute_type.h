// The arithmetic of matrix products.
#pragma once

#include <cstdint>

namespace pml::runtime {

/// bf16: weights and the inputs of products are rounded to bf16, sums are f32, what a product gives is rounded to
/// bf16. Norms, RoPE, attention, the residual stream and the head are f32 in either type.
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
