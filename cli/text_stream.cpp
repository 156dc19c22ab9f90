#include "cli/text_stream.h"

namespace pml::cli {
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

}  // namespace

void TextStream::add(std::string_view bytes) {
  pending_ += bytes;
  std::string whole;
  std::size_t at = 0;
  while (at < pending_.size()) {
    const std::size_t length = length_of(pending_[at]);
    std::size_t present = 1;
    while (present < length && at + present < pending_.size() && continues(pending_[at + present])) ++present;
    if (length != 0 && present < length && at + present == pending_.size()) break;  // more may come
    if (length != 0 && present == length) {
      whole.append(pending_, at, length);
    } else {
      whole += kReplacement;
    }
    at += present;
  }
  pending_.erase(0, at);
  if (!whole.empty()) sink_(whole);
}

void TextStream::finish() {
  if (!pending_.empty()) sink_(kReplacement);
  pending_.clear();
}

}  // namespace pml::cli
