#include "cli/line_input.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "grammar/source.h"

namespace pml::cli {

Result<LineInput> LineInput::open(const std::string& path) {
  if (path == "-") return LineInput(STDIN_FILENO);
  LineInput input(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (input.descriptor_ < 0) return fail(std::string("cannot be opened: ") + std::strerror(errno));
  struct stat status {};
  if (::fstat(input.descriptor_, &status) == 0 && S_ISDIR(status.st_mode)) return fail("is a folder");
  return input;
}

LineInput::LineInput(LineInput&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      read_(std::move(other.read_)),
      line_(std::move(other.line_)),
      is_first_(other.is_first_),
      is_at_end_(other.is_at_end_) {}

LineInput::~LineInput() {
  if (descriptor_ > STDIN_FILENO) ::close(descriptor_);
}

Result<LineInput::Next> LineInput::next(std::string& line, std::chrono::milliseconds patience) {
  char buffer[1 << 16];
  while (!complete_line()) {
    if (is_at_end_) {
      if (line_.empty()) return Next::end;
      break;  // the last line needs no line break
    }
    // Waiting is left to poll(): a signal does not end a read() that begins just after it.
    pollfd poll_entry{descriptor_, POLLIN, 0};
    if (::poll(&poll_entry, 1, static_cast<int>(patience.count())) <= 0) return Next::none_yet;
    const ssize_t count = ::read(descriptor_, buffer, sizeof buffer);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return Next::none_yet;
    if (count < 0) return fail(std::string("cannot be read: ") + std::strerror(errno));
    is_at_end_ = count == 0;
    read_.assign(buffer, static_cast<std::size_t>(count));
  }
  line = std::exchange(line_, {});
  if (std::exchange(is_first_, false)) {
    line = grammar::without_byte_order_mark(std::move(line));
    if (line.starts_with("\xFF\xFE") || line.starts_with("\xFE\xFF")) {
      read_.clear();
      is_at_end_ = true;
    }
  }
  return Next::line;
}

bool LineInput::complete_line() {
  const std::size_t end = read_.find('\n');
  const std::size_t room = kMaxLineBytes + 1 - line_.size();
  line_.append(read_, 0, std::min(end, room));
  if (end == std::string::npos) {
    read_.clear();
    return false;
  }
  read_.erase(0, end + 1);
  return true;
}

}  // namespace pml::cli
