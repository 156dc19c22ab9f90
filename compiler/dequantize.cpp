#include "compiler/dequantize.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "grammar/check.h"

// The loops below have constant trip counts and no branches, so that the compiler turns them into vector
// code for whatever the target has. Data may lie at any address: numbers are loaded with memcpy.
namespace pml::compiler {
namespace {

static_assert(std::endian::native == std::endian::little, "model files are little endian");

constexpr std::int64_t kQuants = QuantBlock::kSize;

/// IEEE half to single, exact, without branches: all three cases are computed and one is selected. Denormal
/// halves go through a subtraction of normal floats, so that flush-to-zero modes of the thread do not matter.
float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000u) << 16;
  const std::uint32_t magnitude = (half & 0x7fffu) << 13;  // exponent and mantissa where f32 has them
  const std::uint32_t exponent = magnitude & (0x1fu << 23);
  const std::uint32_t rebias = 112u << 23;  // 127 - 15
  const std::uint32_t normal = magnitude + rebias;
  const std::uint32_t special = normal + rebias;  // infinity, NaN: exponent 31 becomes 255
  const float smallest = std::bit_cast<float>(113u << 23);
  const auto denormal = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude + (113u << 23)) - smallest);
  const std::uint32_t finite = exponent == 0 ? denormal : normal;
  return std::bit_cast<float>(sign | (exponent == (0x1fu << 23) ? special : finite));
}

std::uint16_t load_u16(const std::byte* bytes) {
  std::uint16_t value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

float load_half(const std::byte* bytes) { return half_to_float(load_u16(bytes)); }

// Each format: what one block holds, and how it becomes floats. `kElements` is the unit of the inner loop:
// the format's block for quantised types, a convenient run for plain ones.

struct F16 {
  static constexpr std::int64_t kElements = kQuants;
  static constexpr std::int64_t kBytes = 2 * kElements;
  static void read(const std::byte* block, float* out) {
    std::uint16_t halves[kElements];
    std::memcpy(halves, block, sizeof halves);
    for (std::int64_t i = 0; i < kElements; ++i) out[i] = half_to_float(halves[i]);
  }
  static float read_one(const std::byte* bytes) { return load_half(bytes); }
};

struct BF16 {
  static constexpr std::int64_t kElements = kQuants;
  static constexpr std::int64_t kBytes = 2 * kElements;
  static void read(const std::byte* block, float* out) {
    std::uint16_t halves[kElements];
    std::memcpy(halves, block, sizeof halves);
    for (std::int64_t i = 0; i < kElements; ++i) {
      out[i] = std::bit_cast<float>(static_cast<std::uint32_t>(halves[i]) << 16);
    }
  }
  static float read_one(const std::byte* bytes) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(load_u16(bytes)) << 16);
  }
};

// Formats whose blocks are integers with a scale (and a minimum) for every 32 of them.

/// The quants of 16 bytes of nibbles: byte j holds element j in its low and j + 16 in its high nibble.
void read_nibbles(const std::byte* bytes, std::int8_t* quants) {
  std::uint8_t nibbles[kQuants / 2];
  std::memcpy(nibbles, bytes, sizeof nibbles);
  for (std::int64_t j = 0; j < kQuants / 2; ++j) {
    quants[j] = static_cast<std::int8_t>(nibbles[j] & 15);
    quants[j + kQuants / 2] = static_cast<std::int8_t>(nibbles[j] >> 4);
  }
}

/// Adds the fifth bits of 32 quants, one a bit of four bytes.
void add_fifth_bits(const std::byte* bytes, std::int8_t* quants) {
  std::uint32_t bits;
  std::memcpy(&bits, bytes, sizeof bits);
  for (std::int64_t j = 0; j < kQuants; ++j) quants[j] = static_cast<std::int8_t>(quants[j] | (bits >> j & 1) << 4);
}

void add_to_quants(int offset, std::int8_t* quants) {
  for (std::int64_t j = 0; j < kQuants; ++j) quants[j] = static_cast<std::int8_t>(quants[j] + offset);
}

/// f16 d, 16 bytes of nibbles: d * (q - 8).
struct Q4_0 {
  static constexpr std::int64_t kElements = kQuants;
  static constexpr std::int64_t kBytes = 18;
  static constexpr bool kHasMinimum = false;
  static void read_quants(const std::byte* block, QuantBlock* out) {
    out->scale = load_half(block);
    read_nibbles(block + 2, out->quants);
    add_to_quants(-8, out->quants);
  }
};

