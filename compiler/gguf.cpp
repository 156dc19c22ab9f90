#include "compiler/gguf.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

#include "compiler/gguf_cursor.h"
#include "compiler/quote.h"

namespace pml::compiler {
namespace {

constexpr std::string_view kMagic = "GGUF";
constexpr std::uint32_t kVersion = 3;
constexpr std::uint64_t kDefaultAlignment = 32;
constexpr std::uint32_t kMaxDimensions = 4;
// The fewest bytes that an entry can take. Counts are compared with what is left at this rate, so that a
// forged count fails at once.
constexpr std::uint64_t kMinPairBytes = 8 + 4 + 1;
constexpr std::uint64_t kMinTensorBytes = 8 + 4 + 8 + 4 + 8;
/// Containers grow beyond this only as entries are really found: a count may lie even if the file is large.
constexpr std::uint64_t kMaxReserved = 1 << 16;

/// The tensor types that files hold, with ggml's names and block sizes. Also those that no model here may
/// use: such a file is well formed, and is to be refused by the type's name.
struct TensorFormat {
  std::uint32_t number;
  std::string_view name;
  std::uint64_t block_elements;
  std::uint64_t block_bytes;
};
constexpr TensorFormat kTensorFormats[] = {
    {0, "F32", 1, 4},         {1, "F16", 1, 2},        {2, "Q4_0", 32, 18},      {3, "Q4_1", 32, 20},
    {6, "Q5_0", 32, 22},      {7, "Q5_1", 32, 24},     {8, "Q8_0", 32, 34},      {10, "Q2_K", 256, 84},
    {11, "Q3_K", 256, 110},   {12, "Q4_K", 256, 144},  {13, "Q5_K", 256, 176},   {14, "Q6_K", 256, 210},
    {16, "IQ2_XXS", 256, 66}, {17, "IQ2_XS", 256, 74}, {18, "IQ3_XXS", 256, 98}, {19, "IQ1_S", 256, 50},
    {20, "IQ4_NL", 32, 18},   {21, "IQ3_S", 256, 110}, {22, "IQ2_S", 256, 82},   {23, "IQ4_XS", 256, 136},
    {24, "I8", 1, 1},         {25, "I16", 1, 2},       {26, "I32", 1, 4},        {27, "I64", 1, 8},
    {28, "F64", 1, 8},        {29, "IQ1_M", 256, 56},  {30, "BF16", 1, 2},       {34, "TQ1_0", 256, 54},
    {35, "TQ2_0", 256, 66},   {39, "MXFP4", 32, 17},
};

const TensorFormat* find_format(std::uint32_t number) {
  for (const TensorFormat& format : kTensorFormats) {
    if (format.number == number) return &format;
  }
  return nullptr;
}

std::optional<std::uint64_t> multiply(std::uint64_t a, std::uint64_t b) {
  if (b != 0 && a > std::numeric_limits<std::uint64_t>::max() / b) return std::nullopt;
  return a * b;
}

void read_metadata(GgufCursor& cursor, std::uint64_t num_pairs, Gguf& gguf) {
  gguf.metadata.reserve(std::min(num_pairs, kMaxReserved));
  for (std::uint64_t i = 0; i < num_pairs && !cursor.failed(); ++i) {
    cursor.enter("the key of metadata entry " + std::to_string(i));
    const std::string_view key = cursor.string();
    if (!cursor.failed()) cursor.enter("the value of " + quote(key));
    const auto type = static_cast<GgufType>(cursor.number<std::uint32_t>());
    const GgufValue value = cursor.value(type);
    if (!cursor.failed() && !gguf.metadata.emplace(key, value).second) {
      cursor.fail_with("metadata key " + quote(key) + " stands twice");
    }
  }
}

void read_alignment(GgufCursor& cursor, Gguf& gguf) {
  gguf.alignment = kDefaultAlignment;
  const auto found = gguf.metadata.find("general.alignment");
  if (found == gguf.metadata.end()) return;
  const auto* alignment = std::get_if<std::uint64_t>(&found->second);
  if (alignment == nullptr || !std::has_single_bit(*alignment) ||
      *alignment > std::numeric_limits<std::uint32_t>::max()) {
    return cursor.fail_with("'general.alignment' is not a power of two");
  }
  gguf.alignment = *alignment;
}

/// A tensor's entry in the header; its data are found when the header's end is known.
struct TensorEntry {
  GgufTensor tensor;
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;
};

TensorEntry read_tensor(GgufCursor& cursor, std::uint64_t index, std::uint64_t alignment) {
  TensorEntry entry;
  cursor.enter("the name of tensor " + std::to_string(index));
  entry.tensor.name = cursor.string();
  if (cursor.failed()) return entry;
  const std::string what = "tensor " + quote(entry.tensor.name);
  cursor.enter("the entry of " + what);

  const auto num_dimensions = cursor.number<std::uint32_t>();
  if (!cursor.failed() && (num_dimensions == 0 || num_dimensions > kMaxDimensions)) {
    cursor.fail_with(what + " has " + std::to_string(num_dimensions) + " dimensions; 1 to " +
                     std::to_string(kMaxDimensions) + " are possible");
  }
  std::optional<std::uint64_t> elements = 1;
  for (std::uint32_t i = 0; i < num_dimensions && !cursor.failed(); ++i) {
    const auto dimension = cursor.number<std::uint64_t>();
    if (!cursor.failed() && dimension == 0) cursor.fail_with(what + " has a dimension of 0");
    entry.tensor.dimensions.push_back(dimension);
    if (elements) elements = multiply(*elements, dimension);
  }
  const auto type = cursor.number<std::uint32_t>();
  entry.offset = cursor.number<std::uint64_t>();
  if (cursor.failed()) return entry;

  const TensorFormat* format = find_format(type);
  if (format == nullptr) {
    cursor.fail_with(what + " has the unknown type " + std::to_string(type));
    return entry;
  }
  entry.tensor.type = format->name;
  if (entry.tensor.dimensions[0] % format->block_elements != 0) {
    cursor.fail_with(what + " has rows of " + std::to_string(entry.tensor.dimensions[0]) +
                     " elements, not a whole number of " + std::string(format->name) + " blocks of " +
                     std::to_string(format->block_elements));
    return entry;
  }
  const auto size_bytes = elements ? multiply(*elements / format->block_elements, format->block_bytes) : std::nullopt;
  if (!size_bytes) {
    cursor.fail_with(what + " is larger than 64 bits can count; corrupt");
    return entry;
  }
  entry.size_bytes = *size_bytes;
  if (entry.offset % alignment != 0) {
    cursor.fail_with(what + " begins at offset " + std::to_string(entry.offset) + ", not a multiple of the alignment " +
                     std::to_string(alignment));
  }
  return entry;
}

}  // namespace

bool is_gguf(std::span<const std::byte> bytes) {
  return bytes.size() >= kMagic.size() && std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

Result<Gguf> parse_gguf(std::span<const std::byte> bytes) {
  if (!is_gguf(bytes)) return fail("does not begin with 'GGUF'");
  GgufCursor cursor(bytes);
  cursor.enter("the header");
  cursor.take(kMagic.size());

  Gguf gguf;
  gguf.version = cursor.number<std::uint32_t>();
  if (!cursor.failed() && gguf.version == __builtin_bswap32(kVersion)) {
    return fail("is a big-endian GGUF file, which is not supported");
  }
  if (!cursor.failed() && gguf.version != kVersion) {
    return fail("is GGUF version " + std::to_string(gguf.version) + "; only version " + std::to_string(kVersion) +
                " is supported");
  }
  cursor.enter("the list of tensors");
  const std::uint64_t num_tensors = cursor.count(kMinTensorBytes);
  cursor.enter("the metadata");
  const std::uint64_t num_pairs = cursor.count(kMinPairBytes);
  read_metadata(cursor, num_pairs, gguf);
  if (!cursor.failed()) read_alignment(cursor, gguf);

  std::vector<TensorEntry> entries;
  entries.reserve(std::min(num_tensors, kMaxReserved));
  std::unordered_set<std::string_view> names;
  for (std::uint64_t i = 0; i < num_tensors && !cursor.failed(); ++i) {
    entries.push_back(read_tensor(cursor, i, gguf.alignment));
    if (!names.insert(entries.back().tensor.name).second) {
      cursor.fail_with("tensor " + quote(entries.back().tensor.name) + " stands twice");
    }
  }
  if (cursor.failed()) return fail(cursor.error());

  // Neither sum can overflow: a position is at most the file's size, an alignment has 32 bits.
  const std::uint64_t data_start = (cursor.position() + gguf.alignment - 1) / gguf.alignment * gguf.alignment;
  const std::uint64_t data_bytes = data_start <= bytes.size() ? bytes.size() - data_start : 0;
  gguf.tensors.reserve(entries.size());
  for (TensorEntry& entry : entries) {
    if (entry.offset > data_bytes || entry.size_bytes > data_bytes - entry.offset) {
      return fail("the file ends within the data of tensor " + quote(entry.tensor.name) + ": " +
                  std::to_string(entry.size_bytes) + " bytes at offset " + std::to_string(entry.offset) +
                  " are wanted, " + std::to_string(data_bytes) + " bytes of data are there; truncated or corrupt");
    }
    entry.tensor.data = bytes.subspan(data_start + entry.offset, entry.size_bytes);
    gguf.tensors.push_back(std::move(entry.tensor));
  }
  return gguf;
}

std::vector<std::string_view> gguf_strings(const GgufArray& array) {
  std::vector<std::string_view> strings;
  if (array.element_type != GgufType::string) return strings;
  strings.reserve(array.count);
  const std::byte* next = array.data.data();
  for (std::uint64_t i = 0; i < array.count; ++i) {
    const auto size_bytes = load_bytes<std::uint64_t>(next);
    strings.emplace_back(reinterpret_cast<const char*>(next + sizeof size_bytes), size_bytes);
    next += sizeof size_bytes + size_bytes;
  }
  return strings;
}

std::vector<std::int32_t> gguf_integers(const GgufArray& array) {
  std::vector<std::int32_t> integers;
  const auto widen = [&]<typename T>(T) {
    integers.reserve(array.count);
    for (std::uint64_t i = 0; i < array.count; ++i) {
      const T value = load_bytes<T>(array.data.data() + i * sizeof(T));
      if (!std::in_range<std::int32_t>(value)) return integers.clear();
      integers.push_back(static_cast<std::int32_t>(value));
    }
  };
  switch (array.element_type) {
    case GgufType::u8:
      widen(std::uint8_t{});
      break;
    case GgufType::i8:
      widen(std::int8_t{});
      break;
    case GgufType::u16:
      widen(std::uint16_t{});
      break;
    case GgufType::i16:
      widen(std::int16_t{});
      break;
    case GgufType::u32:
      widen(std::uint32_t{});
      break;
    case GgufType::i32:
      widen(std::int32_t{});
      break;
    case GgufType::u64:
      widen(std::uint64_t{});
      break;
    case GgufType::i64:
      widen(std::int64_t{});
      break;
    default:
      break;
  }
  return integers;
}

}  // namespace pml::compiler
