// What a GGUF file says of a model, in Hugging Face's names: configuration, tensors, tokenizer, template.
#pragma once

#include "compiler/gguf.h"
#include "compiler/model_contents.h"
#include "grammar/result.h"

namespace pml::compiler {

/// Architectures llama (Mistral's too), qwen2 and qwen3. Fails by name on others, and on everything that could not
/// be served exactly (gguf_config.h, gguf_tensors.h). The result still has to pass check_model(); its tensors
/// are views into the bytes that `gguf` was parsed from.
Result<ModelContents> read_gguf_model(const Gguf& gguf);

}  // namespace pml::compiler
