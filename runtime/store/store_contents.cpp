#include "runtime/store/store_contents.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <functional>

#include "runtime/store/encode_rate.h"
#include "runtime/store/fingerprint.h"

namespace pml::runtime {
namespace {

namespace fs = std::filesystem;

/// Calls `visit` for every entry of a folder that is a file or a link; links are not followed, so that what they point
/// to is neither counted nor removed.
void for_each_file(const fs::path& folder, const std::function<void(const StoredFile&)>& visit) {
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    struct stat status {};
    if (::lstat(at->path().c_str(), &status) != 0 || S_ISDIR(status.st_mode)) continue;
    visit({at->path(), static_cast<std::uint64_t>(status.st_size), status.st_mtim.tv_sec});
  }
}

/// The same for folders.
void for_each_folder(const fs::path& folder, const std::function<void(const fs::path&)>& visit) {
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (fs::is_directory(at->symlink_status(ignored))) visit(at->path());
  }
}

/// The same for the small files in a folder of the store that are named by a digest, with what they hold.
void for_each_text(const Store& store, const fs::path& folder,
                   const std::function<void(const StoredFile&, const std::string&)>& visit) {
  constexpr std::uint64_t kMostBytes = 64 << 10;  // of those that are looked at; the store's own are far smaller
  for_each_file(store.folder() / folder, [&](const StoredFile& file) {
    if (file.path.extension() != ".json" || !compiler::from_hex(file.path.stem().string())) return;
    if (const auto text = grammar::read_file(file.path, kMostBytes)) visit(file, *text);
  });
}

/// Not if it is only out of reach: in a folder that may not be read, on a disk that answers with errors.
bool is_gone(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

bool is_object_folder(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename().string();
  std::error_code error;
  return name.size() == 2 && name.find_first_not_of("0123456789abcdef") == std::string::npos &&
         fs::is_directory(entry.symlink_status(error));
}

std::size_t count_entries(const fs::path& folder) {
  std::error_code error;
  std::size_t count = 0;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) ++count;
  return error ? count + 1 : count;  // what cannot be read is not taken for empty
}

}  // namespace

std::uint64_t StoreContents::objects_bytes() const {
  std::uint64_t sum = 0;
  for (const StoredObject& object : objects) sum += object.file.size_bytes;
  return sum;
}

namespace {

bool by_use(const StoredObject& a, const StoredObject& b) {
  return std::pair(a.file.used_at, a.digest) < std::pair(b.file.used_at, b.digest);
}

/// Adds what lies on a shelf.
void read_shelf(const Store& store, Shelf shelf, StoreContents& contents) {
  std::error_code error;
  for (fs::directory_iterator at(store.folder() / Store::folder_of(shelf), error), end; !error && at != end;
       at.increment(error)) {
    if (!is_object_folder(*at)) continue;
    contents.folders.push_back({at->path(), count_entries(at->path())});
    const auto digest_of = [&](const fs::path& path) {
      const auto digest = compiler::from_hex(path.stem().string());
      return digest && path == store.object_path(*digest, shelf) ? digest : std::nullopt;
    };
    for_each_file(at->path(), [&](const StoredFile& file) {
      if (const auto digest = digest_of(file.path)) contents.objects.push_back({*digest, file, shelf});
    });
    for_each_folder(at->path(), [&](const fs::path& folder) {
      if (digest_of(folder)) contents.misplaced.push_back(folder);
    });
  }
}

}  // namespace

std::vector<StoredObject> read_objects(const Store& store, Shelf shelf) {
  StoreContents contents;
  read_shelf(store, shelf, contents);
  std::ranges::sort(contents.objects, by_use);
  return std::move(contents.objects);
}

StoreContents read_contents(const Store& store) {
  StoreContents contents;
  contents.folder = store.folder();
  for (const Shelf shelf : {Shelf::declared, Shelf::automatic}) read_shelf(store, shelf, contents);
  std::ranges::sort(contents.objects, by_use);
  StoredManifests manifests = read_manifests(store);
  contents.manifests = std::move(manifests.readable);
  contents.unreadable_manifests = std::move(manifests.unreadable);
  for_each_text(store, "models", [&](const StoredFile& file, const std::string& text) {
    const auto path = remembered_path(text);
    if (!path || store.folder() / remembered_name(*path) != file.path) return;
    if (is_gone(*path)) contents.vanished_models.push_back(file);
  });
  for_each_text(store, "rates", [&](const StoredFile& file, const std::string& text) {
    if (read_encode_rate(text)) contents.rates.push_back(file);
  });
  for_each_file(store.folder() / "tmp", [&](const StoredFile& file) {
    if (file.path.filename().string().starts_with(kTemporaryPrefix)) contents.temporaries.push_back(file);
  });
  return contents;
}

}  // namespace pml::runtime
