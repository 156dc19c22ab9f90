// Finds which tags of a document belong together, and says what is wrong with their nesting.
//
// Where tags are missing, or mistyped, several readings explain what is there. The tags are then read in more than one
// way (by their names alone, by what the language lets stand in what, by their indentation), and the reading with the
// fewest mistakes is taken, so that one mistake is said once, and what stands behind it is read as it was meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "grammar/xml_scan.h"

namespace pml::grammar {

/// A tag, or what stands between two of them.
struct MarkupPart {
  enum class Kind : std::uint8_t { text, start, empty, end, cdata, instruction } kind = Kind::text;
  Place place;             // whole; of a text without the blanks around it
  Place name;              // of a tag
  std::size_t tag = 0;     // of a start or empty tag: which one
  bool is_broken = false;  // a mistake in it was said
};

struct Nesting {
  std::vector<Diagnostic> mistakes;
  std::size_t num_repairs = 0;        // those of which nothing is said, too
  std::vector<Edit> edits;            // in order; they make the nesting right
  std::vector<bool> is_inside;        // of each part, up to the last that was looked at: does it stand in the root?
  std::vector<std::size_t> broken;    // start tags that are never closed, or may be mistyped
  std::vector<std::size_t> torn;      // those of elements in which a tag is missing
  std::vector<std::size_t> end_tags;  // start tags that are read as end tags
  bool has_lost_tags = false;         // what an end tag belongs to is missing
  bool has_root = false;
  bool is_too_deep = false;  // nothing else is known then
};

/// `tags`: start tags. `is_cut`: what closes the elements that are open at the end may be lost, which was said.
Nesting nest(std::string_view text, const std::vector<MarkupPart>& parts, const std::vector<TagPlaces>& tags,
             bool is_cut);

}  // namespace pml::grammar
