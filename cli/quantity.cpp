#include "cli/quantity.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <span>

namespace pml::cli {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

/// A number, blanks, a unit. `most` bounds the product, of which there is no fraction: of a `smallest`.
Result<double> parse(std::string_view text, std::span<const Unit> units, std::string_view smallest,
                     const std::string& example, double most) {
  const auto wrong = [&](const std::string& why) {
    return fail("`" + std::string(text) + "` " + why + "; write it like " + example);
  };
  if (text.empty()) return wrong("is empty");
  double number = 0.0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc() || !std::isfinite(number)) return wrong("does not begin with a number");
  if (number < 0.0) return wrong("is negative");
  std::string_view unit(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  for (const Unit& known : units) {
    if (unit != known.name && !(unit.empty() && number == 0.0)) continue;
    const double value = number * known.factor;
    if (value > most) return wrong("is too large");
    // Of larger units a fraction need not come out even: 1.1Gi.
    const bool is_fraction = value != std::floor(value) && (known.factor == 1.0 || value < 1.0);
    if (is_fraction) return wrong("is a fraction of a " + std::string(smallest));
    return std::round(value);
  }
  return wrong(unit.empty() ? "has no unit" : "has an unknown unit");
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
  constexpr double kKibi = 1024.0;
  constexpr std::array<Unit, 20> kUnits{{{"", 1},
                                         {"B", 1},
                                         {"k", 1e3},
                                         {"kB", 1e3},
                                         {"K", 1e3},
                                         {"KB", 1e3},
                                         {"M", 1e6},
                                         {"MB", 1e6},
                                         {"G", 1e9},
                                         {"GB", 1e9},
                                         {"T", 1e12},
                                         {"TB", 1e12},
                                         {"Ki", kKibi},
                                         {"KiB", kKibi},
                                         {"Mi", kKibi * kKibi},
                                         {"MiB", kKibi * kKibi},
                                         {"Gi", kKibi * kKibi * kKibi},
                                         {"GiB", kKibi * kKibi * kKibi},
                                         {"Ti", kKibi * kKibi * kKibi * kKibi},
                                         {"TiB", kKibi * kKibi * kKibi * kKibi}}};
  const auto size = parse(text, kUnits, "byte", "10G, 500M or 2Gi", 9e18);
  if (!size) return tl::make_unexpected(size.error());
  return static_cast<std::uint64_t>(*size);
}

Result<std::int64_t> parse_duration(std::string_view text) {
  constexpr std::array<Unit, 5> kUnits{{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"w", 604800}}};
  const auto seconds = parse(text, kUnits, "second", "30d, 12h, 90m, 45s or 2w", 1e12);
  if (!seconds) return tl::make_unexpected(seconds.error());
  return static_cast<std::int64_t>(*seconds);
}

Result<std::vector<std::int32_t>> parse_token_ids(std::string_view text) {
  std::vector<std::int32_t> ids;
  while (true) {
    const std::string_view entry = text.substr(0, text.find(','));
    const auto id = parse_number<std::int32_t>(entry);
    if (!id || *id < 0) {
      return fail("entry " + std::to_string(ids.size() + 1) + ", `" + std::string(entry) + "`, is not a token ID");
    }
    ids.push_back(*id);
    if (entry.size() == text.size()) return ids;
    text.remove_prefix(entry.size() + 1);
  }
}

std::string format_size(std::uint64_t size_bytes) {
  if (size_bytes < 1000) return count_of(size_bytes, "byte");
  constexpr std::array<const char*, 4> kUnits{"kB", "MB", "GB", "TB"};
  double value = static_cast<double>(size_bytes) / 1e3;
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < kUnits.size()) {
    value /= 1e3;
    ++unit;
  }
  char text[48];
  std::snprintf(text, sizeof text, "%.1f %s", value, kUnits[unit]);
  return text;
}

std::string format_duration(std::int64_t seconds) {
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 2 * 3600) return std::to_string(seconds / 60) + " min";
  if (seconds < 2 * 86400) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86400) + " days";
}

std::string count_of(std::uint64_t count, std::string_view singular) {
  return std::to_string(count) + " " + std::string(singular) + (count == 1 ? "" : "s");
}

}  // namespace pml::cli
