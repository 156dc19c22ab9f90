#include "runtime/cpu/packed_product_amx.h"

#include <algorithm>

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

/// A tile of products is kAmxTileRows rows by a panel; so many panels and tiles of rows are multiplied at a time, and
/// their sums stay in registers.
constexpr std::int64_t kPanelsAtOnce = 2;
constexpr std::int64_t kTilesAtOnce = 2;
/// Blocks of a panel that are unpacked at a time: 96 KB of two panels.
constexpr std::int64_t kChunkBlocks = 48;
/// Tiles of rows that are multiplied with a chunk before the next is unpacked: their sums wait, 32 KB.
constexpr std::int64_t kWaitingTiles = 16;

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

/// sums [panel][row tile][16][16] = (or +=) products of tiles of rows, `inputs[t]`, and of unpacked panels.
template <int kPanels, int kTiles>
HWY_NOINLINE void multiply_tiles_of(const std::uint8_t* const* inputs, const std::uint8_t* const* weights,
                                    std::int64_t num_blocks, bool is_first, float* const* sums) {
  const auto for_sums = [&](const auto& body) HWY_ATTR {
    body.template operator()<0, 0>();
    if constexpr (kTiles > 1) body.template operator()<0, 1>();
    if constexpr (kPanels > 1) body.template operator()<1, 0>();
    if constexpr (kPanels > 1 && kTiles > 1) body.template operator()<1, 1>();
  };
  for_sums([&]<int kPanel, int kTile>() HWY_ATTR {
    if (is_first) {
      clear_tile<kSums<kPanel, kTile>>();
    } else {
      load_tile<kSums<kPanel, kTile>>(sums[kPanel * kTilesAtOnce + kTile], kLine);
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
  for_sums([&]<int kPanel, int kTile>()
               HWY_ATTR { store_tile<kSums<kPanel, kTile>>(sums[kPanel * kTilesAtOnce + kTile], kLine); });
}

/// What a tile of sums is for.
struct Place {
  float* out;  // [num_rows, stride]
  std::int64_t stride;
  std::int64_t num_rows;
  std::int64_t num_outputs;
};

HWY_INLINE void store_sums(const float* HWY_RESTRICT sums, const Place& place, Store store) {
  constexpr FloatTag f32;
  for (std::int64_t row = 0; row < place.num_rows; ++row, sums += kPanelOutputs) {
    float* to = place.out + row * place.stride;
    if (place.num_outputs == kPanelOutputs) {
      const FloatVector sum = hn::Load(f32, sums);
      hn::StoreU(store == Store::add ? hn::Add(hn::LoadU(f32, to), sum) : sum, f32, to);
      continue;
    }
    for (std::int64_t o = 0; o < place.num_outputs; ++o) to[o] = store == Store::add ? to[o] + sums[o] : sums[o];
  }
}

/// kPanels panels from `panel` on.
template <PackedType kType, int kPanels>
HWY_NOINLINE void multiply_panels_at_once(const PackedMatrix& matrix, const RoundedRows& rows, std::int64_t panel,
                                          Store store, float* out, std::int64_t out_stride) {
  HWY_ALIGN std::uint8_t weights[kPanels][kChunkBlocks * kTileBytes];
  HWY_ALIGN float waiting[kPanels][kWaitingTiles][kTileSums];
  const auto* data = reinterpret_cast<const std::uint8_t*>(matrix.data) + panel * matrix.panel_bytes();
  const std::uint8_t* panels[kPanelsAtOnce] = {};
  for (int p = 0; p < kPanels; ++p) panels[p] = weights[p];

  for (std::int64_t first = 0; first < rows.num_tiles(); first += kWaitingTiles) {
    const std::int64_t num_tiles = std::min(kWaitingTiles, rows.num_tiles() - first);
    for (std::int64_t block = 0; block < matrix.num_blocks(); block += kChunkBlocks) {
      const std::int64_t num_blocks = std::min(kChunkBlocks, matrix.num_blocks() - block);
      if (first == 0 || num_blocks < matrix.num_blocks()) {
        for (int p = 0; p < kPanels; ++p) {
          const std::uint8_t* from = data + p * matrix.panel_bytes() + block * block_bytes(kType);
          for (std::int64_t b = 0; b < num_blocks; ++b) {
            unpack_block<kType>(from + b * block_bytes(kType), weights[p] + static_cast<std::size_t>(b) * kTileBytes);
          }
        }
      }
      for (std::int64_t t = 0; t < num_tiles; t += kTilesAtOnce) {
        const std::uint8_t* inputs[kTilesAtOnce] = {};
        float* sums[kPanelsAtOnce * kTilesAtOnce] = {};
        const int count = static_cast<int>(std::min(kTilesAtOnce, num_tiles - t));
        for (int i = 0; i < count; ++i) {
          const auto* tile = reinterpret_cast<const std::uint8_t*>(rows.tile(first + t + i).inputs);
          inputs[i] = tile + static_cast<std::size_t>(block) * kTileBytes;
          for (int p = 0; p < kPanels; ++p) sums[p * kTilesAtOnce + i] = waiting[p][t + i];
        }
        (count == 1 ? multiply_tiles_of<kPanels, 1>
                    : multiply_tiles_of<kPanels, 2>)(inputs, panels, num_blocks, block == 0, sums);
      }
    }
    for (std::int64_t t = 0; t < num_tiles; ++t) {
      const RoundedRows::Tile tile = rows.tile(first + t);
      for (int p = 0; p < kPanels; ++p) {
        const std::int64_t output = (panel + p) * kPanelOutputs;
        store_sums(waiting[p][t],
                   {out + tile.first_row * out_stride + output, out_stride, tile.num_rows,
                    std::min(kPanelOutputs, matrix.num_outputs - output)},
                   store);
      }
    }
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
