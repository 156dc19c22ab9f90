// AMX's instructions on tiles. Only for files whose functions are called if has_amx().
//
// Not the compiler's intrinsics: those of GCC 12 do not say which memory they read and write, so that it drops stores
// that they need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace pml::runtime::cpu {

struct TileShape {
  std::uint8_t num_rows;    // at most 16
  std::uint16_t row_bytes;  // at most 64
};

/// The shapes of this thread's tiles while it lives. Then they are what they were before: a library that the thread
/// also runs may count on its own. What is in the tiles is lost.
class TileScope {
 public:
  explicit TileScope(std::initializer_list<TileShape> shapes) {
    asm volatile("sttilecfg %0" : "=m"(before_));
    Configuration wanted;
    wanted.palette = 1;
    std::size_t index = 0;
    for (const TileShape& shape : shapes) {
      wanted.row_bytes[index] = shape.row_bytes;
      wanted.num_rows[index++] = shape.num_rows;
    }
    asm volatile("ldtilecfg %0" : : "m"(wanted));
  }
  ~TileScope() {
    if (before_.palette == 0) {
      asm volatile("tilerelease");
    } else {
      asm volatile("ldtilecfg %0" : : "m"(before_));
    }
  }
  TileScope(const TileScope&) = delete;
  TileScope& operator=(const TileScope&) = delete;

 private:
  struct alignas(64) Configuration {
    std::uint8_t palette = 0;
    std::uint8_t start_row = 0;
    std::uint8_t reserved[14] = {};
    std::uint16_t row_bytes[16] = {};
    std::uint8_t num_rows[16] = {};
  };
  Configuration before_;
};

/// Row r of tile kTile is what stands at `from + r * stride` bytes.
template <int kTile>
inline __attribute__((always_inline)) void load_tile(const void* from, std::size_t stride) {
  asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(from), "r"(stride), "i"(kTile) : "memory");
}

template <int kTile>
inline __attribute__((always_inline)) void store_tile(void* to, std::size_t stride) {
  asm volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(to), "r"(stride), "i"(kTile) : "memory");
}

template <int kTile>
inline __attribute__((always_inline)) void clear_tile() {
  asm volatile("tilezero %%tmm%c0" : : "i"(kTile));
}

/// sums[r, c] += sum over g and i < 2 of a[r, 2g + i] * b[g, 2c + i]: bf16, sums in f32.
template <int kSums, int kA, int kB>
inline __attribute__((always_inline)) void multiply_tiles() {
  asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(kSums), "i"(kA), "i"(kB));
}

}  // namespace pml::runtime::cpu
