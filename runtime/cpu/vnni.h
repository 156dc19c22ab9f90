// May AVX-512's VNNI be used? Kernels that profit are compiled for it in files of their own (*_vnni.cpp).
#pragma once

#include "hwy/detect_targets.h"

namespace pml::runtime::cpu {

/// The CPU has it, and neither the tests nor hwy::SetSupportedTargetsForTest() forbid it.
bool has_vnni();
/// For tests.
void allow_vnni(bool is_allowed);

}  // namespace pml::runtime::cpu
