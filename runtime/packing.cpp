#include "runtime/packing.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "compiler/dequantize.h"
#include "grammar/check.h"
#include "runtime/cpu/elementwise.h"
#include "runtime/cpu/packed_product.h"

namespace pml::runtime {

using compiler::QuantBlock;
using compiler::TensorInfo;
using compiler::TensorType;
using cpu::kPanelOutputs;
using cpu::PackedType;

namespace {

static_assert(QuantBlock::kSize == cpu::kBlockInputs);

std::uint16_t to_half(float value) {
  std::uint16_t half;
  cpu::round_to(KvType::f16, &value, 1, &half);
  return half;
}

/// The nearest number that f16 holds: 11 bits, so a power of two away from an integer.
float round_to_half(float value) {
  constexpr float kLargest = 65504.0F;
  if (value == 0.0F) return 0.0F;
  value = std::clamp(value, -kLargest, kLargest);
  const int exponent = std::max(std::ilogb(value), -14) - 10;
  return std::ldexp(std::nearbyint(std::ldexp(value, -exponent)), exponent);
}

void quantize_q8(const float* values, QuantBlock* out) {
  float largest = 0.0F;
  for (std::int64_t i = 0; i < QuantBlock::kSize; ++i) largest = std::max(largest, std::abs(values[i]));
  out->minimum = 0.0F;
  out->scale = round_to_half(largest / 127.0F);
  for (std::int64_t i = 0; i < QuantBlock::kSize; ++i) {
    const float quant = out->scale > 0.0F ? std::nearbyint(values[i] / out->scale) : 0.0F;
    out->quants[i] = static_cast<std::int8_t>(std::clamp(quant, -127.0F, 127.0F));
  }
}

void quantize_q4(const float* values, QuantBlock* out) {
  const auto [low, high] = std::minmax_element(values, values + QuantBlock::kSize);
  out->minimum = round_to_half(*low);
  out->scale = round_to_half((*high - out->minimum) / 15.0F);
  for (std::int64_t i = 0; i < QuantBlock::kSize; ++i) {
    const float quant = out->scale > 0.0F ? std::nearbyint((values[i] - out->minimum) / out->scale) : 0.0F;
    out->quants[i] = static_cast<std::int8_t>(std::clamp(quant, 0.0F, 15.0F));
  }
}

/// Can the file's blocks be taken as they are?
bool holds(PackedType packed, TensorType stored) {
  switch (stored) {
    case TensorType::q4_0:
      return true;
    case TensorType::q4_1:
    case TensorType::q4_k:
      return packed == PackedType::q4 || packed == PackedType::q8_minimum;
    case TensorType::q5_0:
    case TensorType::q8_0:
      return packed != PackedType::q4;
    case TensorType::q5_1:
    case TensorType::q5_k:
      return packed == PackedType::q8_minimum;
    default:
      return false;
  }
}

/// The blocks of one row, rounded to the packed type if the file has another.
void read_blocks(const TensorInfo& tensor, PackedType type, std::int64_t row, std::vector<float>& values,
                 QuantBlock* out) {
  const std::int64_t num_blocks = compiler::row_size(tensor) / QuantBlock::kSize;
  if (holds(type, tensor.type)) {
    compiler::read_quants(tensor, row, out);
    if (type != PackedType::q4 || tensor.type != TensorType::q4_0) return;
    for (std::int64_t block = 0; block < num_blocks; ++block) {  // [-8, 7] -> [0, 15]
      for (std::int8_t& quant : out[block].quants) quant = static_cast<std::int8_t>(quant + 8);
      out[block].minimum = -8.0F * out[block].scale;
    }
    return;
  }
  values.resize(static_cast<std::size_t>(compiler::row_size(tensor)));
  compiler::dequantize_rows(tensor, row, 1, values.data());
  for (std::int64_t block = 0; block < num_blocks; ++block) {
    const float* from = values.data() + block * QuantBlock::kSize;
    type == PackedType::q4 ? quantize_q4(from, out + block) : quantize_q8(from, out + block);
  }
}

/// A panel in bf16; the outputs behind the last row are zero.
void pack_bf16_rows(const TensorInfo& tensor, std::int64_t first_row, std::int64_t num_rows, std::byte* out) {
  const std::int64_t size = compiler::row_size(tensor);
  std::memset(out, 0, static_cast<std::size_t>(kPanelOutputs * size) * sizeof(std::uint16_t));
  std::vector<float> values(static_cast<std::size_t>(size));
  std::vector<std::uint16_t> rounded(values.size());
  for (std::int64_t row = 0; row < num_rows; ++row) {
    compiler::dequantize_rows(tensor, first_row + row, 1, values.data());
    cpu::round_to(KvType::bf16, values.data(), size, rounded.data());
    for (std::int64_t i = 0; i < size; i += 2) {  // blocks follow one another as their pairs do
      std::memcpy(out + (i / 2 * kPanelOutputs + row) * std::int64_t{sizeof(std::uint32_t)}, rounded.data() + i,
                  sizeof(std::uint32_t));
    }
  }
}

}  // namespace

std::optional<PackedType> packed_type(const TensorInfo& tensor, WeightType weights) {
  if (weights == WeightType::f32 || tensor.shape.size() != 2) return std::nullopt;
  if (compiler::row_size(tensor) % cpu::kBlockInputs != 0) return std::nullopt;
  if (weights == WeightType::bf16) return cpu::has_bf16_products() ? std::optional(PackedType::bf16) : std::nullopt;
  if (weights == WeightType::q4) return PackedType::q4;
  switch (tensor.type) {
    case TensorType::q4_0:
    case TensorType::q4_1:
    case TensorType::q4_k:
      return PackedType::q4;
    case TensorType::q5_0:
    case TensorType::q8_0:
    case TensorType::q6_k:
      return PackedType::q8;
    case TensorType::q5_1:
    case TensorType::q5_k:
      return PackedType::q8_minimum;
    case TensorType::f32:
    case TensorType::f16:
    case TensorType::bf16:
      if (weights == WeightType::q8) return PackedType::q8;
      break;
  }
  return std::nullopt;
}

void pack_panel(const TensorInfo& tensor, const cpu::PackedMatrix& matrix, std::int64_t panel, std::byte* out) {
  const std::int64_t num_blocks = matrix.num_blocks();
  const std::int64_t first_row = panel * kPanelOutputs;
  const std::int64_t num_rows = std::min(kPanelOutputs, matrix.num_outputs - first_row);
  if (matrix.type == PackedType::bf16) return pack_bf16_rows(tensor, first_row, num_rows, out);
  std::vector<QuantBlock> rows(static_cast<std::size_t>(kPanelOutputs * num_blocks), QuantBlock{});
  std::vector<float> values;
  for (std::int64_t row = 0; row < num_rows; ++row) {
    read_blocks(tensor, matrix.type, first_row + row, values, rows.data() + row * num_blocks);
  }
  for (std::int64_t block = 0; block < num_blocks; ++block, out += cpu::block_bytes(matrix.type)) {
    auto* quants = reinterpret_cast<std::uint8_t*>(out);
    auto* scales = quants + cpu::quant_bytes(matrix.type);
    for (std::int64_t row = 0; row < kPanelOutputs; ++row) {
      const QuantBlock& from = rows[static_cast<std::size_t>(row * num_blocks + block)];
      std::uint8_t* to = quants + 2 * row;
      for (std::int64_t i = 0; i < cpu::kBlockInputs; i += 2) {
        if (matrix.type == PackedType::q4) {
          // Inputs 4g + i in the low, 4g + 2 + i in the high nibble.
          std::uint8_t* pair = to + i / 4 * 2 * kPanelOutputs;
          const int shift = i % 4 == 0 ? 0 : 4;
          for (std::int64_t j = 0; j < 2; ++j) {
            pair[j] = static_cast<std::uint8_t>(pair[j] * (shift != 0) | from.quants[i + j] << shift);
          }
        } else {
          std::memcpy(to + i / 2 * 2 * kPanelOutputs, from.quants + i, 2);
        }
      }
      const std::uint16_t scale = to_half(from.scale);
      const std::uint16_t minimum = to_half(from.minimum);
      std::memcpy(scales + 2 * row, &scale, sizeof scale);
      if (cpu::has_minimum(matrix.type)) std::memcpy(scales + 2 * (kPanelOutputs + row), &minimum, sizeof minimum);
    }
  }
}

}  // namespace pml::runtime
