// Weights as products read them: outputs side by side in the lanes of a vector, one stream of bytes
// from the first to the last.
//
// A matrix is a list of panels of 16 outputs (the last one is filled up with zeros), a panel a list of blocks of 32
// inputs. The weight of an output and an input is `scale * quant + minimum`, with one scale and minimum per output
// and block. A block holds
//
//     quants    q4: [8][16][2] bytes; byte (g, o, i) holds the inputs 4g + i (low nibble) and 4g + 2 + i (high), 0-15
//               q8: [16][16][2] bytes; byte (g, o, i) holds the input 2g + i, signed
//     scales    [16] f16
//     minima    [16] f16; not in q8
//
// That is how GGUF's own formats are made, so a file's weights are re-arranged and not rounded again.
//
// Weights in bf16 are for processors with products of bf16 tiles, and lie as these read them: a block is [16][16][2] of
// bf16; (p, o, i) is the weight of the input 2p + i.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pml::runtime::cpu {

enum class PackedType : std::uint8_t { q4, q8, q8_minimum, bf16 };

inline constexpr std::int64_t kPanelOutputs = 16;
inline constexpr std::int64_t kBlockInputs = 32;
inline constexpr std::int64_t kBlockPairs = kBlockInputs / 2;

constexpr bool has_minimum(PackedType type) { return type == PackedType::q4 || type == PackedType::q8_minimum; }

/// Bytes of the quants of one block of a panel.
constexpr std::int64_t quant_bytes(PackedType type) {
  const std::int64_t quants = kPanelOutputs * kBlockInputs;
  return type == PackedType::q4 ? quants / 2 : type == PackedType::bf16 ? 2 * quants : quants;
}
/// Bytes of one block of a panel.
constexpr std::int64_t block_bytes(PackedType type) {
  const std::int64_t scale_bytes = type == PackedType::bf16 ? 0 : has_minimum(type) ? 4 : 2;
  return quant_bytes(type) + scale_bytes * kPanelOutputs;
}

/// A packed matrix in somebody else's memory, [num_outputs, num_inputs]; at any address.
struct PackedMatrix {
  PackedType type = PackedType::q4;
  std::int64_t num_outputs = 0;
  std::int64_t num_inputs = 0;  // a multiple of kBlockInputs
  const std::byte* data = nullptr;

  std::int64_t num_panels() const { return (num_outputs + kPanelOutputs - 1) / kPanelOutputs; }
  std::int64_t num_blocks() const { return num_inputs / kBlockInputs; }
  std::int64_t panel_bytes() const { return num_blocks() * block_bytes(type); }
  std::int64_t size_bytes() const { return num_panels() * panel_bytes(); }
};

}  // namespace pml::runtime::cpu
