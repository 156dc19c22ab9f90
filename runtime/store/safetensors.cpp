#include "runtime/store/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

namespace pml::runtime {
namespace {

static_assert(std::endian::native == std::endian::little, "lengths are written as they lie in memory");

constexpr std::size_t kPrefixBytes = 8;
constexpr std::size_t kAlignment = 64;
constexpr std::size_t kMaxHeaderBytes = 100 << 20;  // as other readers of the format

std::size_t element_bytes(const std::string& dtype) {
  if (dtype == "F32") return 4;
  if (dtype == "F16" || dtype == "BF16") return 2;
  return 0;
}

/// Number of bytes of a tensor; nothing if dtype or shape cannot be.
Result<std::size_t> tensor_bytes(const SafetensorsEntry& entry) {
  std::size_t bytes = element_bytes(entry.dtype);
  if (bytes == 0) return fail("a tensor has the type `" + entry.dtype + "`");
  for (const std::int64_t size : entry.shape) {
    if (size < 0 || __builtin_mul_overflow(bytes, static_cast<std::size_t>(size), &bytes)) {
      return fail("a tensor's shape is impossible");
    }
  }
  return bytes;
}

Result<SafetensorsEntry> read_entry(const std::string& name, const nlohmann::json& json) {
  SafetensorsEntry entry;
  entry.name = name;
  try {
    entry.dtype = json.at("dtype").get<std::string>();
    entry.shape = json.at("shape").get<std::vector<std::int64_t>>();
    const auto offsets = json.at("data_offsets").get<std::vector<std::uint64_t>>();
    if (offsets.size() != 2) return fail("a tensor has no two offsets");
    entry.begin = offsets[0];
    entry.end = offsets[1];
  } catch (const nlohmann::json::exception&) {
    return fail("a tensor's entry is incomplete");
  }
  return entry;
}

}  // namespace

std::string write_safetensors_header(const SafetensorsHeader& header) {
  nlohmann::json json;
  if (!header.metadata.empty()) json["__metadata__"] = header.metadata;
  for (const SafetensorsEntry& tensor : header.tensors) {
    json[tensor.name] = {
        {"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {tensor.begin, tensor.end}}};
  }
  std::string text = json.dump();
  text.resize((kPrefixBytes + text.size() + kAlignment - 1) / kAlignment * kAlignment - kPrefixBytes, ' ');
  const std::uint64_t size = text.size();
  std::string result(kPrefixBytes, '\0');
  std::memcpy(result.data(), &size, kPrefixBytes);
  return result + text;
}

Result<SafetensorsHeader> read_safetensors_header(std::span<const std::byte> file, std::span<const std::byte>& data) {
  if (file.size() < kPrefixBytes) return fail("the file is shorter than a header's length");
  std::uint64_t size = 0;
  std::memcpy(&size, file.data(), kPrefixBytes);
  if (size > kMaxHeaderBytes || size > file.size() - kPrefixBytes) return fail("the header is longer than the file");
  const char* text = reinterpret_cast<const char*>(file.data()) + kPrefixBytes;
  const auto json = nlohmann::json::parse(text, text + size, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return fail("the header is not a JSON object");

  SafetensorsHeader header;
  for (const auto& [name, value] : json.items()) {
    if (name == "__metadata__") {
      if (!value.is_object()) return fail("the metadata is not an object");
      for (const auto& [key, text_value] : value.items()) {
        if (!text_value.is_string()) return fail("metadata holds something other than a string");
        header.metadata[key] = text_value.get<std::string>();
      }
      continue;
    }
    auto entry = read_entry(name, value);
    if (!entry) return tl::make_unexpected(entry.error());
    header.tensors.push_back(std::move(*entry));
  }
  std::sort(header.tensors.begin(), header.tensors.end(),
            [](const SafetensorsEntry& a, const SafetensorsEntry& b) { return a.begin < b.begin; });
  data = file.subspan(kPrefixBytes + size);
  std::size_t at = 0;
  for (const SafetensorsEntry& tensor : header.tensors) {
    const auto bytes = tensor_bytes(tensor);
    if (!bytes) return tl::make_unexpected(bytes.error());
    if (tensor.begin != at || tensor.end < tensor.begin || tensor.end - tensor.begin != *bytes) {
      return fail("a tensor's bytes do not fit its shape");
    }
    at = tensor.end;
  }
  if (at != data.size()) return fail("the file is not as long as its tensors");
  return header;
}

}  // namespace pml::runtime
