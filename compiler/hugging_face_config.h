// What the config.json of a Hugging Face folder says of the model's shape.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "compiler/model_config.h"
#include "grammar/result.h"

namespace pml::compiler {

/// Model types llama, mistral, qwen2 and qwen3, with the defaults that `transformers` has for settings that are
/// left out. Fails by name on other types and on everything that would change answers and is not implemented:
/// a sliding window in use, other kinds of RoPE scaling, experts, quantised weights, code of the model's own.
Result<ModelConfig> read_hugging_face_config(const nlohmann::json& config);

}  // namespace pml::compiler
