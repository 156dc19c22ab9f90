#include "runtime/cpu/packed_product_amx.h"

#include <algorithm>
#include <initializer_list>
#include <numbers>

#include "runtime/cpu/packed_product.h"
#include "runtime/cpu/vnni.h"

#if HWY_ARCH_X86
// The order matters: the kernel is compiled for the target.
// clang-format off
#include "runtime/cpu/vnni_target_inl.h"
#include "runtime/cpu/amx_tiles.h"
#include "runtime/cpu/bf16_vectors_inl.h"
// clang-format on

PML_SIMD_BEFORE
namespace pml::runtime::cpu::PML_SIMD_NAMESPACE {
namespace {

static_assert(kLanes == kPanelOutputs && kAmxTileRows == kPanelOutputs);

/// A tile of sums is kAmxTileRows rows by a panel. So many panels and tiles of rows are multiplied at a time, and their
/// sums stay in registers.
constexpr std::int64_t kPanelsAtOnce = 2;
constexpr std::int64_t kTilesAtOnce = 2;
/// Blocks of a panel that are unpacked at a time: 18 KB of two panels, so that they stay in the L1 cache while as many
/// of the rows' go by.
constexpr std::int64_t kChunkBlocks = 9;
constexpr std::size_t kLine = 64;
constexpr std::size_t kTileBytes = 16 * kLine;
constexpr std::size_t kTileSums = kAmxTileRows * kPanelOutputs;

HWY_INLINE FloatVector load_halves(const std::uint8_t* from) {
  const hn::Rebind<hwy::float16_t, FloatTag> narrow;
  return hn::PromoteTo(FloatTag(), hn::LoadU(narrow, reinterpret_cast<const hwy::float16_t*>(from)));
}

/// quant * scale + minimum, where `kBits` bits of `quants` from bit `kAt` on are the quant, as a float: these
/// bits are taken as those behind the point of a number from 1 to 2. `scale` and `offset` undo that.
template <int kAt, int kBits>
HWY_INLINE FloatVector dequantize(Words quants, FloatVector scale, FloatVector offset) {
  const hn::RebindToUnsigned<FloatTag> words;
  constexpr std::uint32_t kMask = ((1U << kBits) - 1) << kAt;
  const Words number = hn::OrAnd(hn::Set(words, 0x3F800000), quants, hn::Set(words, kMask));
  return hn::MulAdd(hn::BitCast(FloatTag(), number), scale, offset);
}

/// A block of a panel as a tile: [16][16][2] in bf16; (p, o, i) is output o's weight of input 2p + i.
template <PackedType kType>
HWY_INLINE void unpack_block(const std::uint8_t* HWY_RESTRICT block, std::uint8_t* HWY_RESTRICT to) {
  constexpr FloatTag f32;
  const hn::RebindToUnsigned<FloatTag> words;
  const hn::Rebind<std::uint16_t, FloatTag> halves;
  const auto load = [&](std::int64_t group) HWY_ATTR {
    const auto* from = reinterpret_cast<const std::uint16_t*>(block + group * 2 * kPanelOutputs);
    return hn::PromoteTo(words, hn::LoadU(halves, from));
  };
  const auto store = [&](Words pair, std::int64_t row) HWY_ATTR {
    hn::Store(pair, words, reinterpret_cast<std::uint32_t*>(to + static_cast<std::size_t>(row) * kLine));
  };
  const std::uint8_t* scales = block + quant_bytes(kType);
  const FloatVector scale = load_halves(scales);
  FloatVector minimum = hn::Zero(f32);
  if constexpr (has_minimum(kType)) minimum = load_halves(scales + 2 * kPanelOutputs);
  // Bit 15 of a float counts 2^-8, bit 19 2^-4.
  const FloatVector scale_15 = hn::Mul(scale, hn::Set(f32, 256.0F));
  const FloatVector offset_15 = hn::Sub(minimum, scale_15);
  if constexpr (kType == PackedType::q4) {
    const FloatVector scale_19 = hn::Mul(scale, hn::Set(f32, 16.0F));
    const FloatVector offset_19 = hn::Sub(minimum, scale_19);
#pragma GCC unroll 8
    for (std::int64_t g = 0; g < kBlockInputs / 4; ++g) {
      // Two bytes: inputs 4g and 4g + 1 in the low nibbles, 4g + 2 and 4g + 3 in the high ones.
      const Words both = load(g);
      const Words even = hn::ShiftLeft<15>(both), odd = hn::ShiftLeft<7>(both);
      store(round_pair(dequantize<15, 4>(even, scale_15, offset_15), dequantize<15, 4>(odd, scale_15, offset_15)),
            2 * g);
      store(round_pair(dequantize<19, 4>(even, scale_19, offset_19), dequantize<19, 4>(odd, scale_19, offset_19)),
            2 * g + 1);
    }
  } else {
    const FloatVector offset = hn::NegMulAdd(scale, hn::Set(f32, 128.0F), offset_15);  // of quants without a sign
#pragma GCC unroll 16
    for (std::int64_t g = 0; g < kBlockInputs / 2; ++g) {
      const Words both = hn::Xor(load(g), hn::Set(words, 0x8080));
      store(round_pair(dequantize<15, 8>(hn::ShiftLeft<15>(both), scale_15, offset),
                       dequantize<15, 8>(hn::ShiftLeft<7>(both), scale_15, offset)),
            g);
    }
  }
}

constexpr TileShape kWholeTile{16, kLine};
constexpr std::initializer_list<TileShape> kTileShapes{kWholeTile, kWholeTile, kWholeTile, kWholeTile,
                                                       kWholeTile, kWholeTile, kWholeTile, kWholeTile};

/// Tiles: sums [panel][row tile], inputs [row tile], weights [panel].
template <int kPanel, int kTile>
constexpr int kSums = kPanel* kTilesAtOnce + kTile;
template <int kTile>
constexpr int kInputs = 4 + kTile;
template <int kPanel>
constexpr int kWeights = 6 + kPanel;

/// Where a tile of sums is: 16 rows, `stride` bytes apart.
struct SumsPlace {
  float* sums = nullptr;
  std::size_t stride = 0;
};

/// Adds products of tiles of rows, `inputs[t]`, and of unpacked panels to sums [panel][row tile], or replaces these.
template <int kPanels, int kTiles>
HWY_NOINLINE void multiply_tiles_of(const std::uint8_t* const* inputs, const std::uint8_t* const* weights,
                                    std::int64_t num_blocks, Store store, const SumsPlace* places) {
  const auto for_sums = [&](const auto& body) HWY_ATTR {
    body.template operator()<0, 0>();
    if constexpr (kTiles > 1) body.template operator()<0, 1>();
    if constexpr (kPanels > 1) body.template operator()<1, 0>();
    if constexpr (kPanels > 1 && kTiles > 1) body.template operator()<1, 1>();
  };
  for_sums([&]<int kPanel, int kTile>() HWY_ATTR {
    const SumsPlace& place = places[kPanel * kTilesAtOnce + kTile];
    if (store == Store::replace) {
      clear_tile<kSums<kPanel, kTile>>();
    } else {
      load_tile<kSums<kPanel, kTile>>(place.sums, place.stride);
    }
  });
  for (std::size_t at = 0; at < static_cast<std::size_t>(num_blocks) * kTileBytes; at += kTileBytes) {
    load_tile<kInputs<0>>(inputs[0] + at, kLine);
    load_tile<kWeights<0>>(weights[0] + at, kLine);
    multiply_tiles<kSums<0, 0>, kInputs<0>, kWeights<0>>();
    if constexpr (kTiles > 1) {
      load_tile<kInputs<1>>(inputs[1] + at, kLine);
      multiply_tiles<kSums<0, 1>, kInputs<1>, kWeights<0>>();
    }
    if constexpr (kPanels > 1) {
      load_tile<kWeights<1>>(weights[1] + at, kLine);
      multiply_tiles<kSums<1, 0>, kInputs<0>, kWeights<1>>();
      if constexpr (kTiles > 1) multiply_tiles<kSums<1, 1>, kInputs<1>, kWeights<1>>();
    }
  }
  for_sums([&]<int kPanel, int kTile>() HWY_ATTR {
    const SumsPlace& place = places[kPanel * kTilesAtOnce + kTile];
    store_tile<kSums<kPanel, kTile>>(place.sums, place.stride);
  });
}

template <int kPanels>
void multiply_tiles_of(int num_tiles, const std::uint8_t* const* inputs, const std::uint8_t* const* weights,
                       std::int64_t num_blocks, Store store, const SumsPlace* places) {
  (num_tiles == 1 ? multiply_tiles_of<kPanels, 1> : multiply_tiles_of<kPanels, 2>)(inputs, weights, num_blocks, store,
                                                                                   places);
}

const std::uint8_t* tile_inputs(const RoundedRows& rows, std::int64_t tile, std::int64_t block) {
  return reinterpret_cast<const std::uint8_t*>(rows.tile(tile).inputs) + static_cast<std::size_t>(block) * kTileBytes;
}

/// A tile of sums that does not fit where they belong, and is copied: fewer rows or outputs than 16.
struct PartialTile {
  HWY_ALIGN float sums[kTileSums];
  float* out;
  std::int64_t stride, num_rows, num_outputs;

