// A text that is changed where it has mistakes, so that it can be read on behind them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pml::grammar {

class MendedText {
 public:
  explicit MendedText(std::string_view original);

  std::string_view text() const { return text_; }
  /// Where a byte of the text, or its end, stands in the original; of what was inserted, where it was.
  std::uint32_t original(std::size_t offset) const { return offsets_[offset]; }
  /// Puts other bytes in place of [begin, end).
  void replace(std::size_t begin, std::size_t end, std::string_view by);
  /// Was anything changed at or between two offsets of the original?
  bool is_changed(std::uint32_t begin, std::uint32_t end) const;
  bool is_changed() const { return !changes_.empty(); }

 private:
  std::string text_;
  std::vector<std::uint32_t> offsets_;  // of each byte, and the end
  std::vector<std::uint32_t> changes_;  // offsets in the original
};

}  // namespace pml::grammar
