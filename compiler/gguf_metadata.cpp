#include "compiler/gguf_metadata.h"

#include <utility>
#include <variant>

namespace pml::compiler {

void GgufMetadata::fail_with(std::string message) {
  if (error_.empty()) error_ = std::move(message);
}

void GgufMetadata::fail_type(const std::string& key, const char* wanted) {
  fail_with("metadata key '" + key + "' is not " + wanted);
}

bool GgufMetadata::has(const std::string& key) const { return gguf_.metadata.contains(key); }

void GgufMetadata::ignore(const std::string& key) { asked_.insert(key); }

const GgufValue* GgufMetadata::find(const std::string& key, bool required) {
  asked_.insert(key);
  const auto found = gguf_.metadata.find(key);
  if (found != gguf_.metadata.end()) return &found->second;
  if (required) fail_with("metadata key '" + key + "' is missing");
  return nullptr;
}

std::int32_t GgufMetadata::integer(const std::string& key) {
  return find(key, true) == nullptr ? 0 : integer_or(key, 0);
}

std::int32_t GgufMetadata::integer_or(const std::string& key, std::int32_t fallback) {
  const GgufValue* value = find(key, false);
  if (value == nullptr) return fallback;
  if (const auto* number = std::get_if<std::uint64_t>(value); number && std::in_range<std::int32_t>(*number)) {
    return static_cast<std::int32_t>(*number);
  }
  if (const auto* number = std::get_if<std::int64_t>(value); number && std::in_range<std::int32_t>(*number)) {
    return static_cast<std::int32_t>(*number);
  }
  fail_type(key, "an integer of 32 bits");
  return fallback;
}

double GgufMetadata::real(const std::string& key) { return find(key, true) == nullptr ? 0 : real_or(key, 0); }

double GgufMetadata::real_or(const std::string& key, double fallback) {
  const GgufValue* value = find(key, false);
  if (value == nullptr) return fallback;
  if (const auto* number = std::get_if<double>(value)) return *number;
  fail_type(key, "a floating-point number");
  return fallback;
}

std::string_view GgufMetadata::text(const std::string& key) {
  return find(key, true) == nullptr ? std::string_view() : text_or(key, {});
}

std::string_view GgufMetadata::text_or(const std::string& key, std::string_view fallback) {
  const GgufValue* value = find(key, false);
  if (value == nullptr) return fallback;
  if (const auto* string = std::get_if<std::string_view>(value)) return *string;
  fail_type(key, "a string");
  return fallback;
}

bool GgufMetadata::flag_or(const std::string& key, bool fallback) {
  const GgufValue* value = find(key, false);
  if (value == nullptr) return fallback;
  if (const auto* flag = std::get_if<bool>(value)) return *flag;
  fail_type(key, "a boolean");
  return fallback;
}

std::vector<std::string_view> GgufMetadata::texts(const std::string& key) {
  const GgufValue* value = find(key, true);
  if (value == nullptr) return {};
  const auto* array = std::get_if<GgufArray>(value);
  if (array == nullptr || array->element_type != GgufType::string) {
    fail_type(key, "an array of strings");
    return {};
  }
  return gguf_strings(*array);
}

std::vector<std::int32_t> GgufMetadata::integers_or_none(const std::string& key) {
  const GgufValue* value = find(key, false);
  if (value == nullptr) return {};
  if (const auto* array = std::get_if<GgufArray>(value)) {
    std::vector<std::int32_t> integers = gguf_integers(*array);
    if (integers.size() == array->count) return integers;
  }
  fail_type(key, "an array of integers of 32 bits");
  return {};
}

std::string_view GgufMetadata::first_unasked(std::string_view prefix) const {
  std::string_view first;
  for (const auto& [key, value] : gguf_.metadata) {
    if (key.starts_with(prefix) && !asked_.contains(key) && (first.empty() || key < first)) first = key;
  }
  return first;
}

}  // namespace pml::compiler
