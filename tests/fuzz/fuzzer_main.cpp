// libFuzzer's way into a target.
#include <cstddef>
#include <cstdint>

#include "fuzz/target.h"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pml::fuzz::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
