// A model's fingerprint. The SHA-256 of each of its files is remembered in the store by path, size, time and inode, so
// that a file is hashed once.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "compiler/model_file.h"
#include "runtime/store/store.h"

namespace pml::runtime {

/// Of the file that remembers the SHA-256 of the one at `path`, below the store's folder.
std::string remembered_name(const std::filesystem::path& path);
/// The path of the file whose SHA-256 is remembered in `text`; nothing if it is none that was remembered.
std::optional<std::filesystem::path> remembered_path(std::string_view text);

/// The fingerprint (compiler/recipe.h), hexadecimal. `store` may be null: nothing is remembered then.
std::string model_fingerprint(const compiler::ModelFile& model, const Store* store);

}  // namespace pml::runtime
