// A text that is changed where it has mistakes, so that it can be read on behind them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/diagnostics.h"

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
  const std::vector<std::uint32_t>& changes() const { return changes_; }

 private:
  std::string text_;
  std::vector<std::uint32_t> offsets_;  // of each byte, and the end
  std::vector<std::uint32_t> changes_;  // offsets in the original
};

/// What is wrong in a text.
struct TextMistakes {
  struct Mistake {
    DiagnosticKind kind;
    std::size_t at;  // offset
    std::string what;
  };
  std::vector<Mistake> list;  // by place
  bool is_cut = false;        // parsing did not reach the end
  bool is_too_deep = false;   // as it nests too deep
  /// What stops parsing again within so many tokens follows from what stopped it.
  std::size_t num_tokens_between = 2;
};

/// The change of one token that mends a mistake, which is `mistakes.list[index]`: of those that leave what stands
/// before it, the one that leaves the fewest mistakes behind it. Nothing if there is none. A token is a name, or a
/// character of its own. `marks`: what may be missing, or stand in place of something else; quotes may be missing or
/// too much anywhere. `find`: says what is wrong in a text. `budget`: bytes that it may still be given; they are taken
/// off.
std::optional<MendedText> mend(const MendedText& text, const TextMistakes& mistakes, std::size_t index,
                               const std::vector<std::string_view>& marks,
                               const std::function<TextMistakes(std::string_view)>& find, std::size_t& budget);

/// How many texts in quotes have no end, or look like what stands between two of them.
std::size_t count_doubtful_quotes(std::string_view text);

}  // namespace pml::grammar
