// packed_product.h for AVX-512 with VNNI (vnni.h): twice as fast as AVX-512 without.
#pragma once

#include "runtime/cpu/packed_product.h"

namespace pml::runtime::cpu {

inline constexpr std::int64_t kVnniTileRows = 12;

/// multiply(), if has_vnni().
void multiply_with_vnni(const PackedMatrix& matrix, const RoundedRows& rows, TileRange tiles, std::int64_t first_panel,
                        std::int64_t end_panel, Store store, float* out, std::int64_t out_stride);

}  // namespace pml::runtime::cpu
