#include "runtime/store/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "compiler/mapped_file.h"
#include "compiler/safetensors.h"

namespace pml::runtime {
namespace {

namespace fs = std::filesystem;

std::string to_dtype(KvType type) {
  switch (type) {
    case KvType::f32: return "F32";
    case KvType::f16: return "F16";
    case KvType::bf16: return "BF16";
  }
  return "";
}

/// Of `k` followed by `v`, as hexadecimal digits.
std::string checksum(std::span<const std::byte> k, std::span<const std::byte> v) {
  struct State {
    XXH3_state_t* state = XXH3_createState();
    ~State() { XXH3_freeState(state); }
  } hash;
  XXH3_128bits_reset(hash.state);
  XXH3_128bits_update(hash.state, k.data(), k.size());
  XXH3_128bits_update(hash.state, v.data(), v.size());
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(hash.state));
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : canonical.digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

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
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/') return fs::path(cache) / "pml";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') return fs::path(home) / ".cache" / "pml";
  return fs::temp_directory_path() / ("pml-" + std::to_string(::getuid()));
}

Store::Store(fs::path folder, bool is_read_only, Warn warn)
    : folder_(std::move(folder)), is_read_only_(is_read_only), warn_(std::move(warn)) {}

Result<Store> Store::open(fs::path folder, Warn warn) {
  std::error_code error;
  if (!fs::exists(folder, error)) {
    if (folder.has_parent_path()) fs::create_directories(folder.parent_path(), error);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
      return fail("the store " + folder.string() + " cannot be made: " + describe_errno());
    }
  }
  if (!fs::is_directory(folder, error)) return fail("the store " + folder.string() + " is not a folder");
  bool is_read_only = ::access(folder.c_str(), W_OK) != 0;
  for (const char* part : {"objects", "schemas", "models", "tmp"}) {
    if (is_read_only) break;
    fs::create_directory(folder / part, error);
    if (error) return fail("the store " + folder.string() + " cannot be written to: " + error.message());
  }
  return Store(std::move(folder), is_read_only, std::move(warn));
}

fs::path Store::object_path(const Digest& digest) const {
  const std::string name = compiler::to_hex(digest);
  return folder_ / "objects" / name.substr(0, 2) / (name + ".safetensors");
}

bool Store::contains(const Digest& digest) const {
  std::error_code error;
  return fs::exists(object_path(digest), error);
}

std::shared_ptr<const Artifact> Store::find(const Digest& digest, const KvShape& shape, std::int32_t num_tokens,
                                            Slot first, Finding* finding) const {
  Finding unused;
  Finding& result = finding != nullptr ? *finding : unused;
  result = Finding::missing;
  if (!contains(digest)) return nullptr;
  result = Finding::damaged;
  const fs::path path = object_path(digest);
  const auto damaged = [&](const std::string& why) -> std::shared_ptr<const Artifact> {
    warn_("the artifact " + path.string() + " is not used: " + why);
    return nullptr;
  };
  auto file = compiler::MappedFile::open(path);
  if (!file) return damaged(file.error().message);
  std::span<const std::byte> data;
  const auto header = compiler::read_safetensors_header(file->bytes(), data);
  if (!header) return damaged(header.error().message);

  const auto metadata = [&](const char* key) {
    const auto found = header->metadata.find(key);
    return found == header->metadata.end() ? std::string() : found->second;
  };
  if (metadata("digest") != compiler::to_hex(digest)) return damaged("it is another artifact");
  const std::vector<std::int64_t> wanted{shape.num_layers, shape.num_kv_heads, num_tokens, shape.head_dim};
  const auto& tensors = header->tensors;
  const bool has_shape = tensors.size() == 2 && tensors[0].name == "k" && tensors[1].name == "v" &&
                         tensors[0].dtype == to_dtype(shape.type) && tensors[1].dtype == tensors[0].dtype &&
                         tensors[0].shape == wanted && tensors[1].shape == wanted;
  if (!has_shape) return damaged("its tensors are not those of its digest");
  const auto k = data.subspan(tensors[0].begin, tensors[0].end - tensors[0].begin);
  const auto v = data.subspan(tensors[1].begin, tensors[1].end - tensors[1].begin);
  if (checksum(k, v) != metadata("checksum")) return damaged("its checksum is wrong");

  result = Finding::found;
  const KvView view{k.data(), v.data(), shape, num_tokens, num_tokens, first, 0};
  return std::make_shared<Artifact>(view, std::make_shared<compiler::MappedFile>(std::move(*file)), true);
}

Result<void> Store::put(const ArtifactMetadata& metadata, const KvView& view) const {
  const std::size_t size_bytes = view.shape.size_bytes(view.num_rows);
  const std::span<const std::byte> k(view.k, size_bytes);
  const std::span<const std::byte> v(view.v, size_bytes);
  nlohmann::json context = nlohmann::json::array();
  for (const Digest& member : metadata.context) context.push_back(compiler::to_hex(member));

  compiler::SafetensorsHeader header;
  const std::vector<std::int64_t> shape{view.shape.num_layers, view.shape.num_kv_heads, view.num_rows,
                                        view.shape.head_dim};
  header.tensors = {{"k", to_dtype(view.shape.type), shape, 0, size_bytes},
                    {"v", to_dtype(view.shape.type), shape, size_bytes, 2 * size_bytes}};
  header.metadata = {{"digest", compiler::to_hex(metadata.digest)},
                     {"checksum", checksum(k, v)},
                     {"recipe", metadata.recipe},
                     {"tokens", nlohmann::json(metadata.tokens).dump()},
                     {"positions", nlohmann::json{metadata.first, metadata.first + view.num_rows - 1}.dump()},
                     {"context", context.dump()}};
  const std::string text = compiler::write_safetensors_header(header);
  const std::array<std::span<const std::byte>, 3> pieces{as_bytes(text), k, v};
  return write(fs::relative(object_path(metadata.digest), folder_), pieces);
}

Result<void> Store::write_text(const fs::path& name, std::string_view text) const {
  const std::array<std::span<const std::byte>, 1> pieces{as_bytes(text)};
  return write(name, pieces);
}

std::optional<std::string> Store::read_text(const fs::path& name) const {
  constexpr std::uint64_t kMaxBytes = 256ULL << 20;
  std::error_code error;
  if (!fs::exists(folder_ / name, error)) return std::nullopt;
  auto text = grammar::read_file(folder_ / name, kMaxBytes);
  if (text) return std::move(*text);
  warn_((folder_ / name).string() + " " + text.error().message);
  return std::nullopt;
}

Result<void> Store::write(const fs::path& name, std::span<const std::span<const std::byte>> pieces) const {
  if (is_read_only_) return fail("the store " + folder_.string() + " is read-only");
  const fs::path target = folder_ / name;
  std::error_code error;
  fs::create_directories(target.parent_path(), error);
  if (error) return fail("cannot make " + target.parent_path().string() + ": " + error.message());

  std::string temporary = (folder_ / "tmp" / "XXXXXX").string();
  const File file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) return fail("cannot write to " + folder_.string() + ": " + describe_errno());
  bool is_written = true;
  for (const auto piece : pieces) is_written = is_written && write_all(file.get(), piece);
  is_written = is_written && ::fsync(file.get()) == 0 && ::rename(temporary.c_str(), target.c_str()) == 0;
  if (!is_written) {
    const std::string why = describe_errno();
    ::unlink(temporary.c_str());
    return fail("cannot write " + target.string() + ": " + why);
  }
  flush_folder(target.parent_path());
  return {};
}

}  // namespace pml::runtime
