// Typed reading of GGUF metadata. The first failure is kept and later reads return their defaults, so that a
// caller asks for everything it needs and looks once. The names that were asked for are remembered: the
// settings of an architecture that nobody asked for are settings that we do not understand.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/gguf.h"

namespace pml::compiler {

class GgufMetadata {
 public:
  explicit GgufMetadata(const Gguf& gguf) : gguf_(gguf) {}

  /// The message of the first failure; empty if there was none.
  const std::string& error() const { return error_; }
  void fail_with(std::string message);

  bool has(const std::string& key) const;

  // Required values: their absence is a failure.
  std::int32_t integer(const std::string& key);
  double real(const std::string& key);
  std::string_view text(const std::string& key);
  std::vector<std::string_view> texts(const std::string& key);

  // Optional values.
  std::int32_t integer_or(const std::string& key, std::int32_t fallback);
  double real_or(const std::string& key, double fallback);
  std::string_view text_or(const std::string& key, std::string_view fallback);
  bool flag_or(const std::string& key, bool fallback);
  std::vector<std::int32_t> integers_or_none(const std::string& key);

  /// Declares that the key, if it is there, changes nothing that matters to us.
  void ignore(const std::string& key);

  /// The first key (in alphabetical order) that begins with `prefix` and was not asked for; else empty.
  std::string_view first_unasked(std::string_view prefix) const;

 private:
  const GgufValue* find(const std::string& key, bool required);
  void fail_type(const std::string& key, const char* wanted);

  const Gguf& gguf_;
  std::set<std::string, std::less<>> asked_;
  std::string error_;
};

}  // namespace pml::compiler
