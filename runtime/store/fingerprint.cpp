#include "runtime/store/fingerprint.h"

#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "compiler/json_file.h"

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
  const std::string name = remembered_name(path);
  if (const auto text = store->read_text(name)) {
    const auto known = compiler::parse_json(*text);
    const std::string_view fingerprint = known ? compiler::string_member(*known, "fingerprint") : "";
    if (compiler::from_hex(fingerprint) && compiler::member(*known, "file") == key) return std::string(fingerprint);
  }
  const std::string result = to_hex(compiler::sha256(part.bytes));
  // A store that cannot be written to only means that the file is hashed again.
  if (!store->is_read_only()) {
    const nlohmann::json known{{"file", key}, {"fingerprint", result}};
    static_cast<void>(store->write_text(name, known.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
  }
  return result;
}

}  // namespace

std::string remembered_name(const std::filesystem::path& path) {
  return "models/" + to_hex(compiler::sha256(path.string())) + ".json";
}

std::optional<std::filesystem::path> remembered_path(std::string_view text) {
  const auto known = compiler::parse_json(text);
  if (!known || !compiler::from_hex(compiler::string_member(*known, "fingerprint"))) return std::nullopt;
  const std::string_view path = compiler::string_member(compiler::member(*known, "file"), "path");
  return path.starts_with('/') ? std::optional(std::filesystem::path(path)) : std::nullopt;
}

std::string model_fingerprint(const compiler::ModelFile& model, const Store* store) {
  std::vector<compiler::PartDigest> parts;
  for (const compiler::ModelPart& part : model.parts()) {
    parts.push_back({part.path.filename().string(), file_digest(part, store)});
  }
  return compiler::fingerprint(parts);
}

}  // namespace pml::runtime
