// Stored weights -> f32. Plain C++ for any machine; reads only what it is given, so any number of threads
// may call it at once.
#pragma once

#include <cstdint>

#include "compiler/tensor_info.h"

namespace pml::compiler {

/// Writes rows [first_row, first_row + num_rows) of `tensor`, in the model's own order (the permutation of
/// Q and K is undone), to `out`: [num_rows, row_size(tensor)] f32. The rows must exist. Every value is the
/// format's formula in f32, rounded after each operation, as `gguf` (Python) and ggml compute it. A tensor of
/// one dimension is one row; the permutation then moves its elements.
void dequantize_rows(const TensorInfo& tensor, std::int64_t first_row, std::int64_t num_rows, float* out);

/// What formats of the kinds Q4, Q5 and Q8 store for 32 neighbours of a row: scale * quant + minimum.
struct QuantBlock {
  static constexpr std::int64_t kSize = 32;
  float scale = 0.0F;
  float minimum = 0.0F;       // 0 in the formats that have none
  std::int8_t quants[kSize];  // [-128, 127]; of Q4_0 [-8, 7], of Q4_1 and Q4_K [0, 15]
};

/// Are the elements stored as QuantBlocks? Q6_K is not: it has a scale for every 16.
bool has_quants(TensorType type);
/// Writes the quants of one row of a matrix, in the model's own order, to `out`: [row_size(tensor) / 32].
void read_quants(const TensorInfo& tensor, std::int64_t row, QuantBlock* out);

}  // namespace pml::compiler
