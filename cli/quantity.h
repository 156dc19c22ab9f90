// Sizes and times as people write and read them.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/result.h"

namespace pml::cli {

/// "10G", "1.5 GB", "512MiB", "4096": bytes. k (or K), M, G, T are powers of 1000, Ki, Mi, Gi, Ti of 1024, each with
/// or without a B. An empty text and a fraction of a byte are errors.
Result<std::uint64_t> parse_size(std::string_view text);
/// "30d", "12h", "90m", "45s", "2w", "0": seconds. An empty text and a fraction of a second are errors.
Result<std::int64_t> parse_duration(std::string_view text);

/// A decimal number and nothing else: no blanks, no `+`, no other base, nothing that does not fit.
template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || rest != text.data() + text.size()) return std::nullopt;
  return number;
}
/// "17,4,99": token IDs. The message names the entry that is none.
Result<std::vector<std::int32_t>> parse_token_ids(std::string_view text);

/// "0 bytes", "1.2 kB", "62.6 MB".
std::string format_size(std::uint64_t size_bytes);
/// "40 s", "5 min", "3 h", "12 days".
std::string format_duration(std::int64_t seconds);

/// "1 artifact", "3 artifacts".
std::string count_of(std::uint64_t count, std::string_view singular);

}  // namespace pml::cli