/// f16 d, f16 m, 16 bytes of nibbles: d * q + m.
struct Q4_1 {
  static constexpr std::int64_t kElements = kQuants;
  static constexpr std::int64_t kBytes = 20;
  static constexpr bool kHasMinimum = true;
  static void read_quants(const std::byte* block, QuantBlock* out) {
    out->scale = load_half(block);
    out->minimum = load_half(block + 2);
    read_nibbles(block + 4, out->quants);
  }
};

/// f16 d, the fifth bits, 16 bytes of nibbles: d * (q - 16).
struct Q5_0 {
  static constexpr std::int64_t kElements = kQuants;
  static constexpr std::int64_t kBytes = 22;
  static constexpr bool kHasMinimum = false;
  static void read_quants(const std::byte* block, QuantBlock* out) {
    out->scale = load_half(block);
    read_nibbles(block + 6, out->quants);
    add_fifth_bits(block + 2, out->quants);
    add_to_quants(-16, out->quants);
  }
};

/// f16 d, f16 m, the fifth bits, 16 bytes of nibbles: d * q + m.
struct Q5_1 {
  static constexpr std::int64_t kElements = kQuants;
  static constexpr std::int64_t kBytes = 24;
  static constexpr bool kHasMinimum = true;
  static void read_quants(const std::byte* block, QuantBlock* out) {
    out->scale = load_half(block);
    out->minimum = load_half(block + 2);
    read_nibbles(block + 8, out->quants);
    add_fifth_bits(block + 4, out->quants);
  }
};

/// f16 d, 32 signed bytes: d * q.
struct Q8_0 {
  static constexpr std::int64_t kElements = kQuants;
  static constexpr std::int64_t kBytes = 34;
  static constexpr bool kHasMinimum = false;
  static void read_quants(const std::byte* block, QuantBlock* out) {
    out->scale = load_half(block);
    std::memcpy(out->quants, block + 2, sizeof out->quants);
  }
};

// Blocks of 256: sub-blocks with a scale (and minimum) each, which are small integers times one half a block.

constexpr std::int64_t kSuperBlock = 256;
constexpr std::int64_t kSubBlocks = kSuperBlock / kQuants;  ///< of q4_k and q5_k

/// What Q4_K and Q5_K begin with: f16 d, f16 dmin, and 12 bytes that hold eight scales and eight minima of six
/// bits, as numbers to be subtracted. The first four of each lie in the low bits of bytes 0-3 and 4-7; of the
/// others, the low four bits lie in bytes 8-11 (scale low, minimum high) and the high two on top of bytes 0-3 and
/// 4-7.
constexpr std::int64_t kScalesAndMinimaBytes = 16;

void read_scales_and_minima(const std::byte* block, QuantBlock* out) {
  const float d = load_half(block);
  const float dmin = load_half(block + 2);
  std::uint8_t packed[12];
  std::memcpy(packed, block + 4, sizeof packed);
  for (std::int64_t j = 0; j < kSubBlocks / 2; ++j) {
    out[j].scale = d * static_cast<float>(packed[j] & 63);
    out[j].minimum = -(dmin * static_cast<float>(packed[j + 4] & 63));
    out[j + 4].scale = d * static_cast<float>((packed[j + 8] & 15) | packed[j] >> 6 << 4);
    out[j + 4].minimum = -(dmin * static_cast<float>(packed[j + 8] >> 4 | packed[j + 4] >> 6 << 4));
  }
}

/// 128 bytes of nibbles: 32 of them hold two sub-blocks, the first in their low nibbles.
void read_sub_block_nibbles(const std::byte* bytes, QuantBlock* out) {
  std::uint8_t nibbles[kSuperBlock / 2];
  std::memcpy(nibbles, bytes, sizeof nibbles);
  for (std::int64_t sub = 0; sub < kSubBlocks; ++sub) {
    const std::uint8_t* pairs = nibbles + sub / 2 * kQuants;
    const int shift = sub % 2 == 0 ? 0 : 4;
    for (std::int64_t j = 0; j < kQuants; ++j) out[sub].quants[j] = static_cast<std::int8_t>(pairs[j] >> shift & 15);
  }
}

