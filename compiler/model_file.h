// A model as it lies on disk: its shape, its tensors (mapped, not converted), its tokenizer's data and its
// chat template. Reads headers only; weights are paged in when somebody touches them. No LibTorch.
//
// Immutable after open(); may be read from several threads. Views point into the mapping and live as long
// as the ModelFile (moving it keeps them). No file of it may be shortened while it is open.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "compiler/model_config.h"
#include "compiler/tensor_info.h"
#include "compiler/tokenizer_data.h"
#include "grammar/result.h"

namespace pml::compiler {

/// One of the files of a model.
struct ModelPart {
  std::filesystem::path path;
  std::span<const std::byte> bytes;  ///< all of the file
};

class ModelFile {
 public:
  /// Opens a GGUF file (version 3, little endian) or a Hugging Face folder. Every length is checked against the
  /// files before it is used. Fails on anything that could not be served exactly, and names the path and what
  /// it is.
  static Result<ModelFile> open(const std::filesystem::path& path);

  ModelFile(ModelFile&&) noexcept;
  ModelFile& operator=(ModelFile&&) noexcept;
  ~ModelFile();

  const std::filesystem::path& path() const;
  const ModelConfig& config() const;
  const TokenizerData& tokenizer() const;
  /// The Jinja source of the model's chat template; empty if it has none.
  std::string_view chat_template() const;
  /// The tensor of that (Hugging Face) name, or null.
  const TensorInfo* tensor(std::string_view name) const;
  /// In the files' order; exactly the tensors that the configuration asks for, with the shapes it asks for.
  const std::vector<TensorInfo>& tensors() const;
  /// The files that shape and weights come from, for the fingerprint: the GGUF file; or config.json and the
  /// folder's safetensors files, in a fixed order. The tokenizer's files are not among them.
  const std::vector<ModelPart>& parts() const;

 private:
  struct Impl;
  explicit ModelFile(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pml::compiler
