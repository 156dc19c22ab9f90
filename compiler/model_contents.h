// What a reader of some file format makes of a model, in Hugging Face's names. ModelFile serves it; each
// format has one function that fills it.
#pragma once

#include <string>
#include <vector>

#include "compiler/model_config.h"
#include "compiler/tensor_info.h"
#include "compiler/tokenizer_data.h"
#include "grammar/result.h"

namespace pml::compiler {

struct ModelContents {
  ModelConfig config;
  std::vector<TensorInfo> tensors;  ///< views into the file that was read
  TokenizerData tokenizer;
  std::string chat_template;  ///< Jinja; empty if there is none
};

/// Holds every format to the same promise: the numbers make sense together, and the tensors are exactly
/// those of the architecture, each once and in its shape. A tensor too many fails as well: a bias or an
/// expert that is left out changes every answer.
Result<void> check_model(const ModelContents& contents);

}  // namespace pml::compiler
