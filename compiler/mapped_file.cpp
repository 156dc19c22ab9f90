#include "compiler/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace pml::compiler {
namespace {

/// Closes on every way out of open(): the mapping keeps the file alive by itself.
struct Descriptor {
  explicit Descriptor(int number) : fd(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  int fd;
};

tl::unexpected<Error> system_failure(const std::filesystem::path& path, const char* verb) {
  const int code = errno;
  return fail(path.string() + ": cannot " + verb + ": " + std::generic_category().message(code));
}

}  // namespace

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  // O_NONBLOCK: a FIFO must be refused below, not waited for.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.fd < 0) return system_failure(path, "open");
  struct stat status = {};
  if (::fstat(file.fd, &status) != 0) return system_failure(path, "stat");
  if (S_ISDIR(status.st_mode)) return fail(path.string() + ": is a folder, not a file");
  if (!S_ISREG(status.st_mode)) return fail(path.string() + ": is no regular file");
  if (status.st_size == 0) return fail(path.string() + ": is empty");

  const auto size_bytes = static_cast<std::size_t>(status.st_size);
  void* address = ::mmap(nullptr, size_bytes, PROT_READ, MAP_PRIVATE, file.fd, 0);
  if (address == MAP_FAILED) return system_failure(path, "map");
  return MappedFile({static_cast<const std::byte*>(address), size_bytes});
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace pml::compiler
