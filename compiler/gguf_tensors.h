// The tensors of a GGUF file, under Hugging Face's names, and what follows from their presence.
#pragma once

#include "compiler/gguf.h"
#include "compiler/model_contents.h"
#include "grammar/result.h"

namespace pml::compiler {

/// Fills `contents.tensors`, with views into the bytes that `gguf` was parsed from, and completes
/// `contents.config`: tied embeddings, biases, and the RoPE scaling that `rope_freqs.weight` states. Fails by
/// name on tensors that have no place in the model and on types that are not implemented.
Result<void> read_gguf_tensors(const Gguf& gguf, ModelContents& contents);

}  // namespace pml::compiler
