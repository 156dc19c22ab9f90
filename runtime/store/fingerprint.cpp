#include "runtime/store/fingerprint.h"

#include <sys/stat.h>

#include <nlohmann/json.hpp>

namespace pml::runtime {

std::string model_fingerprint(const compiler::ModelFile& model, const Store* store) {
  std::error_code error;
  const std::string path = std::filesystem::canonical(model.path(), error).string();
  struct stat status {};
  if (store == nullptr || error || ::stat(path.c_str(), &status) != 0) return compiler::to_hex(fingerprint(model));

  nlohmann::json key{{"path", path},
                     {"size", status.st_size},
                     {"inode", status.st_ino},
                     {"seconds", status.st_mtim.tv_sec},
                     {"nanoseconds", status.st_mtim.tv_nsec}};
  const std::string name = "models/" + compiler::to_hex(compiler::sha256(path)) + ".json";
  if (const auto text = store->read_text(name)) {
    const auto known = nlohmann::json::parse(*text, nullptr, false);
    if (known.is_object() && known.contains("file") && known["file"] == key && known.contains("fingerprint") &&
        known["fingerprint"].is_string()) {
      return known["fingerprint"].get<std::string>();
    }
  }
  const std::string result = compiler::to_hex(fingerprint(model));
  // A store that cannot be written to only means that the file is hashed again.
  if (!store->is_read_only()) {
    static_cast<void>(store->write_text(name, nlohmann::json{{"file", key}, {"fingerprint", result}}.dump()));
  }
  return result;
}

}  // namespace pml::runtime
