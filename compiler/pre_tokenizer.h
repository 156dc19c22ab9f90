// Cuts text into the pieces that BPE works on. A merge never crosses the border of a piece.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "compiler/text_rules.h"
#include "grammar/result.h"

namespace pml::compiler {

/// Immutable after build(); split() may be called from several threads at once.
class PreTokenizer {
 public:
  /// Fails on a pattern that cannot be matched as `tokenizers` does, or that matches nothing at all.
  static Result<PreTokenizer> build(const std::vector<SplitStep>& steps);

  PreTokenizer(PreTokenizer&&) noexcept;
  PreTokenizer& operator=(PreTokenizer&&) noexcept;
  ~PreTokenizer();

  /// Where each piece of `text` ends: ascending, the last is text.size(), so that the pieces cover the text
  /// whatever it holds. A run of bytes that are no UTF-8 is a piece of its own. Linear in the text for the
  /// patterns that text_rules.h names. Throws std::runtime_error where a pattern of a stranger does not come
  /// to an end, instead of cutting the text wrongly.
  std::vector<std::size_t> split(std::string_view text) const;

 private:
  struct Impl;
  explicit PreTokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pml::compiler
