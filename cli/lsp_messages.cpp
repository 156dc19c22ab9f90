#include "cli/lsp_messages.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cli/quantity.h"

namespace pml::cli {
namespace {

/// The length that a header line states; nothing if it states another thing.
std::optional<std::string> length_of(std::string_view line) {
  constexpr std::string_view kName = "content-length:";
  if (line.size() < kName.size()) return std::nullopt;
  const bool is_it = std::equal(kName.begin(), kName.end(), line.begin(), [](char expected, char c) {
    return expected == (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  });
  if (!is_it) return std::nullopt;
  line.remove_prefix(kName.size());
  const std::size_t first = line.find_first_not_of(" \t");
  if (first == std::string_view::npos) return "";
  return std::string(line.substr(first, line.find_last_not_of(" \t") + 1 - first));
}

}  // namespace

int MessageReader::get() {
  if (at_ == end_) {
    ssize_t count = 0;
    do count = ::read(descriptor_, buffer_.data(), buffer_.size());
    while (count < 0 && errno == EINTR);
    if (count <= 0) return -1;
    at_ = 0;
    end_ = static_cast<std::size_t>(count);
  }
  return static_cast<unsigned char>(buffer_[at_++]);
}

bool MessageReader::has_more() const {
  if (at_ < end_) return true;
  pollfd input{descriptor_, POLLIN, 0};
  return ::poll(&input, 1, 0) > 0;
}

std::optional<std::string> MessageReader::line() {
  std::string text;
  for (int c = get(); c != '\n'; c = get()) {
    if (c < 0) return std::nullopt;
    if (text.size() < kMostHeaderBytes) text.push_back(static_cast<char>(c));
  }
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

std::optional<MessageReader::Message> MessageReader::next() {
  std::optional<std::string> length;
  while (true) {
    const auto header = line();
    if (!header) return std::nullopt;
    if (header->empty()) break;
    if (auto stated = length_of(*header)) length = std::move(stated);
  }
  const auto size = length ? parse_number<std::uint64_t>(*length) : std::nullopt;
  if (!size) return Message{"", "a message's header states its Content-Length"};
  const bool is_kept = *size <= most_bytes_;
  Message message;
  for (std::uint64_t left = *size; left > 0;) {
    const int first = get();
    if (first < 0) return std::nullopt;
    const std::uint64_t count = std::min<std::uint64_t>(left, 1 + end_ - at_);
    if (is_kept) message.body.append(buffer_.data() + at_ - 1, count);
    at_ += count - 1;
    left -= count;
  }
  if (!is_kept) {
    message.mistake =
        "a message of " + *length + " bytes is larger than the limit of " + std::to_string(most_bytes_ >> 20) + " MiB";
  }
  return message;
}

bool write_message(int descriptor, std::string_view body) {
  const std::string message = "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  for (std::string_view rest = message; !rest.empty();) {
    const ssize_t count = ::write(descriptor, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace pml::cli
