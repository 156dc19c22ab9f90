// Reads the values of a GGUF file, one after another (gguf.h has the format).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "compiler/gguf.h"

namespace pml::compiler {

static_assert(std::endian::native == std::endian::little, "GGUF files are little endian");

/// The number that lies at `bytes`, of any alignment.
template <typename T>
T load_bytes(const std::byte* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

/// Reads forward through the file. The first failure is kept and makes all further reads return zero or
/// nothing, so that callers check once for each entry, not for each field.
class GgufCursor {
 public:
  explicit GgufCursor(std::span<const std::byte> bytes) : bytes_(bytes) {}

  bool failed() const { return !error_.empty(); }
  const std::string& error() const { return error_; }
  std::uint64_t position() const { return position_; }

  /// What is read next, for messages: "the value of 'general.name'".
  void enter(std::string what) { what_ = std::move(what); }
  void fail_with(std::string message);

  std::span<const std::byte> take(std::uint64_t size_bytes);
  template <typename T>
  T number() {
    const auto taken = take(sizeof(T));
    return failed() ? T{} : load_bytes<T>(taken.data());
  }

  std::string_view string();
  /// A number of entries that take at least `min_bytes` each; fails if the bytes that are left cannot hold them.
  std::uint64_t count(std::uint64_t min_bytes);
  GgufValue value(GgufType type);

 private:
  std::uint64_t left() const { return bytes_.size() - position_; }
  bool boolean();
  GgufArray array(int depth);
  void fail_unknown_type(GgufType type);

  std::span<const std::byte> bytes_;
  std::uint64_t position_ = 0;
  std::string what_;
  std::string error_;
};

}  // namespace pml::compiler
