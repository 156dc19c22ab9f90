#include "runtime/cpu/packed_product.h"

#include <cstddef>
#include <cstdint>
#include <new>

#include "grammar/check.h"
#include "runtime/cpu/packed_product_vnni.h"
#include "runtime/cpu/vnni.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/cpu/packed_product.cpp"
// The order matters: what follows foreach_target.h is compiled once for every instruction set.
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "runtime/cpu/packed_tile_inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace pml::runtime::cpu::HWY_NAMESPACE {

std::int64_t tile_rows_on_target() { return kTileRows; }

/// Rounds one row of a tile of `num_rows`: `pairs` and `scales` are the row's places in the first block.
void quantize_row(const float* values, std::int64_t num_blocks, std::int64_t num_rows, std::uint32_t* pairs,
                  float* scales) {
  constexpr FloatTag d;
  constexpr float kMost = 32767.0F;
  for (std::int64_t block = 0; block < num_blocks; ++block) {
    FloatVector largest = hn::Zero(d);
    for (std::size_t i = 0; i < kBlockInputs; i += kLanes) {
      largest = hn::Max(largest, hn::Abs(hn::LoadU(d, values + i)));
    }
    const float maximum = hn::GetLane(hn::MaxOfLanes(d, largest));
    const FloatVector factor = rounding_factor(maximum, kMost);
    FloatVector sums = hn::Zero(d);  // of whole numbers below 2^24: exact
    for (std::size_t i = 0; i < kBlockInputs; i += kLanes) {
      const FloatVector rounded = round_scaled(hn::LoadU(d, values + i), factor);
      sums = hn::Add(sums, hn::Sub(rounded, hn::Set(d, kRoundingOffset)));
      store_rounded(rounded, reinterpret_cast<std::int16_t*>(pairs) + i);
    }
    pairs += num_rows * kBlockPairs;
    const float scale = maximum / kMost;
    scales[0] = scale;
    scales[num_rows] = scale * hn::GetLane(hn::SumOfLanes(d, sums));
    scales += 2 * num_rows;
    values += kBlockInputs;
  }
}

}  // namespace pml::runtime::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pml::runtime::cpu {

HWY_EXPORT(tile_rows_on_target);
HWY_EXPORT(quantize_row);
HWY_EXPORT(multiply_on_target);

namespace {

std::int64_t tile_rows() { return has_vnni() ? kVnniTileRows : HWY_DYNAMIC_DISPATCH(tile_rows_on_target)(); }

}  // namespace

QuantizedRows::QuantizedRows(std::int64_t num_rows, std::int64_t num_inputs)
    : num_rows_(num_rows), num_inputs_(num_inputs), num_tiles_((num_rows + tile_rows() - 1) / tile_rows()) {
  PML_CHECK(num_inputs % kBlockInputs == 0, "inputs come in whole blocks");
  pairs_ = hwy::AllocateAligned<std::uint32_t>(static_cast<std::size_t>(num_rows * num_inputs / 2));
  if (pairs_ == nullptr && num_rows > 0) throw std::bad_alloc();
  scales_ = std::make_unique_for_overwrite<float[]>(static_cast<std::size_t>(num_rows * num_inputs / kBlockInputs * 2));
}

QuantizedRows::Tile QuantizedRows::tile(std::int64_t index) const {
  // Tiles of nearly equal size: 13 rows as 7 + 6, not 12 + 1.
  Tile tile;
  tile.first_row = index * num_rows_ / num_tiles_;
  tile.num_rows = (index + 1) * num_rows_ / num_tiles_ - tile.first_row;
  tile.pairs = pairs_.get() + tile.first_row * num_inputs_ / 2;
  tile.scales = scales_.get() + tile.first_row * (num_inputs_ / kBlockInputs * 2);
  return tile;
}

void QuantizedRows::set(std::int64_t row, const float* values) {
  // The tile whose rows are [index * num_rows / num_tiles, ...) that holds `row`.
  const Tile at = tile(((row + 1) * num_tiles_ - 1) / num_rows_);
  std::uint32_t* pairs = pairs_.get() + (at.pairs - pairs_.get()) + (row - at.first_row) * kBlockPairs;
  float* scales = scales_.get() + (at.scales - scales_.get()) + (row - at.first_row);
  HWY_DYNAMIC_DISPATCH(quantize_row)(values, num_inputs_ / kBlockInputs, at.num_rows, pairs, scales);
}

void multiply(const PackedMatrix& matrix, const QuantizedRows& rows, std::int64_t first_panel, std::int64_t end_panel,
              Store store, float* out, std::int64_t out_stride) {
  PML_CHECK(rows.num_inputs() == matrix.num_inputs, "the rows are as long as the matrix has inputs");
  PML_CHECK(first_panel >= 0 && end_panel <= matrix.num_panels() && out_stride >= matrix.num_outputs,
            "the panels are the matrix's, and fit the output");
  if (rows.num_rows() == 0) return;
  if (has_vnni()) return multiply_with_vnni(matrix, rows, first_panel, end_panel, store, out, out_stride);
  HWY_DYNAMIC_DISPATCH(multiply_on_target)(matrix, rows, first_panel, end_panel, store, out, out_stride);
}

}  // namespace pml::runtime::cpu
#endif
