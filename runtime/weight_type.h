// What weights are kept as while a model is in use.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pml::runtime {

/// stored: blocks of 4 to 8 bits as the file has them, other matrices in f32. q8, q4: everything in blocks of 32 values
/// of at most so many bits, rounded where the file has more.
enum class WeightType : std::uint8_t { f32, bf16, stored, q8, q4 };

inline constexpr std::array<std::string_view, 5> kWeightTypeNames{"f32", "bf16", "stored", "q8", "q4"};

constexpr std::string_view to_string(WeightType type) { return kWeightTypeNames[static_cast<std::size_t>(type)]; }
constexpr std::optional<WeightType> weight_type(std::string_view name) {
  for (std::size_t i = 0; i < kWeightTypeNames.size(); ++i) {
    if (kWeightTypeNames[i] == name) return static_cast<WeightType>(i);
  }
  return std::nullopt;
}

}  // namespace pml::runtime
