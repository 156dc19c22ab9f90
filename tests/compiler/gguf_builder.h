// Writes small GGUF files for tests, right or wrong in any field.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace pml::compiler::test {

using Bytes = std::vector<std::byte>;

template <typename T>
void append(Bytes& bytes, T number) {
  static_assert(std::is_arithmetic_v<T>);
  const auto* begin = reinterpret_cast<const std::byte*>(&number);
  bytes.insert(bytes.end(), begin, begin + sizeof number);
}

inline void append_raw(Bytes& bytes, std::string_view text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  bytes.insert(bytes.end(), begin, begin + text.size());
}

inline void append_string(Bytes& bytes, std::string_view text) {
  append(bytes, std::uint64_t{text.size()});
  append_raw(bytes, text);
}

/// A metadata value: its type's number and its payload.
struct Value {
  std::uint32_t type;
  Bytes payload;
};

template <typename T>
Value number(std::uint32_t type, T value) {
  Value result{type, {}};
  append(result.payload, value);
  return result;
}
inline Value u32(std::uint32_t value) { return number(4, value); }
inline Value f32(float value) { return number(6, value); }
inline Value boolean(bool value) { return number(7, static_cast<std::uint8_t>(value)); }

inline Value string(std::string_view value) {
  Value result{8, {}};
  append_string(result.payload, value);
  return result;
}

inline Value strings(const std::vector<std::string>& values) {
  Value result{9, {}};
  append(result.payload, std::uint32_t{8});
  append(result.payload, std::uint64_t{values.size()});
  for (const std::string& value : values) append_string(result.payload, value);
  return result;
}

template <typename T>
Value numbers(std::uint32_t element_type, const std::vector<T>& values) {
  Value result{9, {}};
  append(result.payload, element_type);
  append(result.payload, std::uint64_t{values.size()});
  for (const T value : values) append(result.payload, value);
  return result;
}

struct Tensor {
  std::string name;
  std::vector<std::uint64_t> dimensions;  // fastest first
  std::uint32_t type = 0;
  Bytes data;
  std::uint64_t offset = kAssign;

  static constexpr std::uint64_t kAssign = ~std::uint64_t{0};
};

struct GgufBuilder {
  std::string magic = "GGUF";
  std::uint32_t version = 3;
  std::uint64_t alignment = 32;
  std::vector<std::pair<std::string, Value>> metadata;
  std::vector<Tensor> tensors;
  std::uint64_t claimed_pairs = kCount;  // kCount: as many as there are
  std::uint64_t claimed_tensors = kCount;

  static constexpr std::uint64_t kCount = ~std::uint64_t{0} - 1;

  void set(const std::string& key, Value value) {
    erase(key);
    metadata.emplace_back(key, std::move(value));
  }
  void erase(const std::string& key) {
    std::erase_if(metadata, [&](const auto& pair) { return pair.first == key; });
  }
  Tensor& tensor(std::string_view name) { return *std::ranges::find(tensors, name, &Tensor::name); }

  Bytes build() const {
    Bytes bytes;
    append_raw(bytes, magic);
    append(bytes, version);
    append(bytes, claimed_tensors == kCount ? tensors.size() : claimed_tensors);
    append(bytes, claimed_pairs == kCount ? metadata.size() : claimed_pairs);
    for (const auto& [key, value] : metadata) {
      append_string(bytes, key);
      append(bytes, value.type);
      bytes.insert(bytes.end(), value.payload.begin(), value.payload.end());
    }
    Bytes data;
    for (const Tensor& tensor : tensors) {
      if (tensor.offset == Tensor::kAssign) data.resize((data.size() + alignment - 1) / alignment * alignment);
      append_string(bytes, tensor.name);
      append(bytes, static_cast<std::uint32_t>(tensor.dimensions.size()));
      for (const std::uint64_t dimension : tensor.dimensions) append(bytes, dimension);
      append(bytes, tensor.type);
      append(bytes, tensor.offset == Tensor::kAssign ? data.size() : tensor.offset);
      data.insert(data.end(), tensor.data.begin(), tensor.data.end());
    }
    if (!tensors.empty()) bytes.resize((bytes.size() + alignment - 1) / alignment * alignment);
    bytes.insert(bytes.end(), data.begin(), data.end());
    return bytes;
  }
};

/// A file in the temporary folder, removed at the end.
class TemporaryFile {
 public:
  explicit TemporaryFile(const Bytes& bytes) {
    static int count = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("pml-test-" + std::to_string(::getpid()) + "-" + std::to_string(count++) + ".gguf");
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace pml::compiler::test
