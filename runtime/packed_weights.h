// The packed matrices of a model, in one file that is made once and then mapped: a process starts without converting
// weights, and processes share their pages. The file is a cache. What cannot be read is made again.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "compiler/model_file.h"
#include "runtime/cpu/packed_matrix.h"
#include "runtime/cpu/parallel_for.h"
#include "runtime/weight_type.h"

namespace pml::runtime {

class PackedWeights {
 public:
  /// Where files of this kind lie: $XDG_CACHE_HOME/pml-weights, else ~/.cache/pml-weights.
  static std::filesystem::path default_folder();

  /// The matrices that `weights` packs. `fingerprint` of the model (compiler/recipe.h) and `folder` say where the file
  /// is; if either is empty, or the file cannot be written, they are made in memory. Files that were not used for a
  /// month are removed from the folder. `model` must outlive the call only.
  static PackedWeights load(const compiler::ModelFile& model, WeightType weights, const std::string& fingerprint,
                            const std::filesystem::path& folder, const cpu::ParallelFor& parallel_for);

  /// The matrix of a tensor; null if it is not packed. Its data live as long as any copy of this object.
  const cpu::PackedMatrix* find(std::string_view tensor) const;

 private:
  std::shared_ptr<const void> keep_;  // a mapped file, or memory
  std::unordered_map<std::string, cpu::PackedMatrix> matrices_;
};

}  // namespace pml::runtime
