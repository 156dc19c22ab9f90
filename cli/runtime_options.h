// Options and recipes as the runtime takes them.
#pragma once

#include "cli/options.h"
#include "compiler/recipe.h"
#include "runtime/model.h"

namespace pml::cli {

inline runtime::ModelOptions model_options(const Options& options, const compiler::Recipe& recipe) {
  const auto compute = recipe.compute == "bf16" ? runtime::ComputeType::bf16 : runtime::ComputeType::f32;
  return {options.device, compute, options.threads};
}

inline runtime::KvType kv_type_of(const compiler::Recipe& recipe) {
  return recipe.kv_type == "f32"    ? runtime::KvType::f32
         : recipe.kv_type == "bf16" ? runtime::KvType::bf16
                                    : runtime::KvType::f16;
}

}  // namespace pml::cli
