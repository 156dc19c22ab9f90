// Row-wise steps of a decoder layer on the CPU, in f32. Every row is computed by itself, in a fixed order, so
// its bits do not depend on its neighbours. Instruction sets are chosen at run time. Reentrant.
#pragma once

#include <cstdint>

#include "runtime/kv_type.h"

namespace pml::runtime::cpu {

/// out[i] = x[i] / sqrt(mean(x^2) + eps) * weight[i], for one row of `size` values. out may be x.
void rms_norm(const float* x, const float* weight, float eps, std::int64_t size, float* out);

/// out[i] = silu(gate[i]) * up[i]. silu(x) = x / (1 + exp(-x)).
void silu_multiply(const float* gate, const float* up, std::int64_t size, float* out);

/// out[i] += x[i].
void add(const float* x, std::int64_t size, float* out);

/// Rotates one head [2 * half]: pairs (x[i], x[i + half]) by the angle whose cosine and sine are given
/// [half].
void rotate(const float* x, const float* cosine, const float* sine, std::int64_t half, float* out);

/// Rounds `size` values to the KV type, to nearest even.
void round_to(KvType type, const float* x, std::int64_t size, void* out);

}  // namespace pml::runtime::cpu
