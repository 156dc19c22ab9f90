// The safetensors container: 8 bytes of header length (little endian), a JSON header, then the tensors' bytes.
// Only what artifacts and models need; the format is read strictly, because a file may hold anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "grammar/result.h"

namespace pml::compiler {

struct SafetensorsEntry {
  std::string name;
  std::string dtype;  // "F32", "F16", "BF16"
  std::vector<std::int64_t> shape;
  std::size_t begin = 0;  // bytes, from the start of the data
  std::size_t end = 0;
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> tensors;  // in the order of their bytes
  std::map<std::string, std::string> metadata;
};

/// Length prefix and JSON, padded with blanks so that the data begins at a multiple of 64 bytes.
std::string write_safetensors_header(const SafetensorsHeader& header);

/// Reads the header of a whole file. On success `data` is what follows it. Every tensor's bytes lie inside the
/// file, do not overlap, leave no gap, and are as many as dtype and shape ask for. Messages do not name the file.
Result<SafetensorsHeader> read_safetensors_header(std::span<const std::byte> file, std::span<const std::byte>& data);

}  // namespace pml::compiler
