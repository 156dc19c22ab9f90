// Finds every mistake in the markup of a document, and the place of every tag and attribute.
//
// The tree itself is pugixml's (xml.cpp). pugixml keeps no places of attributes and lets some malformed
// documents pass, so this pass runs first, over the same text. Where it finds a mistake it says so and notes
// an edit that makes the text well-formed; the edited text is only ever used to look for further mistakes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/diagnostics.h"

namespace pml::grammar {

/// Elements may nest this deep (the root is at depth 1).
inline constexpr std::size_t kMaxDepth = 100;
/// Elements of a document; each takes about a kilobyte through all phases.
inline constexpr std::size_t kMaxElements = 300'000;

/// After so many mistakes in its markup a file is probably no PML at all.
inline constexpr std::size_t kMaxMistakes = 200;

struct AttributePlaces {
  Place name;
  Place value;  // without the quotes
};

struct TagPlaces {
  Place name;
  Place tag;                                // from `<` to `>`
  std::vector<AttributePlaces> attributes;  // a name that stands twice is listed once, the first
  bool is_broken = false;                   // there was a mistake in the tag, or it is never closed
  bool is_torn = false;                     // a tag is missing in the element
};

/// Replace [begin, end) of the source by `text`.
struct Edit {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::string text;
};

struct XmlScan {
  std::vector<TagPlaces> tags;  // start tags, in document order
  std::vector<Edit> edits;      // in order, not overlapping
  bool has_lost_tags = false;   // mistakes hide the beginning of an element
};

/// `text` must be valid UTF-8. Returns no tags if the text nests too deep or is full of mistakes.
XmlScan scan_xml(SourceId source, std::string_view text, Diagnostics& diagnostics);

/// The five entities of XML and character references. Returns the UTF-8 text; empty if it is none.
/// `reference` is `&...;`, whole.
std::string decode_reference(std::string_view reference);

/// Length of the well-formed reference (known or not) that begins `text`, or 0.
std::size_t match_reference(std::string_view text);

}  // namespace pml::grammar
