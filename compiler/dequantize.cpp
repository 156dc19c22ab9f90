#include "compiler/dequantize.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "grammar/check.h"

// The loops below have constant trip counts and no branches, so that the compiler turns them into vector
// code for whatever the target has. Data may lie at any address: numbers are loaded with memcpy.
namespace pml::compiler {
namespace {

static_assert(std::endian::native == std::endian::little, "model files are little endian");

constexpr std::int64_t kQuants = 32;  ///< elements in a block of q4_0, q4_1 and q8_0

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
  const auto denormal =
      std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude + (113u << 23)) - smallest);
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

/// f16 d, 16 bytes of nibbles: d * (q - 8). Byte j holds element j in its low and j + 16 in its high nibble.
struct Q4_0 {
  static constexpr std::int64_t kElements = kQuants;
  static constexpr std::int64_t kBytes = 18;
  static void read(const std::byte* block, float* out) {
    const float d = load_half(block);
    std::uint8_t quants[kQuants / 2];
    std::memcpy(quants, block + 2, sizeof quants);
    for (std::int64_t j = 0; j < kQuants / 2; ++j) {
      out[j] = static_cast<float>((quants[j] & 15) - 8) * d;
      out[j + kQuants / 2] = static_cast<float>((quants[j] >> 4) - 8) * d;
    }
  }
};

/// f16 d, f16 m, 16 bytes of nibbles: d * q + m.
struct Q4_1 {
  static constexpr std::int64_t kElements = kQuants;
  static constexpr std::int64_t kBytes = 20;
  static void read(const std::byte* block, float* out) {
    const float d = load_half(block);
    const float m = load_half(block + 2);
    std::uint8_t quants[kQuants / 2];
    std::memcpy(quants, block + 4, sizeof quants);
    for (std::int64_t j = 0; j < kQuants / 2; ++j) {
      out[j] = static_cast<float>(quants[j] & 15) * d + m;
      out[j + kQuants / 2] = static_cast<float>(quants[j] >> 4) * d + m;
    }
  }
};

/// f16 d, 32 signed bytes: d * q.
struct Q8_0 {
  static constexpr std::int64_t kElements = kQuants;
  static constexpr std::int64_t kBytes = 34;
  static void read(const std::byte* block, float* out) {
    const float d = load_half(block);
    std::int8_t quants[kQuants];
    std::memcpy(quants, block + 2, sizeof quants);
    for (std::int64_t j = 0; j < kQuants; ++j) out[j] = static_cast<float>(quants[j]) * d;
  }
};

template <typename Format>
void read_row(const std::byte* row, std::int64_t row_size, float* out) {
  const std::int64_t whole = row_size / Format::kElements * Format::kElements;
  for (std::int64_t i = 0; i < whole; i += Format::kElements, row += Format::kBytes)
    Format::read(row, out + i);
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
    case TensorType::q8_0:
      return read_row<Q8_0>;
  }
  PML_CHECK(false, "tensor type is none of the enumeration");
}

}  // namespace

void dequantize_rows(const TensorInfo& tensor, std::int64_t first_row, std::int64_t num_rows, float* out) {
  const std::int64_t size = row_size(tensor);
  const std::int64_t size_bytes = row_size_bytes(tensor);
  const std::int64_t total_rows = compiler::num_rows(tensor);
  PML_CHECK(first_row >= 0 && num_rows >= 0 && first_row <= total_rows && num_rows <= total_rows - first_row,
            "the rows are rows of the tensor");
  PML_CHECK(static_cast<std::int64_t>(tensor.data.size()) == total_rows * size_bytes,
            "a tensor's data are its rows");
  const ReadRow read = row_reader(tensor.type);
  for (std::int64_t row = first_row; row < first_row + num_rows; ++row, out += size) {
    read(tensor.data.data() + stored_row(tensor, row) * size_bytes, size, out);
  }
}

}  // namespace pml::compiler
