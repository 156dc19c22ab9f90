// Where in a document a cursor stands: what is open around it, and which word of which tag it is in.
//
// The document is being typed, so anything may be missing. This reads as much as an author sees, and never fails.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pml::cli {

/// Bytes [begin, end) of a text.
struct Word {
  std::size_t begin = 0;
  std::size_t end = 0;

  bool touches(std::size_t offset) const { return begin <= offset && offset <= end; }
};

/// The text outlives it.
struct CursorTag {
  struct Attribute {
    std::string_view name;
    std::string_view value;  // as written; empty if there is none
    Word name_word;
    Word value_word;  // without the quotes
    bool has_value = false;
  };
  std::string_view name;
  Word word;
  std::vector<Attribute> attributes;

  /// Empty if there is none.
  std::string_view value_of(std::string_view attribute) const;
};

struct Cursor {
  enum class Where {
    text,
    element_name,    // `tag` is that of the cursor
    attribute_name,  // or blanks where one may be written
    attribute_value,
    end_tag,
    nowhere,  // in a comment, a CDATA section, or between the words of a tag
  };
  Where where = Where::text;
  std::vector<CursorTag> open;  // elements around the cursor, the root first
  CursorTag tag;                // the tag that the cursor is in, if it is in one
  std::size_t attribute = 0;    // index in `tag`, if the word is one of its attributes
  Word word;                    // that the cursor is in; empty where one may be written
};

Cursor find_cursor(std::string_view text, std::size_t offset);

/// The first start tag; its name is empty if there is none.
CursorTag find_root(std::string_view text);

}  // namespace pml::cli
