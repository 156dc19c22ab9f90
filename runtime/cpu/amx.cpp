#include "runtime/cpu/amx.h"

#include "runtime/cpu/vnni.h"

#if HWY_ARCH_X86 && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace pml::runtime::cpu {
namespace {

bool amx_is_allowed = true;

#if HWY_ARCH_X86 && defined(__linux__)
// Tiles are state that threads carry, so the system has to know. It says yes once, for all threads of the process.
bool ask_for_amx() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return false;
  constexpr unsigned kTile = 1U << 24, kBf16 = 1U << 22;
  if ((edx & kTile) == 0 || (edx & kBf16) == 0) return false;
  if (__builtin_cpu_supports("avx512bf16") == 0) return false;  // what feeds the tiles is rounded by its instructions
  constexpr long kRequestPermission = 0x1023;                   // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;                                // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}
#else
bool ask_for_amx() { return false; }
#endif

}  // namespace

void allow_amx(bool is_allowed) { amx_is_allowed = is_allowed; }

bool has_amx() {
  static const bool may_use = ask_for_amx();
  return may_use && amx_is_allowed && has_vnni();
}

}  // namespace pml::runtime::cpu
