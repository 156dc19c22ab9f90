// What the metadata of a GGUF file say of the model's shape.
#pragma once

#include <string_view>

#include "compiler/gguf_metadata.h"
#include "compiler/model_config.h"

namespace pml::compiler {

/// Whether GGUF files of this architecture are read: "llama" (Mistral's too), "qwen2", "qwen3".
bool is_gguf_architecture(std::string_view architecture);

/// Everything but what only the tensors tell (tied embeddings, biases) and the vocabulary. Fails, in `metadata`,
/// on every setting of the architecture that is not understood: one that is passed over in silence (a sliding
/// window, experts, another RoPE) would give wrong answers.
ModelConfig read_gguf_config(GgufMetadata& metadata, std::string_view architecture);

}  // namespace pml::compiler