  void load() { copy(out, stride, sums, kPanelOutputs); }
  void store() const { copy(sums, kPanelOutputs, out, stride); }

 private:
  void copy(const float* from, std::int64_t from_stride, float* to, std::int64_t to_stride) const {
    constexpr FloatTag f32;
    for (std::int64_t row = 0; row < num_rows; ++row, from += from_stride, to += to_stride) {
      if (num_outputs == kPanelOutputs) {
        hn::StoreU(hn::LoadU(f32, from), f32, to);
      } else {
        std::copy_n(from, num_outputs, to);
      }
    }
  }
};

/// Tiles of rows times blocks of kPanels panels. out: the first panel's.
template <int kPanels>
void multiply_chunk(const PackedMatrix& matrix, const RoundedRows& rows, TileRange tiles, std::int64_t panel,
                    std::int64_t first_block, std::int64_t num_blocks, const std::uint8_t* const* weights, Store store,
                    float* out, std::int64_t out_stride) {
  for (std::int64_t t = tiles.begin; t < tiles.end; t += kTilesAtOnce) {
    const int count = static_cast<int>(std::min(kTilesAtOnce, tiles.end - t));
    const std::uint8_t* inputs[kTilesAtOnce] = {};
    SumsPlace places[kPanelsAtOnce * kTilesAtOnce];
    PartialTile partial[kPanelsAtOnce * kTilesAtOnce];
    int num_partial = 0;
    for (int i = 0; i < count; ++i) {
      const RoundedRows::Tile tile = rows.tile(t + i);
      inputs[i] = tile_inputs(rows, t + i, first_block);
      for (int p = 0; p < kPanels; ++p) {
        SumsPlace& place = places[p * kTilesAtOnce + i];
        float* to = out + tile.first_row * out_stride + p * kPanelOutputs;
        const std::int64_t num_outputs = std::min(kPanelOutputs, matrix.num_outputs - (panel + p) * kPanelOutputs);
        if (tile.num_rows == kAmxTileRows && num_outputs == kPanelOutputs) {
          place = {to, static_cast<std::size_t>(out_stride) * sizeof(float)};
          continue;
        }
        PartialTile& copy = partial[num_partial++];
        copy.out = to;
        copy.stride = out_stride;
        copy.num_rows = tile.num_rows;
        copy.num_outputs = num_outputs;
        if (store == Store::add) copy.load();
        place = {copy.sums, kLine};
      }
    }
    multiply_tiles_of<kPanels>(count, inputs, weights, num_blocks, store, places);
    for (int i = 0; i < num_partial; ++i) partial[i].store();
  }
}

/// Room for blocks of panels as tiles.
struct TilesOfPanels {
  HWY_ALIGN std::uint8_t unpacked[kPanelsAtOnce][kChunkBlocks * kTileBytes];
  const std::uint8_t* tiles[kPanelsAtOnce] = {};

