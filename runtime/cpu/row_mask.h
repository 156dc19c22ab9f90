// Which rows of a sub-block a query sees: one bit a row, the first row the lowest bit.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>

namespace pml::runtime::cpu {

/// Rows that are scored, and enter the running maximum, at once: as many as a mask has bits. With head_dim 64
/// the f32 keys and values of a sub-block take 32 KB.
inline constexpr std::int32_t kSubBlockRows = 64;

/// The rows [first_row, first_row + kSubBlockRows) below `limit`.
inline std::uint64_t mask_below(std::int32_t limit, std::int32_t first_row) {
  const std::int32_t rows = std::clamp(limit - first_row, 0, kSubBlockRows);
  return rows == kSubBlockRows ? ~std::uint64_t{0} : (std::uint64_t{1} << rows) - 1;
}

/// The rows [first_row, first_row + kSubBlockRows) that `rows` (ascending) names.
inline std::uint64_t mask_of(std::span<const std::int32_t> rows, std::int32_t first_row) {
  std::uint64_t mask = 0;
  for (auto row = std::lower_bound(rows.begin(), rows.end(), first_row);
       row != rows.end() && *row - first_row < kSubBlockRows; ++row) {
    mask |= std::uint64_t{1} << (*row - first_row);
  }
  return mask;
}

/// One past the last row of the mask; 0 if it is empty.
inline std::int32_t mask_end(std::uint64_t mask) { return static_cast<std::int32_t>(std::bit_width(mask)); }

}  // namespace pml::runtime::cpu
