#include "grammar/mended_text.h"

#include <algorithm>
#include <numeric>

namespace pml::grammar {

MendedText::MendedText(std::string_view original) : text_(original), offsets_(original.size() + 1) {
  std::iota(offsets_.begin(), offsets_.end(), 0U);
}

void MendedText::replace(std::size_t begin, std::size_t end, std::string_view by) {
  const std::uint32_t at = offsets_[begin];
  changes_.push_back(at);
  text_.replace(begin, end - begin, by);
  const auto first = offsets_.begin() + static_cast<std::ptrdiff_t>(begin);
  offsets_.insert(offsets_.erase(first, first + static_cast<std::ptrdiff_t>(end - begin)), by.size(), at);
}

bool MendedText::is_changed(std::uint32_t begin, std::uint32_t end) const {
  return std::ranges::any_of(changes_, [&](std::uint32_t change) { return change >= begin && change <= end; });
}

}  // namespace pml::grammar
