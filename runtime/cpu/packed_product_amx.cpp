#include "runtime/cpu/packed_product_amx.h"

#include <algorithm>

#include "hwy/cache_control.h"

#include "runtime/cpu/packed_product.h"
#include "runtime/cpu/vnni.h"

#if HWY_ARCH_X86
// The order matters: the kernel is compiled for the target.
// clang-format off
#include "runtime/cpu/vnni_target_inl.h"
#include "runtime/cpu/amx_tiles.h"
#include "runtime/cpu/simd_pairs_inl.h"
// clang-format on

PML_SIMD_BEFORE
namespace pml::runtime::cpu::PML_SIMD_NAMESPACE {
namespace {

static_assert(kLanes == kPanelOutputs && kAmxTileRows == kPanelOutputs);

/// A tile of sums is kAmxTileRows rows by a panel. So many panels and tiles of rows are multiplied at a time, and their
/// sums stay in registers.
constexpr std::int64_t kPanelsAtOnce = 2;
constexpr std::int64_t kTilesAtOnce = 2;
/// Blocks of a panel that are unpacked at a time: 96 KB of two panels.
constexpr std::int64_t kChunkBlocks = 48;
constexpr std::size_t kLine = 64;
constexpr std::size_t kTileBytes = 16 * kLine;
constexpr std::size_t kTileSums = kAmxTileRows * kPanelOutputs;

HWY_INLINE FloatVector load_halves(const std::uint8_t* from) {
  const hn::Rebind<hwy::float16_t, FloatTag> narrow;
  return hn::PromoteTo(FloatTag(), hn::LoadU(narrow, reinterpret_cast<const hwy::float16_t*>(from)));
}

using Words = hn::Vec<hn::RebindToUnsigned<FloatTag>>;

/// quant * scale + minimum, where `kBits` bits of `quants` from bit `kAt` on are the quant, as bits of a float: these bits
/// are taken as those behind the point of a number from 1 to 2. `scale` and `offset` undo that.
template <int kAt, int kBits>
HWY_INLINE Words dequantize(Words quants, FloatVector scale, FloatVector offset) {
  const hn::RebindToUnsigned<FloatTag> words;
  constexpr std::uint32_t kMask = ((1U << kBits) - 1) << kAt;
  const Words number = hn::OrAnd(hn::Set(words, 0x3F800000), quants, hn::Set(words, kMask));
  return hn::BitCast(words, hn::MulAdd(hn::BitCast(FloatTag(), number), scale, offset));
}

/// Rounds two vectors to bf16; in every lane `first` comes in the low bits.
HWY_INLINE Words round_pair(Words first, Words second) {
  const hn::RebindToUnsigned<FloatTag> words;
  const Words half = hn::Set(words, 0x8000);  // of the last place that is kept
  return hn::OrAnd(hn::ShiftRight<16>(hn::Add(first, half)), hn::Add(second, half), hn::Set(words, 0xFFFF0000));
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

/// Tiles: sums [panel][row tile], inputs [row tile], weights [panel].
template <int kPanel, int kTile>
constexpr int kSums = kPanel * kTilesAtOnce + kTile;
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

/// A tile of sums that does not fit where they belong, and is copied: fewer rows or outputs than 16.
struct PartialTile {
  HWY_ALIGN float sums[kTileSums];
  float* out;
  std::int64_t stride, num_rows, num_outputs;

  void load() {
    for (std::int64_t row = 0; row < num_rows; ++row) {
      std::copy_n(out + row * stride, num_outputs, sums + row * kPanelOutputs);
    }
  }
  void store() const {
    for (std::int64_t row = 0; row < num_rows; ++row) {
      std::copy_n(sums + row * kPanelOutputs, num_outputs, out + row * stride);
    }
  }
};

/// All rows times blocks of kPanels unpacked panels, [kPanels][kChunkBlocks] tiles. out: the first panel's.
template <int kPanels>
void multiply_chunk(const PackedMatrix& matrix, const RoundedRows& rows, std::int64_t panel, std::int64_t first_block,
                    std::int64_t num_blocks, const std::uint8_t* weights, Store store, float* out,
                    std::int64_t out_stride) {
  const std::uint8_t* panels[kPanelsAtOnce] = {weights, weights + kChunkBlocks * kTileBytes};
  for (std::int64_t t = 0; t < rows.num_tiles(); t += kTilesAtOnce) {
    const int count = static_cast<int>(std::min(kTilesAtOnce, rows.num_tiles() - t));
    const std::uint8_t* inputs[kTilesAtOnce] = {};
    SumsPlace places[kPanelsAtOnce * kTilesAtOnce];
    PartialTile partial[kPanelsAtOnce * kTilesAtOnce];
    int num_partial = 0;
    for (int i = 0; i < count; ++i) {
      const RoundedRows::Tile tile = rows.tile(t + i);
      inputs[i] = reinterpret_cast<const std::uint8_t*>(tile.inputs) + static_cast<std::size_t>(first_block) * kTileBytes;
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
    (count == 1 ? multiply_tiles_of<kPanels, 1>
                : multiply_tiles_of<kPanels, 2>)(inputs, panels, num_blocks, store, places);
    for (int i = 0; i < num_partial; ++i) partial[i].store();
  }
}

/// kPanels panels from `panel` on. Meanwhile asks for the next ones.
template <PackedType kType, int kPanels>
HWY_NOINLINE void multiply_panels_at_once(const PackedMatrix& matrix, const RoundedRows& rows, std::int64_t panel,
                                          Store store, float* out, std::int64_t out_stride) {
  HWY_ALIGN std::uint8_t weights[kPanelsAtOnce * kChunkBlocks * kTileBytes];
  const auto* data = reinterpret_cast<const std::uint8_t*>(matrix.data) + panel * matrix.panel_bytes();
  for (std::int64_t first = 0; first < matrix.num_blocks(); first += kChunkBlocks) {
    const std::int64_t num_blocks = std::min(kChunkBlocks, matrix.num_blocks() - first);
    for (int p = 0; p < kPanels; ++p) {
      const std::uint8_t* from = data + p * matrix.panel_bytes() + first * block_bytes(kType);
      std::uint8_t* to = weights + static_cast<std::size_t>(p) * kChunkBlocks * kTileBytes;
      for (std::int64_t block = 0; block < num_blocks; ++block) {
        for (std::int64_t line = 0; line < block_bytes(kType); line += static_cast<std::int64_t>(kLine)) {
          hwy::Prefetch(from + kPanels * matrix.panel_bytes() + line);
        }
        unpack_block<kType>(from, to);
        from += block_bytes(kType);
        to += kTileBytes;
      }
    }
    multiply_chunk<kPanels>(matrix, rows, panel, first, num_blocks, weights, first == 0 ? store : Store::add,
                            out + panel * kPanelOutputs, out_stride);
  }
}

template <PackedType kType>
void multiply_panels_in_bf16(const PackedMatrix& matrix, const RoundedRows& rows, std::int64_t first_panel,
                             std::int64_t end_panel, Store store, float* out, std::int64_t out_stride) {
  constexpr TileShape kWhole{16, kLine};
  const TileScope scope({kWhole, kWhole, kWhole, kWhole, kWhole, kWhole, kWhole, kWhole});
  std::int64_t panel = first_panel;
  for (; panel + kPanelsAtOnce <= end_panel; panel += kPanelsAtOnce) {
    multiply_panels_at_once<kType, kPanelsAtOnce>(matrix, rows, panel, store, out, out_stride);
  }
  if (panel < end_panel) multiply_panels_at_once<kType, 1>(matrix, rows, panel, store, out, out_stride);
}

}  // namespace
}  // namespace pml::runtime::cpu::PML_SIMD_NAMESPACE
PML_SIMD_AFTER
#endif

namespace pml::runtime::cpu {

void multiply_with_amx([[maybe_unused]] const PackedMatrix& matrix, [[maybe_unused]] const RoundedRows& rows,
                       [[maybe_unused]] std::int64_t first_panel, [[maybe_unused]] std::int64_t end_panel,
                       [[maybe_unused]] Store store, [[maybe_unused]] float* out,
                       [[maybe_unused]] std::int64_t out_stride) {
#if HWY_ARCH_X86
  using namespace N_AVX3_VNNI;  // NOLINT
  switch (matrix.type) {
    case PackedType::q4:
      return multiply_panels_in_bf16<PackedType::q4>(matrix, rows, first_panel, end_panel, store, out, out_stride);
    case PackedType::q8:
      return multiply_panels_in_bf16<PackedType::q8>(matrix, rows, first_panel, end_panel, store, out, out_stride);
    case PackedType::q8_minimum:
      return multiply_panels_in_bf16<PackedType::q8_minimum>(matrix, rows, first_panel, end_panel, store, out,
                                                             out_stride);
  }
#endif
}

}  // namespace pml::runtime::cpu
