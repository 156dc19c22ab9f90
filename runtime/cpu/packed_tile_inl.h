// A few rows by a few vectors of outputs, over all blocks of inputs: the inner loop of packed_product.h.
//
// Included for every Highway target by packed_product.cpp, and by packed_product_vnni.cpp for one that Highway does
// not know (simd_pairs_inl.h).
#include <cstddef>
#include <cstdint>

#include "runtime/cpu/packed_product.h"
#include "runtime/cpu/simd_pairs_inl.h"

PML_SIMD_BEFORE
namespace pml::runtime::cpu::PML_SIMD_NAMESPACE {

/// Rows of a tile at most: an integer and a float accumulator each, and room for operands.
constexpr std::size_t kTileRows = HWY_TARGET <= HWY_AVX3 ? 12 : 5;

struct TileArguments {
  const std::uint8_t* quants;  // of the first vector of outputs
  std::int64_t next_vector;    // bytes to the quants of the next
  const std::uint8_t* scales;  // the first vector's scales
  std::int64_t next_scales;    // bytes to the scales of the next vector
  std::int64_t num_blocks;
  const std::uint32_t* pairs;  // RoundedRows::Tile::inputs
  const float* row_scales;
  Store store;
  float* out;  // [rows, out_stride]: the first vector's place
  std::int64_t out_stride;
};

#if HWY_TARGET == HWY_SCALAR  // processors without SSSE3

inline float half_to_float(const std::uint8_t* bytes) {
  hwy::float16_t half;
  __builtin_memcpy(&half, bytes, sizeof half);
  return hn::GetLane(hn::PromoteTo(hn::ScalableTag<float>(), hn::Set(hn::ScalableTag<hwy::float16_t>(), half)));
}

template <PackedType kType, std::size_t kRows, std::size_t kVectors>
void multiply_tile(const TileArguments& arguments) {
  for (std::size_t v = 0; v < kVectors; ++v) {
    for (std::size_t row = 0; row < kRows; ++row) {
      const std::uint8_t* quants = arguments.quants + v * arguments.next_vector;
      const std::uint8_t* scales = arguments.scales + v * arguments.next_scales;
      const std::uint32_t* pairs = arguments.pairs + row * kBlockPairs;
      const float* row_scales = arguments.row_scales + row;
      float sum = 0.0F;
      for (std::int64_t block = 0; block < arguments.num_blocks; ++block) {
        std::int32_t dot = 0;
        const auto add = [&](std::int32_t quant, std::int64_t input) {
          dot += quant * static_cast<std::int16_t>(pairs[input / 2] >> input % 2 * 16);
        };
        for (std::int64_t i = 0; i < quant_bytes(kType) / kPanelOutputs; ++i) {
          const std::uint8_t byte = quants[i / 2 * 2 * kPanelOutputs + i % 2];
          if constexpr (kType == PackedType::q4) {
            add(byte & 15, i / 2 * 4 + i % 2);
            add(byte >> 4, i / 2 * 4 + 2 + i % 2);
          } else {
            add(static_cast<std::int8_t>(byte), i);
          }
        }
        sum += static_cast<float>(dot) * (half_to_float(scales) * row_scales[0]);
        if constexpr (has_minimum(kType)) sum += half_to_float(scales + 2 * kPanelOutputs) * row_scales[kRows];
        quants += block_bytes(kType);
        scales += block_bytes(kType);
        pairs += kBlockPairs * kRows;
        row_scales += 2 * kRows;
      }
      float* to = arguments.out + row * arguments.out_stride + v;
      *to = arguments.store == Store::add ? *to + sum : sum;
    }
  }
}

#else

HWY_INLINE FloatVector load_halves(const std::uint8_t* from) {
  const hn::Rebind<hwy::float16_t, FloatTag> narrow;
  return hn::PromoteTo(FloatTag(), hn::LoadU(narrow, reinterpret_cast<const hwy::float16_t*>(from)));
}

/// Row tiles are known to the compiler, so that the accumulators stay in registers.
template <PackedType kType, std::size_t kRows, std::size_t kVectors>
HWY_NOINLINE void multiply_tile(const TileArguments& arguments) {
  constexpr FloatTag f32;
  constexpr IntTag i32;
  constexpr ShortTag i16;
  FloatVector sums[kVectors][kRows];
#pragma GCC unroll 16
  for (std::size_t v = 0; v < kVectors; ++v) {
#pragma GCC unroll 16
    for (std::size_t row = 0; row < kRows; ++row) sums[v][row] = hn::Zero(f32);
  }
  const std::uint8_t* HWY_RESTRICT quants = arguments.quants;
  const std::uint8_t* HWY_RESTRICT scales = arguments.scales;
  const std::uint32_t* HWY_RESTRICT pairs = arguments.pairs;
  const float* HWY_RESTRICT row_scales = arguments.row_scales;
  for (std::int64_t block = 0; block < arguments.num_blocks; ++block) {
    IntVector dots[kVectors][kRows];
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors; ++v) {
#pragma GCC unroll 16
      for (std::size_t row = 0; row < kRows; ++row) dots[v][row] = hn::Zero(i32);
    }
    constexpr std::size_t kGroups = quant_bytes(kType) / (2 * kPanelOutputs);
#pragma GCC unroll 16
    for (std::size_t group = 0; group < kGroups; ++group) {
#pragma GCC unroll 16
      for (std::size_t v = 0; v < kVectors; ++v) {
        const std::uint8_t* from = quants + v * arguments.next_vector + group * 2 * kPanelOutputs;
        const auto multiply_pairs = [&](ShortVector weights, std::size_t pair) {
#pragma GCC unroll 16
          for (std::size_t row = 0; row < kRows; ++row) {
            const IntVector inputs = hn::Set(i32, static_cast<std::int32_t>(pairs[row * kBlockPairs + pair]));
            dots[v][row] = add_pair_products(dots[v][row], weights, hn::BitCast(i16, inputs));
          }
        };
        if constexpr (kType == PackedType::q4) {
          const hn::Rebind<std::uint8_t, ShortTag> bytes;
          const ShortVector both = hn::PromoteTo(i16, hn::LoadU(bytes, from));
          multiply_pairs(hn::And(both, hn::Set(i16, 15)), 2 * group);
          multiply_pairs(hn::ShiftRight<4>(both), 2 * group + 1);
        } else {
          const hn::Rebind<std::int8_t, ShortTag> bytes;
          multiply_pairs(hn::PromoteTo(i16, hn::LoadU(bytes, reinterpret_cast<const std::int8_t*>(from))), group);
        }
      }
    }
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::uint8_t* from = scales + v * arguments.next_scales;
      const FloatVector scale = load_halves(from);
#pragma GCC unroll 16
      for (std::size_t row = 0; row < kRows; ++row) {
        const FloatVector factor = hn::Mul(scale, hn::Set(f32, row_scales[row]));
        sums[v][row] = hn::MulAdd(hn::ConvertTo(f32, dots[v][row]), factor, sums[v][row]);
      }
      if constexpr (has_minimum(kType)) {
        const FloatVector minimum = load_halves(from + 2 * kPanelOutputs);
#pragma GCC unroll 16
        for (std::size_t row = 0; row < kRows; ++row) {
          sums[v][row] = hn::MulAdd(minimum, hn::Set(f32, row_scales[kRows + row]), sums[v][row]);
        }
      }
    }
    quants += block_bytes(kType);
    scales += block_bytes(kType);
    pairs += kBlockPairs * kRows;
    row_scales += 2 * kRows;
  }
