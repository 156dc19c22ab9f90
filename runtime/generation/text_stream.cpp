#include "runtime/generation/text_stream.h"

#include <algorithm>

namespace pml::runtime {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// Bytes of the character that `lead` begins; 0 if it begins none.
std::size_t length_of(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  if (byte < 0x80) return 1;
  if (byte >= 0xC2 && byte < 0xE0) return 2;
  if (byte >= 0xE0 && byte < 0xF0) return 3;
  if (byte >= 0xF0 && byte < 0xF5) return 4;
  return 0;
}

/// Bytes at the end of `text` that are the beginning of `stop`.
std::size_t begun(std::string_view text, std::string_view stop) {
  std::size_t length = std::min(text.size(), stop.size() - 1);
  while (length > 0 && !stop.starts_with(text.substr(text.size() - length))) --length;
  return length;
}

}  // namespace

TextStream::TextStream(std::function<void(std::string_view)> sink, std::vector<std::string> stops)
    : sink_(std::move(sink)), stops_(std::move(stops)) {
  std::erase(stops_, "");
}

void TextStream::add(std::string_view bytes) {
  pending_ += bytes;
  std::size_t at = 0;
  while (at < pending_.size()) {
    const std::size_t length = length_of(pending_[at]);
    std::size_t present = 1;
    while (present < length && at + present < pending_.size() && continues(pending_[at + present])) ++present;
    if (length != 0 && present < length && at + present == pending_.size()) break;  // more may come
    if (length != 0 && present == length) {
      held_.append(pending_, at, length);
    } else {
      held_ += kReplacement;
    }
    at += present;
  }
  pending_.erase(0, at);
  emit();
}

void TextStream::finish() {
  if (!pending_.empty()) held_ += kReplacement;
  pending_.clear();
  emit();
  if (!held_.empty()) sink_(held_);
  held_.clear();
}

/// Hands on what cannot be part of a stop string any more.
void TextStream::emit() {
  if (is_stopped_) held_.clear();
  std::size_t end = held_.size();
  std::size_t safe = held_.size();
  for (const std::string& stop : stops_) {
    const std::size_t found = held_.find(stop);
    if (found < end) {
      end = found;
      is_stopped_ = true;
    }
    safe = std::min(safe, held_.size() - begun(held_, stop));
  }
  const std::size_t ready = is_stopped_ ? end : safe;
  if (ready > 0) sink_(std::string_view(held_).substr(0, ready));
  held_.erase(0, is_stopped_ ? held_.size() : ready);
}

}  // namespace pml::runtime