/// Scales and minima, then 128 bytes of nibbles: scale * q - minimum.
struct Q4_K {
  static constexpr std::int64_t kElements = kSuperBlock;
  static constexpr std::int64_t kBytes = 144;
  static constexpr bool kHasMinimum = true;
  static void read_quants(const std::byte* block, QuantBlock* out) {
    read_scales_and_minima(block, out);
    read_sub_block_nibbles(block + kScalesAndMinimaBytes, out);
  }
};

/// Q4_K with a fifth bit a quant between header and nibbles: bit s of byte j belongs to sub-block s.
struct Q5_K {
  static constexpr std::int64_t kElements = kSuperBlock;
  static constexpr std::int64_t kBytes = 176;
  static constexpr bool kHasMinimum = true;
  static void read_quants(const std::byte* block, QuantBlock* out) {
    read_scales_and_minima(block, out);
    std::uint8_t fifth[kQuants];
    std::memcpy(fifth, block + kScalesAndMinimaBytes, sizeof fifth);
    read_sub_block_nibbles(block + kScalesAndMinimaBytes + sizeof fifth, out);
    for (std::int64_t sub = 0; sub < kSubBlocks; ++sub) {
      for (std::int64_t j = 0; j < kQuants; ++j) {
        out[sub].quants[j] = static_cast<std::int8_t>(out[sub].quants[j] | (fifth[j] >> sub & 1) << 4);
      }
    }
  }
};

/// Formats that have quants, as floats.
template <typename Format>
void read_quantized(const std::byte* block, float* out) {
  QuantBlock blocks[Format::kElements / kQuants];
  Format::read_quants(block, blocks);
  for (const QuantBlock& part : blocks) {
    for (std::int64_t j = 0; j < kQuants; ++j) {
      const float scaled = part.scale * static_cast<float>(part.quants[j]);
      *out++ = Format::kHasMinimum ? scaled + part.minimum : scaled;
    }
  }
}

/// 128 bytes of low nibbles, 64 of upper pairs of bits, 16 signed scales, f16 d: (d * scale) * (q - 32). Each
/// half of the block has 64 and 32 of these bytes for four runs of 32 elements; a scale serves 16.
struct Q6_K {
  static constexpr std::int64_t kElements = kSuperBlock;
  static constexpr std::int64_t kBytes = 210;
  static void read(const std::byte* block, float* out) {
    constexpr std::int64_t kRuns = kSuperBlock / kQuants;
    constexpr std::int64_t kScaled = 16;  // elements of one scale
    std::uint8_t low[kSuperBlock / 2];
    std::uint8_t high[kSuperBlock / 4];
    std::int8_t scales[kSuperBlock / kScaled];
    std::memcpy(low, block, sizeof low);
    std::memcpy(high, block + sizeof low, sizeof high);
    std::memcpy(scales, block + sizeof low + sizeof high, sizeof scales);
    const float d = load_half(block + sizeof low + sizeof high + sizeof scales);
    for (std::int64_t run = 0; run < kRuns; ++run) {
      const std::int64_t half = run / 4, quarter = run % 4;
      const std::uint8_t* nibbles = low + half * 64 + quarter % 2 * kQuants;
      const std::uint8_t* pairs = high + half * kQuants;
      for (std::int64_t j = 0; j < kQuants; ++j) {
        const int quant = (nibbles[j] >> (quarter < 2 ? 0 : 4) & 15) | (pairs[j] >> 2 * quarter & 3) << 4;
        const std::int64_t element = run * kQuants + j;
        const float scale = d * static_cast<float>(scales[element / kScaled]);
        out[element] = scale * static_cast<float>(quant - 32);
      }
    }
  }
};

template <typename Format>
void read_row(const std::byte* row, std::int64_t row_size, float* out) {
  const std::int64_t whole = row_size / Format::kElements * Format::kElements;
  for (std::int64_t i = 0; i < whole; i += Format::kElements, row += Format::kBytes) {
    if constexpr (requires { Format::kHasMinimum; }) {
      read_quantized<Format>(row, out + i);
    } else {
      Format::read(row, out + i);
    }
  }
  if constexpr (requires { Format::read_one(row); }) {
    for (std::int64_t i = whole; i < row_size; ++i, row += 2) out[i] = Format::read_one(row);
  }
}

