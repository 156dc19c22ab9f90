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

}  // namespace pml::compiler
