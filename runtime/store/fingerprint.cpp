#include "runtime/store/fingerprint.h"

#include <sys/stat.h>

#include <nlohmann/json.hpp>

namespace pml::runtime {
namespace {

using compiler::to_hex;

/// SHA-256 of one file, hexadecimal: the one that the store remembers, if the file is still the same.
std::string file_digest(const compiler::ModelPart& part, const Store* store) {
  std::error_code error;
  const std::string path = std::filesystem::canonical(part.path, error).string();
  struct stat status {};
  if (store == nullptr || error || ::stat(path.c_str(), &status) != 0) return to_hex(compiler::sha256(part.bytes));

  nlohmann::json key{{"path", path},
                     {"size", status.st_size},
                     {"inode", status.st_ino},
                     {"modified", {status.st_mtim.tv_sec, status.st_mtim.tv_nsec}},
                     {"changed", {status.st_ctim.tv_sec, status.st_ctim.tv_nsec}}};  // no program can set this one back
  const std::string name = "models/" + to_hex(compiler::sha256(path)) + ".json";
  if (const auto text = store->read_text(name)) {
    const auto known = nlohmann::json::parse(*text, nullptr, false);
    if (known.is_object() && known.contains("file") && known["file"] == key && known.contains("fingerprint") &&
        known["fingerprint"].is_string()) {
      return known["fingerprint"].get<std::string>();
    }
  }
  const std::string result = to_hex(compiler::sha256(part.bytes));
  // A store that cannot be written to only means that the file is hashed again.
  if (!store->is_read_only()) {
    static_cast<void>(store->write_text(name, nlohmann::json{{"file", key}, {"fingerprint", result}}.dump()));
  }
  return result;
}

}  // namespace

std::string model_fingerprint(const compiler::ModelFile& model, const Store* store) {
  std::vector<compiler::PartDigest> parts;
  for (const compiler::ModelPart& part : model.parts()) {
    parts.push_back({part.path.filename().string(), file_digest(part, store)});
  }
  return compiler::fingerprint(parts);
}

}  // namespace pml::runtime
