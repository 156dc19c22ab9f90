// A model's stored weights -> packed matrices (cpu/packed_matrix.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "compiler/tensor_info.h"
#include "runtime/cpu/packed_matrix.h"
#include "runtime/weight_type.h"

namespace pml::runtime {

/// The type that a matrix is packed to under `weights`; none: it is not packed. Blocks of GGUF's Q4, Q5 and Q8 kinds
/// are taken as they are (scales of Q4_K and Q5_K are rounded to f16), and Q6_K is rounded to q8. F32, F16 and BF16 are
/// rounded if `weights` is q8 or q4, and q4 rounds whatever has more than 4 bits. Under bf16 every matrix is packed if
/// the processor has products of bf16 tiles, else none.
std::optional<cpu::PackedType> packed_type(const compiler::TensorInfo& tensor, WeightType weights);

/// Writes panel `panel` of the matrix, `matrix.panel_bytes()` bytes, to `out`. `matrix` has the tensor's shape; its
/// data are not looked at. Any number of threads may pack at once.
void pack_panel(const compiler::TensorInfo& tensor, const cpu::PackedMatrix& matrix, std::int64_t panel,
                std::byte* out);

}  // namespace pml::runtime
