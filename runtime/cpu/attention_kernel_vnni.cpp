#include "runtime/cpu/attention_kernel.h"
#include "runtime/cpu/vnni.h"

#if HWY_ARCH_X86
#include "runtime/cpu/vnni_target_inl.h"
// The order matters: the kernel is made of the others.
// clang-format off
#include "runtime/cpu/exp2_inl.h"
#include "runtime/cpu/kv_scratch_inl.h"
#include "runtime/cpu/score_mask_inl.h"
#include "runtime/cpu/attention_fixed_inl.h"
// clang-format on
#endif

namespace pml::runtime::cpu {

void attend_fixed_with_vnni([[maybe_unused]] const KernelInput& input, [[maybe_unused]] const HeadItem& work,
                            [[maybe_unused]] const HeadItem& next) {
#if HWY_ARCH_X86
  N_AVX3_VNNI::attend_fixed_on_target(input, work, next);
#endif
}

}  // namespace pml::runtime::cpu
