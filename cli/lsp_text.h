// A text as an editor counts in it: lines from 0, and in them UTF-16 code units, as the Language Server Protocol has
// it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pml::cli {

struct EditorPosition {
  std::uint32_t line = 0;
  std::uint32_t character = 0;

  friend bool operator==(const EditorPosition&, const EditorPosition&) = default;
};

struct EditorRange {
  EditorPosition start;
  EditorPosition end;

  friend bool operator==(const EditorRange&, const EditorRange&) = default;
};

/// The text outlives this. Lines end with LF, CRLF or CR, as they do for editors.
class EditorText {
 public:
  explicit EditorText(std::string_view text);

  EditorPosition position(std::size_t offset) const;
  EditorRange range(std::size_t begin, std::size_t end) const { return {position(begin), position(end)}; }
  /// Of a position that is not in the text, the nearest before it.
  std::size_t offset(EditorPosition position) const;

 private:
  std::string_view line(std::size_t number) const;

  std::string_view text_;
  std::vector<std::size_t> line_begins_;
};

}  // namespace pml::cli
