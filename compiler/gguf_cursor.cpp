#include "compiler/gguf_cursor.h"

namespace pml::compiler {
namespace {

constexpr int kMaxArrayDepth = 4;
// The fewest bytes that an entry can take.
constexpr std::uint64_t kMinStringBytes = 8;
constexpr std::uint64_t kMinArrayBytes = 4 + 8;

/// Bytes of one value of a fixed size; 0 for strings, arrays and numbers that are no type.
std::uint64_t fixed_size(GgufType type) {
  switch (type) {
    case GgufType::u8:
    case GgufType::i8:
    case GgufType::boolean:
      return 1;
    case GgufType::u16:
    case GgufType::i16:
      return 2;
    case GgufType::u32:
    case GgufType::i32:
    case GgufType::f32:
      return 4;
    case GgufType::u64:
    case GgufType::i64:
    case GgufType::f64:
      return 8;
    case GgufType::string:
    case GgufType::array:
      return 0;
  }
  return 0;
}

}  // namespace

void GgufCursor::fail_with(std::string message) {
  if (failed()) return;
  error_ = std::move(message);
  position_ = bytes_.size();
}

std::span<const std::byte> GgufCursor::take(std::uint64_t size_bytes) {
  if (size_bytes > left()) {
    fail_with("the file ends within " + what_ + ": " + std::to_string(size_bytes) + " bytes are wanted at byte " +
              std::to_string(position_) + ", " + std::to_string(left()) + " are there; truncated or corrupt");
  }
  if (failed()) return {};
  const auto taken = bytes_.subspan(position_, size_bytes);
  position_ += size_bytes;
  return taken;
}

std::string_view GgufCursor::string() {
  const auto taken = take(number<std::uint64_t>());
  return {reinterpret_cast<const char*>(taken.data()), taken.size()};
}

std::uint64_t GgufCursor::count(std::uint64_t min_bytes) {
  const auto entries = number<std::uint64_t>();
  if (entries > left() / min_bytes) {
    fail_with(what_ + " is said to have " + std::to_string(entries) + " entries, more than the " +
              std::to_string(left()) + " bytes left can hold; truncated or corrupt");
  }
  return failed() ? 0 : entries;
}

GgufValue GgufCursor::value(GgufType type) {
  switch (type) {
    case GgufType::u8:
      return std::uint64_t{number<std::uint8_t>()};
    case GgufType::i8:
      return std::int64_t{number<std::int8_t>()};
    case GgufType::u16:
      return std::uint64_t{number<std::uint16_t>()};
    case GgufType::i16:
      return std::int64_t{number<std::int16_t>()};
    case GgufType::u32:
      return std::uint64_t{number<std::uint32_t>()};
    case GgufType::i32:
      return std::int64_t{number<std::int32_t>()};
    case GgufType::f32:
      return double{number<float>()};
    case GgufType::boolean:
      return boolean();
    case GgufType::string:
      return string();
    case GgufType::array:
      return array(1);
    case GgufType::u64:
      return number<std::uint64_t>();
    case GgufType::i64:
      return number<std::int64_t>();
    case GgufType::f64:
      return number<double>();
  }
  fail_unknown_type(type);
  return std::uint64_t{0};
}

bool GgufCursor::boolean() {
  const auto byte = number<std::uint8_t>();
  if (byte > 1) fail_with(what_ + " is a boolean of " + std::to_string(byte) + "; corrupt");
  return byte != 0;
}

GgufArray GgufCursor::array(int depth) {
  const auto type = static_cast<GgufType>(number<std::uint32_t>());
  const std::uint64_t element_bytes = fixed_size(type);
  const std::uint64_t start = position_ + sizeof(std::uint64_t);
  std::uint64_t entries = 0;
  if (element_bytes != 0) {
    entries = count(element_bytes);
    take(entries * element_bytes);
  } else if (type == GgufType::string) {
    entries = count(kMinStringBytes);
    for (std::uint64_t i = 0; i < entries && !failed(); ++i) string();
  } else if (type == GgufType::array) {
    if (depth == kMaxArrayDepth) {
      fail_with(what_ + " nests arrays deeper than " + std::to_string(kMaxArrayDepth));
    }
    entries = count(kMinArrayBytes);
    for (std::uint64_t i = 0; i < entries && !failed(); ++i) array(depth + 1);
  } else {
    fail_unknown_type(type);
  }
  if (failed()) return {type, 0, {}};
  return {type, entries, bytes_.subspan(start, position_ - start)};
}

void GgufCursor::fail_unknown_type(GgufType type) {
  fail_with(what_ + " has the unknown type " + std::to_string(static_cast<std::uint32_t>(type)));
}

}  // namespace pml::compiler
