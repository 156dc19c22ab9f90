#include "runtime/cpu/packed_product.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>

#include "grammar/check.h"
#include "runtime/cpu/amx.h"
#include "runtime/cpu/packed_product_amx.h"
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

/// Rounds one row of a tile of `room` rows to bf16: `inputs` is the row's place in the first block.
void round_row_to_bf16(const float* values, std::int64_t num_blocks, std::int64_t room, std::uint32_t* inputs) {
  constexpr FloatTag d;
  const hn::RebindToUnsigned<FloatTag> bits;
  const hn::Rebind<std::uint16_t, FloatTag> narrow;
  for (std::int64_t block = 0; block < num_blocks; ++block) {
    auto* to = reinterpret_cast<std::uint16_t*>(inputs);
    for (std::size_t i = 0; i < kBlockInputs; i += kLanes) {
      const auto rounded = hn::Add(hn::BitCast(bits, hn::LoadU(d, values + i)), hn::Set(bits, 0x8000));
      hn::Store(hn::TruncateTo(narrow, hn::ShiftRight<16>(rounded)), narrow, to + i);
    }
    inputs += room * kBlockPairs;
    values += kBlockInputs;
  }
}

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
HWY_EXPORT(round_row_to_bf16);
HWY_EXPORT(multiply_on_target);

namespace {

std::int64_t tile_rows(InputForm form) {
  if (form == InputForm::bf16) return kAmxTileRows;
  return has_vnni() ? kVnniTileRows : HWY_DYNAMIC_DISPATCH(tile_rows_on_target)();
}

}  // namespace

bool has_bf16_products() { return has_amx(); }

RoundedRows::RoundedRows(std::int64_t num_rows, std::int64_t num_inputs, InputForm form)
    : num_rows_(num_rows),
      num_inputs_(num_inputs),
      form_(form),
      num_tiles_((num_rows + tile_rows(form) - 1) / tile_rows(form)) {
  PML_CHECK(num_inputs % kBlockInputs == 0, "inputs come in whole blocks");
  PML_CHECK(form == InputForm::integers || has_bf16_products(), "the processor has the form's products");
  const std::int64_t room = form == InputForm::bf16 ? num_tiles_ * kAmxTileRows : num_rows;
  const auto num_words = static_cast<std::size_t>(room * num_inputs / 2);
  inputs_ = hwy::AllocateAligned<std::uint32_t>(num_words);
  if (inputs_ == nullptr && num_rows > 0) throw std::bad_alloc();
  if (form == InputForm::integers) {
    scales_ = std::make_unique_for_overwrite<float[]>(static_cast<std::size_t>(num_rows * num_inputs / 16));
  } else if (room > num_rows) {  // rows that nobody sets are multiplied with the others of their tile
    std::fill_n(inputs_.get(), num_words, 0U);
  }
}

RoundedRows::Tile RoundedRows::tile(std::int64_t index) const {
  Tile tile;
  if (form_ == InputForm::bf16) {
    tile.first_row = index * kAmxTileRows;
    tile.num_rows = std::min(kAmxTileRows, num_rows_ - tile.first_row);
    tile.room = kAmxTileRows;
    tile.inputs = inputs_.get() + tile.first_row * num_inputs_ / 2;
    return tile;
  }
  // Tiles of nearly equal size: 13 rows as 7 + 6, not 12 + 1.
  tile.first_row = index * num_rows_ / num_tiles_;
  tile.num_rows = (index + 1) * num_rows_ / num_tiles_ - tile.first_row;
  tile.room = tile.num_rows;
  tile.inputs = inputs_.get() + tile.first_row * num_inputs_ / 2;
  tile.scales = scales_.get() + tile.first_row * (num_inputs_ / kBlockInputs * 2);
  return tile;
}

void RoundedRows::set(std::int64_t row, const float* values) {
  const std::int64_t num_blocks = num_inputs_ / kBlockInputs;
  // The tile that holds `row`; of integers, the one whose rows are [index * num_rows / num_tiles, ...).
  const Tile at = tile(form_ == InputForm::bf16 ? row / kAmxTileRows : ((row + 1) * num_tiles_ - 1) / num_rows_);
  std::uint32_t* inputs = inputs_.get() + (at.inputs - inputs_.get()) + (row - at.first_row) * kBlockPairs;
  if (form_ == InputForm::bf16) return HWY_DYNAMIC_DISPATCH(round_row_to_bf16)(values, num_blocks, at.room, inputs);
  float* scales = scales_.get() + (at.scales - scales_.get()) + (row - at.first_row);
  HWY_DYNAMIC_DISPATCH(quantize_row)(values, num_blocks, at.num_rows, inputs, scales);
}

void multiply(const PackedMatrix& matrix, const RoundedRows& rows, TileRange tiles, std::int64_t first_panel,
              std::int64_t end_panel, Store store, float* out, std::int64_t out_stride) {
  PML_CHECK(rows.num_inputs() == matrix.num_inputs, "the rows are as long as the matrix has inputs");
  PML_CHECK(first_panel >= 0 && end_panel <= matrix.num_panels() && out_stride >= matrix.num_outputs,
            "the panels are the matrix's, and fit the output");
  PML_CHECK(tiles.begin >= 0 && tiles.end <= rows.num_tiles(), "the tiles are the rows'");
  PML_CHECK(matrix.type != PackedType::bf16 || rows.form() == InputForm::bf16, "weights in bf16 want rows in bf16");
  if (tiles.begin >= tiles.end) return;
  if (rows.form() == InputForm::bf16) {
    return multiply_with_amx(matrix, rows, tiles, first_panel, end_panel, store, out, out_stride);
  }
  if (has_vnni()) return multiply_with_vnni(matrix, rows, tiles, first_panel, end_panel, store, out, out_stride);
  HWY_DYNAMIC_DISPATCH(multiply_on_target)(matrix, rows, tiles, first_panel, end_panel, store, out, out_stride);
}

void multiply_gated(const PackedMatrix& gate, const PackedMatrix& up, const RoundedRows& rows, std::int64_t first_panel,
                    std::int64_t end_panel, RoundedRows& out) {
  PML_CHECK(rows.form() == InputForm::bf16 && out.form() == InputForm::bf16, "rows are in bf16");
  PML_CHECK(gate.type == up.type && gate.num_outputs == up.num_outputs && gate.num_inputs == up.num_inputs,
            "the matrices have one shape");
  PML_CHECK(rows.num_inputs() == gate.num_inputs && out.num_inputs() == gate.num_outputs &&
                out.num_rows() == rows.num_rows() && first_panel >= 0 && end_panel <= gate.num_panels(),
            "the rows fit the matrices");
  multiply_gated_with_amx(gate, up, rows, first_panel, end_panel, out);
}

}  // namespace pml::runtime::cpu
#endif