  /// Unpacks `num_blocks` blocks, `from[p]` the first one of a panel; those in bf16 are tiles as they are. Meanwhile
  /// asks for what stands `next` bytes further on.
  template <PackedType kType>
  HWY_NOINLINE void load(const std::uint8_t* const* from, int num_panels, std::int64_t num_blocks, std::int64_t next) {
    for (int p = 0; p < num_panels; ++p) {
      const std::uint8_t* block = from[p];
      std::uint8_t* to = unpacked[p];
      tiles[p] = kType == PackedType::bf16 ? block : to;
      for (std::int64_t b = 0; b < num_blocks; ++b, block += block_bytes(kType), to += kTileBytes) {
        for (std::int64_t line = 0; line < block_bytes(kType); line += static_cast<std::int64_t>(kLine)) {
          __builtin_prefetch(block + next + line, 0, kType == PackedType::bf16 ? 2 : 3);
        }
        if constexpr (kType != PackedType::bf16) unpack_block<kType>(block, to);
      }
    }
  }
};

const std::uint8_t* panel_data(const PackedMatrix& matrix, std::int64_t panel, std::int64_t block) {
  return reinterpret_cast<const std::uint8_t*>(matrix.data) + panel * matrix.panel_bytes() +
         block * block_bytes(matrix.type);
}

/// kPanels panels from `panel` on.
template <PackedType kType, int kPanels>
HWY_NOINLINE void multiply_panels_at_once(const PackedMatrix& matrix, const RoundedRows& rows, TileRange tiles,
                                          std::int64_t panel, Store store, float* out, std::int64_t out_stride) {
  TilesOfPanels weights;
  for (std::int64_t first = 0; first < matrix.num_blocks(); first += kChunkBlocks) {
    const std::int64_t num_blocks = std::min(kChunkBlocks, matrix.num_blocks() - first);
    const std::uint8_t* from[kPanelsAtOnce] = {};
    for (int p = 0; p < kPanels; ++p) from[p] = panel_data(matrix, panel + p, first);
    weights.load<kType>(from, kPanels, num_blocks, kPanels * matrix.panel_bytes());
    multiply_chunk<kPanels>(matrix, rows, tiles, panel, first, num_blocks, weights.tiles,
                            first == 0 ? store : Store::add, out + panel * kPanelOutputs, out_stride);
  }
}

/// silu(gate) * up to bf16: a tile of sums each.
HWY_NOINLINE void activate_tile(const float* HWY_RESTRICT gate, const float* HWY_RESTRICT up, std::int64_t num_rows,
                                std::uint8_t* HWY_RESTRICT to) {
  constexpr FloatTag f32;
  const FloatVector most = hn::Set(f32, 126.0F);
  for (std::int64_t row = 0; row < num_rows; ++row, gate += kPanelOutputs, up += kPanelOutputs, to += kLine) {
    const FloatVector x = hn::Load(f32, gate);
    const FloatVector power =
        exp2_by(kQuarticExp2, hn::Min(hn::Mul(x, hn::Set(f32, -std::numbers::log2e_v<float>)), most));
    const FloatVector denominator = hn::Add(power, hn::Set(f32, 1.0F));
    FloatVector inverse;
    asm("vrcp14ps %1, %0" : "=v"(inverse.raw) : "v"(denominator.raw));
    inverse = hn::Mul(inverse, hn::NegMulAdd(inverse, denominator, hn::Set(f32, 2.0F)));
    const FloatVector product = hn::Mul(hn::Mul(x, inverse), hn::Load(f32, up));
    hn::Vec<hn::Rebind<std::uint16_t, FloatTag>> rounded;
    asm("vcvtneps2bf16 %1, %0" : "=v"(rounded.raw) : "v"(product.raw));
    hn::Store(rounded, hn::Rebind<std::uint16_t, FloatTag>(), reinterpret_cast<std::uint16_t*>(to));
  }
}

/// A panel of each matrix; sums of kWaitingTiles tiles of rows wait for one another.
template <PackedType kType>
HWY_NOINLINE void multiply_gated_panel(const PackedMatrix& gate, const PackedMatrix& up, const RoundedRows& rows,
                                       std::int64_t panel, RoundedRows& out) {
  constexpr std::int64_t kWaitingTiles = 16;
  TilesOfPanels weights;
  HWY_ALIGN float sums[kPanelsAtOnce][kWaitingTiles][kTileSums];
  for (std::int64_t first_tile = 0; first_tile < rows.num_tiles(); first_tile += kWaitingTiles) {
    const std::int64_t num_tiles = std::min(kWaitingTiles, rows.num_tiles() - first_tile);
    for (std::int64_t first = 0; first < gate.num_blocks(); first += kChunkBlocks) {
      const std::int64_t num_blocks = std::min(kChunkBlocks, gate.num_blocks() - first);
      if (first_tile == 0 || num_blocks < gate.num_blocks()) {
        const std::uint8_t* from[kPanelsAtOnce] = {panel_data(gate, panel, first), panel_data(up, panel, first)};
        weights.load<kType>(from, kPanelsAtOnce, num_blocks, gate.panel_bytes());
      }
      for (std::int64_t t = 0; t < num_tiles; t += kTilesAtOnce) {
        const std::uint8_t* inputs[kTilesAtOnce] = {};
        SumsPlace places[kPanelsAtOnce * kTilesAtOnce];
        const auto count = static_cast<int>(std::min(kTilesAtOnce, num_tiles - t));
        for (int i = 0; i < count; ++i) {
          inputs[i] = tile_inputs(rows, first_tile + t + i, first);
          for (int p = 0; p < kPanelsAtOnce; ++p) places[p * kTilesAtOnce + i] = {sums[p][t + i], kLine};
        }
        multiply_tiles_of<kPanelsAtOnce>(count, inputs, weights.tiles, num_blocks,
                                         first == 0 ? Store::replace : Store::add, places);
      }
    }
    for (std::int64_t t = 0; t < num_tiles; ++t) {
      const RoundedRows::Tile tile = out.tile(first_tile + t);
      auto* to = reinterpret_cast<std::uint8_t*>(const_cast<std::uint32_t*>(tile.inputs)) +
                 static_cast<std::size_t>(panel / 2) * kTileBytes + static_cast<std::size_t>(panel % 2) * kLine / 2;
      activate_tile(sums[0][t], sums[1][t], tile.num_rows, to);
    }
  }
}

template <PackedType kType>
void multiply_gated_in_bf16(const PackedMatrix& gate, const PackedMatrix& up, const RoundedRows& rows,
                            std::int64_t first_panel, std::int64_t end_panel, RoundedRows& out) {
  const TileScope scope(kTileShapes);
  for (std::int64_t panel = first_panel; panel < end_panel; ++panel) {
    multiply_gated_panel<kType>(gate, up, rows, panel, out);
  }
}

template <PackedType kType>
void multiply_panels_in_bf16(const PackedMatrix& matrix, const RoundedRows& rows, TileRange tiles,
                             std::int64_t first_panel, std::int64_t end_panel, Store store, float* out,
                             std::int64_t out_stride) {
  const TileScope scope(kTileShapes);
  std::int64_t panel = first_panel;
  for (; panel + kPanelsAtOnce <= end_panel; panel += kPanelsAtOnce) {
    multiply_panels_at_once<kType, kPanelsAtOnce>(matrix, rows, tiles, panel, store, out, out_stride);
  }
  if (panel < end_panel) multiply_panels_at_once<kType, 1>(matrix, rows, tiles, panel, store, out, out_stride);
}

}  // namespace
}  // namespace pml::runtime::cpu::PML_SIMD_NAMESPACE
PML_SIMD_AFTER
#endif

