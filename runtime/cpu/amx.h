// May AMX's products of bf16 tiles be used? A tile is 16 rows of 64 bytes; kernels that profit are in files of their
// own
// (*_amx.cpp).
#pragma once

#include "hwy/detect_targets.h"

namespace pml::runtime::cpu {

/// The CPU has them, the system lets this process use them, and neither the tests nor
/// hwy::SetSupportedTargetsForTest() forbid it.
bool has_amx();
/// For tests.
void allow_amx(bool is_allowed);

}  // namespace pml::runtime::cpu
