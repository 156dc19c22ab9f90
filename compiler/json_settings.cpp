#include "compiler/json_settings.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "compiler/json_file.h"

namespace pml::compiler {
namespace {

bool is_integer(const nlohmann::json& value) { return to_int32(value).has_value(); }

bool is_string(const nlohmann::json& value) { return value.is_string(); }

}  // namespace

void JsonSettings::fail_with(std::string message) {
  if (error_.empty()) error_ = std::move(message);
}

const nlohmann::json* JsonSettings::find(const char* key) const {
  const nlohmann::json& value = member(object_, key);
  return value.is_null() ? nullptr : &value;
}

template <typename IsWanted>
const nlohmann::json* JsonSettings::find_as(const char* key, const char* wanted, IsWanted is_wanted) {
  const nlohmann::json* value = find(key);
  if (value == nullptr || is_wanted(*value)) return value;
  fail_with("'" + prefix_ + key + "' is not " + wanted);
  return nullptr;
}

void JsonSettings::require(const char* key) {
  if (!has(key)) fail_with("'" + prefix_ + key + "' is missing");
}

bool JsonSettings::is_null(const char* key) const { return object_.contains(key) && !has(key); }

bool JsonSettings::is_on(const char* key) const {
  const nlohmann::json* value = find(key);
  if (value == nullptr) return false;
  if (value->is_boolean()) return value->get<bool>();
  if (value->is_number()) return value->get<double>() != 0.0;
  if (value->is_string()) return !value->get_ref<const std::string&>().empty();
  return !value->empty();
}

std::int32_t JsonSettings::integer(const char* key) {
  require(key);
  return integer_or(key, 0);
}

double JsonSettings::real(const char* key) {
  require(key);
  return real_or(key, 0.0);
}

std::string JsonSettings::text(const char* key) {
  require(key);
  return text_or(key, "");
}

std::int32_t JsonSettings::integer_or(const char* key, std::int32_t fallback) {
  const nlohmann::json* value = find_as(key, "an integer of 32 bits", is_integer);
  return value == nullptr ? fallback : value->get<std::int32_t>();
}

double JsonSettings::real_or(const char* key, double fallback) {
  const nlohmann::json* value = find_as(key, "a number", [](const nlohmann::json& json) { return json.is_number(); });
  return value == nullptr ? fallback : value->get<double>();
}

bool JsonSettings::flag_or(const char* key, bool fallback) {
  const nlohmann::json* value = find_as(key, "a boolean", [](const nlohmann::json& json) { return json.is_boolean(); });
  return value == nullptr ? fallback : value->get<bool>();
}

std::string JsonSettings::text_or(const char* key, const std::string& fallback) {
  const nlohmann::json* value = find_as(key, "a string", is_string);
  return value == nullptr ? fallback : value->get<std::string>();
}

std::vector<std::string> JsonSettings::texts_or_none(const char* key) {
  const nlohmann::json* value = find_as(key, "an array of strings", [](const nlohmann::json& json) {
    return json.is_array() && std::ranges::all_of(json, is_string);
  });
  return value == nullptr ? std::vector<std::string>() : value->get<std::vector<std::string>>();
}

std::vector<std::int32_t> JsonSettings::integers_or_none(const char* key) {
  const auto is_wanted = [](const nlohmann::json& json) {
    return is_integer(json) || (json.is_array() && std::ranges::all_of(json, is_integer));
  };
  const nlohmann::json* value = find_as(key, "an integer of 32 bits, or an array of them", is_wanted);
  if (value == nullptr) return {};
  if (value->is_array()) return value->get<std::vector<std::int32_t>>();
  return {value->get<std::int32_t>()};
}

const nlohmann::json* JsonSettings::object_or_null(const char* key) {
  return find_as(key, "an object", [](const nlohmann::json& json) { return json.is_object(); });
}

}  // namespace pml::compiler
