#include "runtime/store/store_contents.h"

#include <sys/stat.h>

#include <algorithm>
#include <functional>

namespace pml::runtime {
namespace {

namespace fs = std::filesystem;

/// Calls `visit` for every entry that is a file or a link; links are not followed, so that what they point to is
/// neither counted nor removed.
void for_each_file(const fs::path& folder, const std::function<void(const StoredFile&)>& visit) {
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    struct stat status {};
    if (::lstat(at->path().c_str(), &status) != 0 || S_ISDIR(status.st_mode)) continue;
    visit({at->path(), static_cast<std::uint64_t>(status.st_size), status.st_mtim.tv_sec});
  }
}

}  // namespace

std::uint64_t StoreContents::objects_bytes() const {
  std::uint64_t sum = 0;
  for (const StoredObject& object : objects) sum += object.file.size_bytes;
  return sum;
}

StoreContents read_contents(const Store& store) {
  StoreContents contents;
  contents.folder = store.folder();
  std::error_code error;
  const fs::path objects = store.folder() / "objects";
  for (fs::directory_iterator at(objects, error), end; !error && at != end; at.increment(error)) {
    for_each_file(at->path(), [&](const StoredFile& file) {
      const auto digest = compiler::from_hex(file.path.stem().string());
      if (digest && file.path == store.object_path(*digest)) contents.objects.push_back({*digest, file});
    });
  }
  std::sort(contents.objects.begin(), contents.objects.end(), [](const StoredObject& a, const StoredObject& b) {
    return std::pair(a.file.used_at, a.digest) < std::pair(b.file.used_at, b.digest);
  });
  contents.manifests = read_manifests(store);
  for_each_file(store.folder() / "tmp", [&](const StoredFile& file) {
    if (file.path.filename().string().starts_with(kTemporaryPrefix)) contents.temporaries.push_back(file);
  });
  return contents;
}

}  // namespace pml::runtime
