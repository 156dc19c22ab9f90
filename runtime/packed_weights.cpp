#include "runtime/packed_weights.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <new>
#include <optional>
#include <vector>

#include "compiler/mapped_file.h"
#include "compiler/recipe.h"
#include "runtime/packing.h"

namespace pml::runtime {
namespace {

namespace fs = std::filesystem;
using cpu::PackedMatrix;

// A file is this header and the matrices, one after another in the order of the model's tensors, each at a multiple of
// kAlignment. Everything else follows from the model and the type, which the key stands for.
struct FileHeader {
  std::array<char, 16> format{'p', 'm', 'l', '-', 'w', 'e', 'i', 'g', 'h', 't', 's', '-', '1', '\n'};
  compiler::Digest key{};
  XXH128_canonical_t checksum{};  // of what follows
};
constexpr std::size_t kAlignment = 64;
static_assert(sizeof(FileHeader) == kAlignment);

constexpr std::string_view kSuffix = ".packed";
constexpr time_t kKeptSeconds = 30 * 24 * 3600;

struct Placed {
  const compiler::TensorInfo* tensor;
  PackedMatrix matrix;
  std::size_t offset;  // into the data
};

struct Arrangement {
  std::vector<Placed> matrices;
  std::size_t size_bytes = 0;
};

Arrangement arrange(const compiler::ModelFile& model, WeightType weights) {
  Arrangement arrangement;
  for (const compiler::TensorInfo& tensor : model.tensors()) {
    const auto type = packed_type(tensor, weights);
    const bool is_looked_up = tensor.name == "model.embed_tokens.weight" && !model.config().tied_embeddings;
    if (!type || is_looked_up) continue;
    const PackedMatrix matrix{*type, compiler::num_rows(tensor), compiler::row_size(tensor), nullptr};
    arrangement.matrices.push_back({&tensor, matrix, arrangement.size_bytes});
    const auto size = static_cast<std::size_t>(matrix.size_bytes());
    arrangement.size_bytes += (size + kAlignment - 1) / kAlignment * kAlignment;
  }
  return arrangement;
}

compiler::Digest key_of(const std::string& fingerprint, WeightType weights) {
  return compiler::sha256("pml-weights-1 " + fingerprint + " " + std::to_string(static_cast<int>(weights)));
}

XXH128_canonical_t checksum_of(std::span<const std::byte> data) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(data.data(), data.size()));
  return canonical;
}

void pack(const Arrangement& arrangement, std::byte* data, const cpu::ParallelFor& parallel_for) {
  for (const Placed& placed : arrangement.matrices) {
    parallel_for(placed.matrix.num_panels(), [&](std::int64_t panel) {
      pack_panel(*placed.tensor, placed.matrix, panel, data + placed.offset + panel * placed.matrix.panel_bytes());
    });
  }
}

std::optional<compiler::MappedFile> open_file(const fs::path& path, const compiler::Digest& key,
                                              std::size_t size_bytes) {
  std::error_code error;
  if (!fs::exists(path, error)) return std::nullopt;
  auto file = compiler::MappedFile::open(path);
  if (!file || file->bytes().size() != sizeof(FileHeader) + size_bytes) return std::nullopt;
  FileHeader header;
  std::memcpy(&header, file->bytes().data(), sizeof header);
  FileHeader expected;
  expected.key = key;
  expected.checksum = checksum_of(file->bytes().subspan(sizeof header));
  if (std::memcmp(&header, &expected, sizeof header) != 0) return std::nullopt;
  return std::move(*file);
}

/// Written under another name and renamed: readers see a whole file or none. It is not flushed: its checksum finds what
/// a crash of the machine leaves.
bool write_file(const fs::path& path, const FileHeader& header, std::span<const std::byte> data) {
  std::string temporary = path.string() + "-XXXXXX";
  const int file = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (file < 0) return false;
  const auto write_all = [&](const std::byte* from, std::size_t size) {
    while (size > 0) {
      const ssize_t count = ::write(file, from, size);
      if (count <= 0) return false;
      from += count;
      size -= static_cast<std::size_t>(count);
    }
    return true;
  };
  bool is_written = write_all(reinterpret_cast<const std::byte*>(&header), sizeof header);
  is_written = is_written && write_all(data.data(), data.size());
  is_written = ::close(file) == 0 && is_written;
  is_written = is_written && ::rename(temporary.c_str(), path.c_str()) == 0;
  if (!is_written) ::unlink(temporary.c_str());
  return is_written;
}

/// Files of ours (whole ones, and what writers that died have left) that nobody has used for long.
void remove_unused(const fs::path& folder) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    struct stat status {};
    if (entry.path().filename().string().find(kSuffix) == std::string::npos) continue;
    if (::lstat(entry.path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    if (std::time(nullptr) - status.st_mtim.tv_sec > kKeptSeconds) fs::remove(entry.path(), error);
  }
}

}  // namespace

fs::path PackedWeights::default_folder() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/') {
    return fs::path(cache) / "pml-weights";
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    return fs::path(home) / ".cache" / "pml-weights";
  }
  return {};
}

PackedWeights PackedWeights::load(const compiler::ModelFile& model, WeightType weights, const std::string& fingerprint,
                                  const fs::path& folder, const cpu::ParallelFor& parallel_for) {
  PackedWeights result;
  const Arrangement arrangement = arrange(model, weights);
  if (arrangement.matrices.empty()) return result;
  const auto place = [&](const std::byte* data) {
    for (const Placed& placed : arrangement.matrices) {
      PackedMatrix matrix = placed.matrix;
      matrix.data = data + placed.offset;
      result.matrices_.emplace(placed.tensor->name, matrix);
    }
  };
  const bool is_kept = !fingerprint.empty() && !folder.empty();
  FileHeader header;
  header.key = key_of(fingerprint, weights);
  const fs::path path = folder / (compiler::to_hex(header.key) + std::string(kSuffix));
  const auto map = [&] {
    auto file = open_file(path, header.key, arrangement.size_bytes);
    if (!file) return false;
    const auto kept = std::make_shared<compiler::MappedFile>(std::move(*file));
    place(kept->bytes().data() + sizeof header);
    result.keep_ = kept;
    return true;
  };
  if (is_kept && map()) {
    ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
    return result;
  }

  const std::shared_ptr<std::byte[]> data(
      static_cast<std::byte*>(std::aligned_alloc(kAlignment, arrangement.size_bytes)),
      [](std::byte* memory) { std::free(memory); });
  if (data == nullptr) throw std::bad_alloc();
  std::memset(data.get(), 0, arrangement.size_bytes);
  pack(arrangement, data.get(), parallel_for);
  const std::span<const std::byte> bytes(data.get(), arrangement.size_bytes);
  if (is_kept) {
    std::error_code error;
    fs::create_directories(folder, error);
    remove_unused(folder);
    header.checksum = checksum_of(bytes);
    if (write_file(path, header, bytes) && map()) return result;
  }
  place(data.get());
  result.keep_ = data;
  return result;
}

const PackedMatrix* PackedWeights::find(std::string_view tensor) const {
  const auto found = matrices_.find(std::string(tensor));
  return found == matrices_.end() ? nullptr : &found->second;
}

}  // namespace pml::runtime
