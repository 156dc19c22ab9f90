// Cuts text into the pieces that BPE works on. A merge never crosses the border of a piece.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "grammar/result.h"

namespace pml::compiler {

/// Immutable after build(); split() may be called from several threads at once.
class PreTokenizer {
 public:
  /// By the name that GGUF files use: "smollm" or "gpt-2". Fails on others, and names them.
  static Result<PreTokenizer> build(std::string_view name);

  PreTokenizer(PreTokenizer&&) noexcept;
  PreTokenizer& operator=(PreTokenizer&&) noexcept;
  ~PreTokenizer();

  /// Where each piece of `text` ends: ascending, the last is text.size(), so that the pieces cover the text
  /// whatever it holds. A run of bytes that are no UTF-8 is a piece of its own. Linear in the text.
  std::vector<std::size_t> split(std::string_view text) const;

 private:
  struct Impl;
  explicit PreTokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pml::compiler
