// The element type of stored keys and values. Attention reads KV after rounding to this type everywhere:
// spliced rows, a request's own rows, and a full prefill alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pml::runtime {

enum class KvType : std::uint8_t { f32, f16, bf16 };

constexpr std::size_t size_bytes(KvType type) { return type == KvType::f32 ? 4 : 2; }

/// "f32", "f16", "bf16": as the command line and the store's recipe name them.
constexpr std::string_view to_string(KvType type) {
  return type == KvType::f32 ? "f32" : type == KvType::f16 ? "f16" : "bf16";
}

}  // namespace pml::runtime