namespace pml::runtime::cpu {

void multiply_with_amx([[maybe_unused]] const PackedMatrix& matrix, [[maybe_unused]] const RoundedRows& rows,
                       [[maybe_unused]] TileRange tiles, [[maybe_unused]] std::int64_t first_panel,
                       [[maybe_unused]] std::int64_t end_panel, [[maybe_unused]] Store store,
                       [[maybe_unused]] float* out, [[maybe_unused]] std::int64_t out_stride) {
#if HWY_ARCH_X86
  using namespace N_AVX3_VNNI;  // NOLINT
  switch (matrix.type) {
    case PackedType::q4:
      return multiply_panels_in_bf16<PackedType::q4>(matrix, rows, tiles, first_panel, end_panel, store, out,
                                                     out_stride);
    case PackedType::q8:
      return multiply_panels_in_bf16<PackedType::q8>(matrix, rows, tiles, first_panel, end_panel, store, out,
                                                     out_stride);
    case PackedType::q8_minimum:
      return multiply_panels_in_bf16<PackedType::q8_minimum>(matrix, rows, tiles, first_panel, end_panel, store, out,
                                                             out_stride);
    case PackedType::bf16:
      return multiply_panels_in_bf16<PackedType::bf16>(matrix, rows, tiles, first_panel, end_panel, store, out,
                                                       out_stride);
  }
#endif
}

void multiply_gated_with_amx([[maybe_unused]] const PackedMatrix& gate, [[maybe_unused]] const PackedMatrix& up,
                             [[maybe_unused]] const RoundedRows& rows, [[maybe_unused]] std::int64_t first_panel,
                             [[maybe_unused]] std::int64_t end_panel, [[maybe_unused]] RoundedRows& out) {
#if HWY_ARCH_X86
  using namespace N_AVX3_VNNI;  // NOLINT
  switch (gate.type) {
    case PackedType::q4:
      return multiply_gated_in_bf16<PackedType::q4>(gate, up, rows, first_panel, end_panel, out);
    case PackedType::q8:
      return multiply_gated_in_bf16<PackedType::q8>(gate, up, rows, first_panel, end_panel, out);
    case PackedType::q8_minimum:
      return multiply_gated_in_bf16<PackedType::q8_minimum>(gate, up, rows, first_panel, end_panel, out);
    case PackedType::bf16:
      return multiply_gated_in_bf16<PackedType::bf16>(gate, up, rows, first_panel, end_panel, out);
  }
#endif
}

}  // namespace pml::runtime::cpu