void copy_f32_row(const std::byte* row, std::int64_t row_size, float* out) {
  std::memcpy(out, row, static_cast<std::size_t>(row_size) * sizeof(float));
}

using ReadRow = void (*)(const std::byte*, std::int64_t, float*);

ReadRow row_reader(TensorType type) {
  switch (type) {
    case TensorType::f32:
      return copy_f32_row;
    case TensorType::f16:
      return read_row<F16>;
    case TensorType::bf16:
      return read_row<BF16>;
    case TensorType::q4_0:
      return read_row<Q4_0>;
    case TensorType::q4_1:
      return read_row<Q4_1>;
    case TensorType::q5_0:
      return read_row<Q5_0>;
    case TensorType::q5_1:
      return read_row<Q5_1>;
    case TensorType::q8_0:
      return read_row<Q8_0>;
    case TensorType::q4_k:
      return read_row<Q4_K>;
    case TensorType::q5_k:
      return read_row<Q5_K>;
    case TensorType::q6_k:
      return read_row<Q6_K>;
  }
  PML_CHECK(false, "tensor type is none of the enumeration");
}

/// The one row of a tensor of one dimension, its elements back in the model's order.
void read_permuted_vector(const TensorInfo& tensor, ReadRow read, float* out) {
  std::vector<float> stored(static_cast<std::size_t>(row_size(tensor)));
  read(tensor.data.data(), row_size(tensor), stored.data());
  for (std::int64_t i = 0; i < row_size(tensor); ++i) out[i] = stored[stored_row(tensor, i)];
}

}  // namespace

void dequantize_rows(const TensorInfo& tensor, std::int64_t first_row, std::int64_t num_rows, float* out) {
  const std::int64_t size = row_size(tensor);
  const std::int64_t size_bytes = row_size_bytes(tensor);
  const std::int64_t total_rows = compiler::num_rows(tensor);
  PML_CHECK(first_row >= 0 && num_rows >= 0 && first_row <= total_rows && num_rows <= total_rows - first_row,
            "the rows are rows of the tensor");
  PML_CHECK(static_cast<std::int64_t>(tensor.data.size()) == total_rows * size_bytes, "a tensor's data are its rows");
  const ReadRow read = row_reader(tensor.type);
  if (tensor.shape.size() == 1 && tensor.permuted_heads != 0 && num_rows == 1) {
    return read_permuted_vector(tensor, read, out);
  }
  for (std::int64_t row = first_row; row < first_row + num_rows; ++row, out += size) {
    read(tensor.data.data() + stored_row(tensor, row) * size_bytes, size, out);
  }
}

namespace {

template <typename Format>
void read_row_quants(const std::byte* row, std::int64_t row_size, QuantBlock* out) {
  for (std::int64_t i = 0; i < row_size; i += Format::kElements, row += Format::kBytes) {
    Format::read_quants(row, out);
    out += Format::kElements / kQuants;
  }
}

using ReadQuants = void (*)(const std::byte*, std::int64_t, QuantBlock*);

ReadQuants quant_reader(TensorType type) {
  switch (type) {
    case TensorType::q4_0:
      return read_row_quants<Q4_0>;
    case TensorType::q4_1:
      return read_row_quants<Q4_1>;
    case TensorType::q5_0:
      return read_row_quants<Q5_0>;
    case TensorType::q5_1:
      return read_row_quants<Q5_1>;
    case TensorType::q8_0:
      return read_row_quants<Q8_0>;
    case TensorType::q4_k:
      return read_row_quants<Q4_K>;
    case TensorType::q5_k:
      return read_row_quants<Q5_K>;
    case TensorType::q6_k:
    case TensorType::f32:
    case TensorType::f16:
    case TensorType::bf16:
      return nullptr;
  }
  return nullptr;
}

}  // namespace

bool has_quants(TensorType type) { return quant_reader(type) != nullptr; }

void read_quants(const TensorInfo& tensor, std::int64_t row, QuantBlock* out) {
  const ReadQuants read = quant_reader(tensor.type);
  PML_CHECK(read != nullptr && tensor.shape.size() == 2, "the tensor is a matrix of quants");
  PML_CHECK(row >= 0 && row < num_rows(tensor), "the row is a row of the tensor");
  read(tensor.data.data() + stored_row(tensor, row) * row_size_bytes(tensor), row_size(tensor), out);
}

}  // namespace pml::compiler
