// A file, mapped read-only for as long as the object lives. The file must not be shortened meanwhile: pages
// that are gone raise SIGBUS on access, which no check of ours can catch.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "grammar/result.h"

namespace pml::compiler {

class MappedFile {
 public:
  /// Fails if the file cannot be opened, is no regular file, or is empty. The message names the path.
  static Result<MappedFile> open(const std::filesystem::path& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::span<const std::byte> bytes_;
};

}  // namespace pml::compiler
