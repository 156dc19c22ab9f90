// Options and recipes as the runtime takes them.
#pragma once

#include "cli/options.h"
#include "compiler/recipe.h"
#include "runtime/model.h"
#include "runtime/packed_weights.h"

namespace pml::cli {

inline runtime::ModelOptions model_options(const Options& options, const compiler::Recipe& recipe) {
  runtime::ModelOptions result;
  result.device = options.device;
  result.weights = runtime::weight_type(recipe.weights).value_or(runtime::WeightType::f32);
  result.num_threads = options.threads;
  result.weights_folder = runtime::PackedWeights::default_folder();
  result.fingerprint = recipe.model;
  return result;
}

inline runtime::KvType kv_type_of(const compiler::Recipe& recipe) {
  return recipe.kv_type == "f32"    ? runtime::KvType::f32
         : recipe.kv_type == "bf16" ? runtime::KvType::bf16
                                    : runtime::KvType::f16;
}

}  // namespace pml::cli
