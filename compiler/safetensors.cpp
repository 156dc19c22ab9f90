#include "compiler/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "compiler/json_file.h"
#include "compiler/quote.h"

namespace pml::compiler {
namespace {

static_assert(std::endian::native == std::endian::little, "lengths are written as they lie in memory");

constexpr std::size_t kPrefixBytes = 8;
constexpr std::size_t kAlignment = 64;
constexpr std::size_t kMaxHeaderBytes = 16 << 20;  // a hundred thousand tensors

std::size_t element_bytes(const std::string& dtype) {
  if (dtype == "F32") return 4;
  if (dtype == "F16" || dtype == "BF16") return 2;
  return 0;
}

/// Number of bytes of a tensor; nothing if dtype or shape cannot be.
Result<std::size_t> tensor_bytes(const SafetensorsEntry& entry) {
  std::size_t bytes = element_bytes(entry.dtype);
  if (bytes == 0) {
    return fail("tensor " + quote(entry.name) + " is of type " + quote(entry.dtype) +
                ", which is not supported (F32, F16 and BF16 are)");
  }
  for (const std::int64_t size : entry.shape) {
    if (size < 0 || __builtin_mul_overflow(bytes, static_cast<std::size_t>(size), &bytes)) {
      return fail("tensor " + quote(entry.name) + " has an impossible shape");
    }
  }
  return bytes;
}

/// The numbers of an array of integers that are not negative; nothing if it is none.
std::optional<std::vector<std::int64_t>> read_sizes(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_array()) return std::nullopt;
  std::vector<std::int64_t> sizes;
  for (const nlohmann::json& size : *found) {
    const auto number = whole_number(size, 0, std::numeric_limits<std::int64_t>::max());
    if (!number) return std::nullopt;
    sizes.push_back(*number);
  }
  return sizes;
}

Result<SafetensorsEntry> read_entry(const std::string& name, const nlohmann::json& json) {
  const auto failure = [&](const char* what) { return fail("tensor " + quote(name) + " " + what); };
  if (!json.is_object() || !json.contains("dtype") || !json["dtype"].is_string()) return failure("has no type");
  auto shape = read_sizes(json, "shape");
  if (!shape) return failure("has no shape");
  const auto offsets = read_sizes(json, "data_offsets");
  if (!offsets || offsets->size() != 2) return failure("has no two offsets");
  return SafetensorsEntry{name, json["dtype"].get<std::string>(), std::move(*shape),
                          static_cast<std::size_t>(offsets->front()), static_cast<std::size_t>(offsets->back())};
}

}  // namespace

std::string write_safetensors_header(const SafetensorsHeader& header) {
  nlohmann::json json = nlohmann::json::object();
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
  const auto parsed = parse_json_object({reinterpret_cast<const char*>(file.data()) + kPrefixBytes, size});
  if (!parsed) return fail("the header " + parsed.error().message);
  const nlohmann::json& json = *parsed;

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
  std::sort(header.tensors.begin(), header.tensors.end(), [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);  // one without elements first
  });
  data = file.subspan(kPrefixBytes + size);
  std::size_t at = 0;
  for (const SafetensorsEntry& tensor : header.tensors) {
    const auto bytes = tensor_bytes(tensor);
    if (!bytes) return tl::make_unexpected(bytes.error());
    if (tensor.end < tensor.begin || tensor.end - tensor.begin != *bytes) {
      return fail("the bytes of tensor " + quote(tensor.name) + " are not as many as its shape asks for");
    }
    if (tensor.begin != at) {
      return fail("the bytes of tensor " + quote(tensor.name) +
                  (tensor.begin < at ? " overlap those of another" : " lie behind a gap"));
    }
    at = tensor.end;
  }
  if (at != data.size()) return fail("the file is not as long as its tensors");
  return header;
}

}  // namespace pml::compiler
