#include "runtime/store/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

namespace pml::runtime {
namespace {

namespace fs = std::filesystem;

/// Files used more often than this keep their time: reading must not cost a write each time.
constexpr time_t kUseResolutionSeconds = 60;

/// How often a folder is made again that `gc` removed before the file was in it.
constexpr int kMostAttempts = 100;

std::string describe_errno() { return std::strerror(errno); }

/// A descriptor that is closed on every way out.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

bool write_all(int descriptor, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

/// Makes the renaming itself durable.
void flush_folder(const fs::path& folder) {
  const File file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (file.get() >= 0) ::fsync(file.get());
}

std::span<const std::byte> as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace

fs::path Store::default_folder() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/')
    return fs::path(cache) / "pml";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0')
    return fs::path(home) / ".cache" / "pml";
  return fs::temp_directory_path() / ("pml-" + std::to_string(::getuid()));
}

Store::Store(fs::path folder, bool is_read_only, Warn warn)
    : folder_(std::move(folder)), is_read_only_(is_read_only), warn_(std::move(warn)) {}

Result<Store> Store::open(fs::path folder, Warn warn) {
  std::error_code error;
  if (!folder.has_filename()) folder = folder.parent_path();  // a slash at the end
  if (!fs::exists(folder, error)) {
    if (folder.has_parent_path()) fs::create_directories(folder.parent_path(), error);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
      return fail("the store " + folder.string() + " cannot be made: " + describe_errno());
    }
  }
  if (!fs::is_directory(folder, error)) return fail("the store " + folder.string() + " is not a folder");
  bool is_read_only = ::access(folder.c_str(), W_OK) != 0;
  for (const char* part : {"objects", "automatic", "schemas", "models", "rates", "tmp"}) {
    if (is_read_only) break;
    fs::create_directory(folder / part, error);
    if (error) return fail("the store " + folder.string() + " cannot be written to: " + error.message());
  }
  return Store(std::move(folder), is_read_only, std::move(warn));
}

Result<Store> Store::open_for_reading(fs::path folder, Warn warn) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (fs::exists(status) && !fs::is_directory(status)) return fail("the store " + folder.string() + " is not a folder");
  return Store(std::move(folder), /*is_read_only=*/true, std::move(warn));
}

bool Store::is_store() const {
  std::error_code error;
  return fs::is_directory(folder_ / "objects", error) && fs::is_directory(folder_ / "schemas", error);
}

fs::path Store::folder_of(Shelf shelf) { return shelf == Shelf::declared ? "objects" : "automatic"; }

fs::path Store::object_name(const Digest& digest, Shelf shelf) {
  const std::string name = compiler::to_hex(digest);
  return folder_of(shelf) / name.substr(0, 2) / (name + ".safetensors");
}

std::shared_ptr<const Artifact> Store::find(const Digest& digest, const KvShape& shape, std::int32_t num_tokens,
                                            Slot first, Finding* finding, Shelf shelf) const {
  Finding unused;
  Finding& result = finding != nullptr ? *finding : unused;
  result = Finding::missing;
  const fs::path path = object_path(digest, shelf);
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return nullptr;
  result = Finding::damaged;
  const auto damaged = [&](const std::string& why) -> std::shared_ptr<const Artifact> {
    warn_("an artifact is not used: " + why);
    return nullptr;
  };
  auto artifact = open_artifact(path);
  if (!artifact) return damaged(artifact.error().message);
  if (artifact->entry("digest") != compiler::to_hex(digest)) return damaged(path.string() + ": it is another artifact");
  if (artifact->shape != shape || artifact->num_tokens != num_tokens) {
    return damaged(path.string() + ": its tensors are not those of its digest");
  }
  if (const auto checked = check_data(*artifact); !checked) {
    return damaged(path.string() + ": " + checked.error().message);
  }
  if (std::time(nullptr) - status.st_mtim.tv_sec > kUseResolutionSeconds) touch(object_name(digest, shelf));

  result = Finding::found;
  const KvView view{artifact->k.data(), artifact->v.data(), shape, num_tokens, num_tokens, first, 0};
  return std::make_shared<Artifact>(view, std::make_shared<ArtifactFile>(std::move(*artifact)), true);
}

bool Store::has(const Digest& digest, Shelf shelf) const {
  struct stat status {};
  return ::lstat(object_path(digest, shelf).c_str(), &status) == 0;
}

Result<void> Store::put(const ArtifactMetadata& metadata, const KvView& view, Shelf shelf) const {
  const std::string header = write_artifact_header(metadata, view);
  const std::size_t size_bytes = view.shape.size_bytes(view.num_rows);
  const std::array<std::span<const std::byte>, 3> pieces{as_bytes(header), {view.k, size_bytes}, {view.v, size_bytes}};
  return write(object_name(metadata.digest, shelf), pieces);
}

Result<void> Store::write_text(const fs::path& name, std::string_view text) const {
  const std::array<std::span<const std::byte>, 1> pieces{as_bytes(text)};
  return write(name, pieces);
}

std::optional<std::string> Store::read_text(const fs::path& name) const {
  std::error_code error;
  if (!fs::exists(folder_ / name, error)) return std::nullopt;
  auto text = grammar::read_file(folder_ / name, kMaxTextBytes);
  if (text) return std::move(*text);
  warn_((folder_ / name).string() + " " + text.error().message);
  return std::nullopt;
}

void Store::touch(const fs::path& name) const {
  if (!is_read_only_) static_cast<void>(::utimensat(AT_FDCWD, (folder_ / name).c_str(), nullptr, 0));
}

Result<void> Store::write(const fs::path& name, std::span<const std::span<const std::byte>> pieces) const {
  if (is_read_only_) return fail("the store " + folder_.string() + " is read-only");
  const fs::path target = folder_ / name;
  std::string temporary = (folder_ / "tmp" / (std::string(kTemporaryPrefix) + "XXXXXX")).string();
  const File file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) return fail("cannot write to " + folder_.string() + ": " + describe_errno());
  bool is_written = true;
  for (const auto piece : pieces) is_written = is_written && write_all(file.get(), piece);
  is_written = is_written && ::fsync(file.get()) == 0;
  const auto moved = is_written ? move_into_place(temporary, target) : fail(describe_errno());
  if (moved) return {};
  ::unlink(temporary.c_str());
  return fail("cannot write " + target.string() + ": " + moved.error().message);
}

Result<void> Store::move_into_place(const std::string& temporary, const fs::path& target) const {
  const fs::path folder = target.parent_path();
  for (int attempt = 1;; ++attempt) {
    std::error_code error;
    const bool is_new_folder = fs::create_directories(folder, error);
    if (error && attempt < kMostAttempts) continue;  // it was there, and is gone
    if (error) return fail("its folder cannot be made: " + error.message());
    if (::rename(temporary.c_str(), target.c_str()) == 0) {
      flush_folder(folder);
      if (is_new_folder) flush_folder(folder.parent_path());
      return {};
    }
    if (attempt == kMostAttempts) return fail(describe_errno());
    if (errno == ENOENT) continue;
    if (errno != EISDIR) return fail(describe_errno());
    // Nobody's file is lost with an empty folder.
    if (::rmdir(target.c_str()) != 0 && errno != ENOENT) return fail("a folder is in its place; remove that");
  }
}

}  // namespace pml::runtime
