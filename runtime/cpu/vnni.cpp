#include "runtime/cpu/vnni.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/cpu/vnni.cpp"
// The order matters: what follows foreach_target.h is compiled once for every instruction set.
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace pml::runtime::cpu::HWY_NAMESPACE {

bool has_avx3() { return HWY_TARGET <= HWY_AVX3; }

}  // namespace pml::runtime::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pml::runtime::cpu {

HWY_EXPORT(has_avx3);

namespace {

bool vnni_is_allowed = true;

}  // namespace

void allow_vnni(bool is_allowed) { vnni_is_allowed = is_allowed; }

bool has_vnni() {
#if HWY_ARCH_X86
  static const bool cpu_has = __builtin_cpu_supports("avx512vnni") != 0;
  return cpu_has && vnni_is_allowed && HWY_DYNAMIC_DISPATCH(has_avx3)();
#else
  return false;
#endif
}

}  // namespace pml::runtime::cpu
#endif
