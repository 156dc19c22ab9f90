// Text in which some pieces are special tokens of the model, by name. Authors and users can only write plain
// pieces; special ones come from the chat template.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pml::compiler {

struct TextPiece {
  std::string text;
  bool is_special = false;  // one special token, by its exact text
};

using MarkedText = std::vector<TextPiece>;

/// Appends plain text; neighbours become one piece, so that they are tokenised as one string.
inline void append(MarkedText& text, std::string_view plain) {
  if (plain.empty()) return;
  if (text.empty() || text.back().is_special) text.push_back({"", false});
  text.back().text += plain;
}

inline void append(MarkedText& text, const MarkedText& more) {
  for (const TextPiece& piece : more) {
    if (piece.is_special) {
      text.push_back(piece);
    } else {
      append(text, piece.text);
    }
  }
}

/// The text as a reader sees it, special tokens by their names.
inline std::string plain(const MarkedText& text) {
  std::string result;
  for (const TextPiece& piece : text) result += piece.text;
  return result;
}

}  // namespace pml::compiler
