#include "runtime/cpu/packed_product_vnni.h"

#include "runtime/cpu/packed_product.h"
#include "runtime/cpu/vnni.h"

#if HWY_ARCH_X86
// The order matters: the kernel is compiled for the target.
// clang-format off
#include "runtime/cpu/vnni_target_inl.h"
#include "runtime/cpu/packed_tile_inl.h"
// clang-format on

static_assert(pml::runtime::cpu::N_AVX3_VNNI::kTileRows == pml::runtime::cpu::kVnniTileRows);
#endif

namespace pml::runtime::cpu {

void multiply_with_vnni([[maybe_unused]] const PackedMatrix& matrix, [[maybe_unused]] const RoundedRows& rows,
                        [[maybe_unused]] TileRange tiles, [[maybe_unused]] std::int64_t first_panel,
                        [[maybe_unused]] std::int64_t end_panel, [[maybe_unused]] Store store,
                        [[maybe_unused]] float* out, [[maybe_unused]] std::int64_t out_stride) {
#if HWY_ARCH_X86
  N_AVX3_VNNI::multiply_on_target(matrix, rows, tiles, first_panel, end_panel, store, out, out_stride);
#endif
}

}  // namespace pml::runtime::cpu
