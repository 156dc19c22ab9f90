// Start tags that are not well-formed, read as what they were probably meant to be.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "grammar/xml_scan.h"

namespace pml::grammar {

struct BrokenTag {
  TagPlaces places;  // `tag` ends where the next text begins; without the attributes that are not known
  bool is_empty = false;
  Edit edit;  // makes it well-formed
  std::vector<Diagnostic> mistakes;
};

/// `name`: behind a `<`. Nothing if that is more likely a character of a text, as in `i<n;`.
std::optional<BrokenTag> read_broken_tag(const Place& name, std::string_view text);

/// The well-formed attributes that stand at an offset, one behind the other.
std::vector<AttributePlaces> read_attributes(SourceId source, std::string_view text, std::size_t at);

}  // namespace pml::grammar
