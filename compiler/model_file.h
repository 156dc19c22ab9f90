// A model as it lies on disk: its shape, its tensors (mapped, not converted), its tokenizer's data and its
// chat template. Reads headers only; weights are paged in when somebody touches them. No LibTorch.
//
// Immutable after open(); may be read from several threads. Views point into the mapping and live as long
// as the ModelFile (moving it keeps them). The file must not be shortened while it is open.
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

class ModelFile {
 public:
  /// Opens a GGUF file (version 3, little endian). Every length is checked against the file before it is
  /// used. Fails on anything that could not be served exactly, and names the file and what it is.
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
  /// In the file's order; exactly the tensors that the configuration asks for, with the shapes it asks for.
  const std::vector<TensorInfo>& tensors() const;
  /// All bytes of the file, for the fingerprint.
  std::span<const std::byte> bytes() const;

 private:
  struct Impl;
  explicit ModelFile(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pml::compiler
