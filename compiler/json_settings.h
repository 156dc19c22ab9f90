// Typed reading of settings in a JSON object, as GgufMetadata does it for GGUF: the first failure is kept and later
// reads return their defaults, so that a caller asks for everything it needs and looks once. A key whose value
// is null counts as absent.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "grammar/result.h"

namespace pml::compiler {

class JsonSettings {
 public:
  /// `object` must outlive this; of what is no object every key is absent. Messages put `prefix` before keys:
  /// "rope_scaling.".
  explicit JsonSettings(const nlohmann::json& object, std::string prefix = "")
      : object_(object), prefix_(std::move(prefix)) {}

  /// The message of the first failure; empty if there was none.
  const std::string& error() const { return error_; }
  void fail_with(std::string message);
  /// The first failure, if there was one.
  Result<void> check() const { return error_.empty() ? Result<void>() : fail(error_); }

  bool has(const char* key) const { return find(key) != nullptr; }
  /// Whether the key is there, and its value is null.
  bool is_null(const char* key) const;
  /// Whether the key is there with a value other than 0, false, and an empty string, array or object.
  bool is_on(const char* key) const;

  // Required values: their absence is a failure.
  std::int32_t integer(const char* key);
  double real(const char* key);
  std::string text(const char* key);

  // Optional values.
  std::int32_t integer_or(const char* key, std::int32_t fallback);
  double real_or(const char* key, double fallback);
  bool flag_or(const char* key, bool fallback);
  std::string text_or(const char* key, const std::string& fallback);
  std::vector<std::string> texts_or_none(const char* key);
  /// One integer, or an array of them.
  std::vector<std::int32_t> integers_or_none(const char* key);
  /// Null if the key is absent.
  const nlohmann::json* object_or_null(const char* key);

 private:
  const nlohmann::json* find(const char* key) const;
  /// The value, checked by `is_wanted`; null, and a failure, if it is another; null if it is absent.
  template <typename IsWanted>
  const nlohmann::json* find_as(const char* key, const char* wanted, IsWanted is_wanted);
  void require(const char* key);

  const nlohmann::json& object_;
  std::string prefix_;
  std::string error_;
};

}  // namespace pml::compiler
