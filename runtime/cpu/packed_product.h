// Products of packed weights (packed_matrix.h) with rows of activations, for any number of rows.
//
// Activations come in one of two forms, whose products are:
//
//   integers  of 16 bits with a scale for every 32 of them. An integer product of such a block with a block of weights
//   is
//             exact in 32 bits; the blocks' products are scaled and added up in f32, in ascending order. So a result
//             differs from one in f32 arithmetic by some 2^-16 of its terms. As fast as memory is read for one row, and
//             as fast as bf16 for many, where there are no tiles. Bits may differ between instruction sets with and
//             without a fused multiply-add.
//   bf16      weights, too, are rounded to bf16 as they are unpacked: at most 2^-8 of either factor. For the tiles of
//   AMX, which
//             multiply several times as fast.
//
// In either form a row's bits depend on the row and the weights alone, not on the other rows, nor on threads.
#pragma once

#include <cstdint>
#include <memory>

#include "hwy/aligned_allocator.h"
#include "runtime/cpu/packed_matrix.h"

namespace pml::runtime::cpu {

enum class InputForm : std::uint8_t { integers, bf16 };

/// Can this processor multiply rows in bf16?
bool has_bf16_products();

/// Some tiles of rows.
struct TileRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// Rows of activations, rounded, in tiles as multiply() reads them. Made without contents.
class RoundedRows {
 public:
  /// `num_inputs`: a multiple of kBlockInputs. bf16 only if has_bf16_products(). Throws std::bad_alloc.
  RoundedRows(std::int64_t num_rows, std::int64_t num_inputs, InputForm form);

  std::int64_t num_rows() const { return num_rows_; }
  std::int64_t num_inputs() const { return num_inputs_; }
  InputForm form() const { return form_; }

  /// Rounds row `row` [num_inputs]. Different rows may be set at once from several threads.
  void set(std::int64_t row, const float* values);

  /// A tile is a few rows that are multiplied together. Their inputs lie side by side.
  std::int64_t num_tiles() const { return num_tiles_; }
  struct Tile {
    std::int64_t first_row = 0;
    std::int64_t num_rows = 0;
    std::int64_t room = 0;  // rows that there is room for; num_rows, or 16 in bf16
    /// [num_blocks, room, 16]: two inputs each, the first in the low bits.
    const std::uint32_t* inputs = nullptr;
    /// Of integers: [num_blocks, 2, num_rows]: scale of a block, and its inputs' sum.
    const float* scales = nullptr;
  };
  Tile tile(std::int64_t index) const;
  TileRange all_tiles() const { return {0, num_tiles_}; }

 private:
  std::int64_t num_rows_;
  std::int64_t num_inputs_;
  InputForm form_;
  std::int64_t num_tiles_;
  hwy::AlignedFreeUniquePtr<std::uint32_t[]> inputs_;  // a row's block is a cache line: no two threads write to one
  std::unique_ptr<float[]> scales_;
};

/// What a product does with the place that its result is for.
enum class Store : std::uint8_t { replace, add };

/// out[row, o] = (or +=) sum over i of rows[row, i] * matrix[o, i], for the outputs o of the panels [first_panel,
/// end_panel) and the rows of `tiles`. out: [num_rows, out_stride], out_stride >= matrix.num_outputs. Reentrant;
/// different panels or tiles may be computed at once.
void multiply(const PackedMatrix& matrix, const RoundedRows& rows, TileRange tiles, std::int64_t first_panel,
              std::int64_t end_panel, Store store, float* out, std::int64_t out_stride);

/// out[row, o] = silu(sum over i of rows[row, i] * gate[o, i]) * sum over i of rows[row, i] * up[o, i], rounded, for
/// the outputs of some panels and all rows: the sums do not go through memory. All rows in bf16; matrices of one type
/// and shape, and whole blocks of outputs. Different pairs of panels, from an even one on, may be computed at once.
void multiply_gated(const PackedMatrix& gate, const PackedMatrix& up, const RoundedRows& rows, std::int64_t first_panel,
                    std::int64_t end_panel, RoundedRows& out);

}  // namespace pml::runtime::cpu