#pragma GCC unroll 16
  for (std::size_t v = 0; v < kVectors; ++v) {
#pragma GCC unroll 16
    for (std::size_t row = 0; row < kRows; ++row) {
      float* to = arguments.out + row * arguments.out_stride + v * kLanes;
      hn::StoreU(arguments.store == Store::add ? hn::Add(hn::LoadU(f32, to), sums[v][row]) : sums[v][row], f32, to);
    }
  }
}

#endif  // HWY_TARGET == HWY_SCALAR

/// Vectors of a panel.
constexpr std::int64_t kPanelVectors = kPanelOutputs / kLanes;

/// Tiles of few rows take more outputs at once: else the additions would wait for each other.
constexpr std::int64_t vectors_of_tile(std::int64_t num_rows) {
  const std::int64_t wanted = num_rows == 1 ? 4 : num_rows <= 3 ? 2 : 1;
  return kPanelVectors == 1 || wanted < kPanelVectors ? wanted : kPanelVectors;
}

/// Computes as many of the `num_vectors` next vectors as fit into a tile of so many rows; returns their number.
template <PackedType kType, std::size_t kRows = kTileRows>
HWY_INLINE std::int64_t multiply_vectors(std::int64_t num_rows, std::int64_t num_vectors,
                                         const TileArguments& arguments) {
  if (num_rows == kRows) {
    constexpr std::int64_t kVectors = vectors_of_tile(kRows);
    if constexpr (kVectors > 1) {
      if (num_vectors >= kVectors) {
        multiply_tile<kType, kRows, kVectors>(arguments);
        return kVectors;
      }
    }
    multiply_tile<kType, kRows, 1>(arguments);
    return 1;
  }
  if constexpr (kRows > 1) return multiply_vectors<kType, kRows - 1>(num_rows, num_vectors, arguments);
  return num_vectors;
}

