// packed_product.h for AMX (amx.h): weights are unpacked to bf16 as they are read, and multiplied with rows in bf16,
// some ten times as fast as in integers. Sums are in f32.
#pragma once

#include "runtime/cpu/packed_product.h"

namespace pml::runtime::cpu {

inline constexpr std::int64_t kAmxTileRows = 16;

/// multiply(), if has_amx(), of rows in bf16.
void multiply_with_amx(const PackedMatrix& matrix, const RoundedRows& rows, TileRange tiles, std::int64_t first_panel,
                       std::int64_t end_panel, Store store, float* out, std::int64_t out_stride);

/// multiply_gated(), if has_amx().
void multiply_gated_with_amx(const PackedMatrix& gate, const PackedMatrix& up, const RoundedRows& rows,
                             std::int64_t first_panel, std::int64_t end_panel, RoundedRows& out);

}  // namespace pml::runtime::cpu
