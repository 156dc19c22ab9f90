// A model's fingerprint. The SHA-256 of each of its files is remembered in the store by path, size, time and inode, so
// that a file is hashed once.
#pragma once

#include <string>

#include "compiler/model_file.h"
#include "runtime/store/store.h"

namespace pml::runtime {

/// The fingerprint (compiler/recipe.h), hexadecimal. `store` may be null: nothing is remembered then.
std::string model_fingerprint(const compiler::ModelFile& model, const Store* store);

}  // namespace pml::runtime