/// Panels whose vectors lie at equal distances, so that tiles may run over several of them.
template <PackedType kType>
void multiply_panel_run(const PackedMatrix& matrix, const RoundedRows::Tile& tile, std::int64_t panel,
                        std::int64_t num_panels, Store store, float* out, std::int64_t out_stride) {
  const auto* quants = reinterpret_cast<const std::uint8_t*>(matrix.data) + panel * matrix.panel_bytes();
  TileArguments arguments;
  arguments.next_vector = kPanelVectors == 1 ? matrix.panel_bytes() : 2 * kLanes;
  arguments.next_scales = kPanelVectors == 1 ? matrix.panel_bytes() : 2 * kLanes;
  arguments.num_blocks = matrix.num_blocks();
  arguments.pairs = tile.inputs;
  arguments.row_scales = tile.scales;
  arguments.store = store;
  arguments.out_stride = out_stride;
  for (std::int64_t vector = 0; vector < num_panels * kPanelVectors;) {
    arguments.quants = quants + vector * arguments.next_vector;
    arguments.scales = quants + quant_bytes(kType) + vector * arguments.next_scales;
    arguments.out = out + vector * kLanes;
    vector += multiply_vectors<kType>(tile.num_rows, num_panels * kPanelVectors - vector, arguments);
  }
}

template <PackedType kType>
void multiply_panels(const PackedMatrix& matrix, const RoundedRows& rows, TileRange tiles, std::int64_t first_panel,
                     std::int64_t end_panel, Store store, float* out, std::int64_t out_stride) {
  // All tiles of a few panels, then the next panels: their weights come from memory once.
  const std::int64_t most = kPanelVectors == 1 ? vectors_of_tile(rows.tile(0).num_rows) : 1;
  for (std::int64_t panel = first_panel; panel < end_panel;) {
    const bool is_whole = (panel + 1) * kPanelOutputs <= matrix.num_outputs;
    std::int64_t num_panels = 1;
    while (is_whole && num_panels < most && panel + num_panels < end_panel &&
           (panel + num_panels + 1) * kPanelOutputs <= matrix.num_outputs) {
      ++num_panels;
    }
    for (std::int64_t t = tiles.begin; t < tiles.end; ++t) {
      const RoundedRows::Tile tile = rows.tile(t);
      float* to = out + tile.first_row * out_stride + panel * kPanelOutputs;
      if (is_whole) {
        multiply_panel_run<kType>(matrix, tile, panel, num_panels, store, to, out_stride);
        continue;
      }
      float padded[kTileRows * kPanelOutputs];
      multiply_panel_run<kType>(matrix, tile, panel, 1, Store::replace, padded, kPanelOutputs);
      for (std::int64_t row = 0; row < tile.num_rows; ++row) {
        for (std::int64_t o = 0; o < matrix.num_outputs - panel * kPanelOutputs; ++o) {
          float& place = to[row * out_stride + o];
          const float sum = padded[row * kPanelOutputs + o];
          place = store == Store::add ? place + sum : sum;
        }
      }
    }
    panel += num_panels;
  }
}

inline void multiply_on_target(const PackedMatrix& matrix, const RoundedRows& rows, TileRange tiles,
                               std::int64_t first_panel, std::int64_t end_panel, Store store, float* out,
                               std::int64_t out_stride) {
  switch (matrix.type) {
    case PackedType::q4:
      return multiply_panels<PackedType::q4>(matrix, rows, tiles, first_panel, end_panel, store, out, out_stride);
    case PackedType::q8:
      return multiply_panels<PackedType::q8>(matrix, rows, tiles, first_panel, end_panel, store, out, out_stride);
    case PackedType::q8_minimum:
      return multiply_panels<PackedType::q8_minimum>(matrix, rows, tiles, first_panel, end_panel, store, out,
                                                     out_stride);
    case PackedType::bf16:
      break;  // never multiplied with integers
  }
}

}  // namespace pml::runtime::cpu::PML_SIMD_NAMESPACE
PML_SIMD_AFTER
