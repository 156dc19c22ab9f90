// A Hugging Face folder: config.json, the weights in safetensors, the tokenizer.
#pragma once

#include <filesystem>
#include <vector>

#include "compiler/mapped_file.h"
#include "compiler/model_contents.h"
#include "grammar/result.h"

namespace pml::compiler {

struct HuggingFaceModel {
  struct File {
    std::filesystem::path path;
    MappedFile file;
  };
  ModelContents contents;
  std::vector<File> files;  ///< config.json and the files of the weights; the tensors are views into them
};

/// Reads
///
///     config.json                     the shape of the model (hugging_face_config.h)
///     model.safetensors               all weights; or
///     model.safetensors.index.json    which shard beside it holds which tensor
///     generation_config.json          if it is there: further end tokens
///     tokenizer.json, ...             (tokenizer_folder.h)
///
/// and nothing else. Every length is checked against the files before it is used. Tensors are F32, F16 or BF16,
/// and are exactly those that an index names. The contents still have to pass check_model(). Messages do not
/// name the folder.
Result<HuggingFaceModel> read_hugging_face_model(const std::filesystem::path& folder);

}  // namespace pml::compiler
