// A document as a tree of elements and text, with the place of everything that a message may point at.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "grammar/diagnostics.h"

namespace pml::grammar {

/// Consecutive characters of a text, decoded. `is_literal`: they were written as CDATA or as a reference, and
/// are exempt from whitespace handling.
struct XmlPiece {
  std::string text;
  bool is_literal = false;
  std::uint32_t begin = 0;  // offset in the source; what is not literal stands there as it is, but for line ends
};

/// All text between two tags; comments and instructions are gone.
struct XmlText {
  Place place;
  std::vector<XmlPiece> pieces;
};

struct XmlAttribute {
  std::string name;
  std::string value;  // references decoded, line breaks as \n, otherwise as written
  Place name_place;
  Place value_place;
  bool is_broken = false;  // there is a mistake in the value, which has been said; what it means is not known
};

struct XmlNode;

struct XmlElement {
  std::string name;
  Place place;  // the name in the start tag
  std::vector<XmlAttribute> attributes;
  std::vector<XmlNode> children;
  bool is_broken = false;  // its markup was wrong, which has been said; attributes may be missing for it
  bool is_torn = false;    // a tag is missing in it, which has been said; what stands in it may belong elsewhere

  const XmlAttribute* attribute(std::string_view attribute_name) const;
};

struct XmlNode {
  std::variant<XmlText, XmlElement> value;
};

struct XmlDocument {
  XmlElement root;
  bool is_guessed = false;     // mistakes in the markup left the structure open
  bool has_lost_tags = false;  // they hide the beginning of an element
};

/// Reads a document. After mistakes in the markup the tree still holds what could be understood, so that
/// further mistakes can be found; without any tree there is nothing to look at.
std::optional<XmlDocument> parse_xml(SourceId source, const SourceSet& sources, Diagnostics& diagnostics);

/// The place of an attribute's value with its references decoded, for what is read from it by place: that of a source
/// of its own if there are any.
Place decoded_place(const XmlAttribute& attribute, SourceSet& sources);

enum class ControlCharacters { refused, allowed };

/// Is the text UTF-8, and free of control characters if they are refused (NUL always is)? If not, says where.
bool check_encoding(SourceId source, const SourceSet& sources, Diagnostics& diagnostics,
                    ControlCharacters control_characters = ControlCharacters::refused);

}  // namespace pml::grammar
