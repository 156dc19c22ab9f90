// What a GGUF file says of a model, in Hugging Face's names: configuration, tensors, tokenizer, template.
#pragma once

#include "compiler/gguf.h"
#include "compiler/model_contents.h"
#include "grammar/result.h"

namespace pml::compiler {

/// Architecture `llama` only. Fails by name on other architectures, on tensor types that are not implemented,
/// and on every `llama.*` setting that is not understood: one that is passed over in silence (a sliding
/// window, scaled RoPE, experts) would give wrong answers. The result still has to pass check_model(); its
/// tensors are views into the bytes that `gguf` was parsed from.
Result<ModelContents> read_gguf_model(const Gguf& gguf);

}  // namespace pml::compiler
