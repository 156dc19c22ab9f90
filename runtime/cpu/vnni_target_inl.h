// Sets up Highway for AVX-512 with VNNI, whose product of pairs adds them up in one instruction: the version of Highway
// that is used has no such target. Its AVX-512 target is taken, all of whose functions are inlined into ours.
#pragma once

#include "hwy/detect_targets.h"

#undef HWY_TARGET
#define HWY_TARGET HWY_AVX3
#include "hwy/highway.h"

#define PML_SIMD_NAMESPACE N_AVX3_VNNI
#define PML_SIMD_HAS_VNNI 1
#define PML_SIMD_BEFORE HWY_PUSH_ATTRIBUTES(HWY_TARGET_STR ",avx512vnni")
#define PML_SIMD_AFTER HWY_AFTER_NAMESPACE();
