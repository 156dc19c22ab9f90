// How a tokenizer prepares text before BPE sees it, as data: what a tokenizer.json states in full, and what a
// GGUF file states by a name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "grammar/result.h"

namespace pml::compiler {

/// One stage of cutting text into pieces: it cuts each piece that the stage before it left, which it sees as
/// a text of its own. As `Split` in Hugging Face's `tokenizers`.
struct SplitStep {
  /// What becomes of a match and of the text between two matches.
  enum class Behavior {
    isolated,              ///< each is a piece
    contiguous,            ///< as `isolated`, but matches that touch are one piece
    merged_with_previous,  ///< a match belongs to the text before it
    merged_with_next,      ///< a match belongs to the text behind it
  };
  std::string pattern;  ///< a regular expression as Oniguruma (Ruby) writes it
  Behavior behavior = Behavior::isolated;
  bool is_inverted = false;  ///< the matches are what lies between the pattern's matches
};

struct TextRules {
  bool normalizes_to_nfc = false;
  std::vector<SplitStep> splits;  ///< none: the whole text is one piece
  bool ignores_merges = false;    ///< a piece that is a token is not put together by merges
  bool adds_bos = false;          ///< prompts begin with a BOS, unless the file says otherwise
};

/// GPT-2's pattern, which `ByteLevel` applies in `tokenizers`.
inline constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

/// Every number character by itself (`each`), or runs of them: `Digits` in `tokenizers`.
SplitStep split_digits(bool each);

/// The rules of a pre-tokenizer by the name that GGUF files use. Fails on others, and names them.
Result<TextRules> named_text_rules(std::string_view name);

}  // namespace pml::compiler
