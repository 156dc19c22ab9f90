// A model file's fingerprint, remembered in the store by path, size, time and inode, so that it is hashed once.
#pragma once

#include <string>

#include "compiler/model_file.h"
#include "runtime/store/store.h"

namespace pml::runtime {

/// SHA-256 of the file, hexadecimal. `store` may be null: nothing is remembered then.
std::string model_fingerprint(const compiler::ModelFile& model, const Store* store);

}  // namespace pml::runtime
