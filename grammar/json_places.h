// A JSON text as a tree of values, each with its place.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/diagnostics.h"

namespace pml::grammar {

struct JsonValue {
  enum class Type : std::uint8_t { object, array, string, boolean, other } type = Type::other;
  Place place;       // of a string without its quotes
  std::string text;  // of a string
  bool is_true = false;
  bool is_cut = false;  // of an array or object: it was mended, or what is no JSON stands in it and was not read
  /// Of the whole, if it is cut: where the last thing before that begins, which may not be what was meant.
  std::optional<std::uint32_t> doubtful_from;
  std::vector<std::uint32_t> changes;  // of the whole: where it was mended
  std::vector<JsonValue> values;       // of an array or object
  std::vector<JsonValue> keys;         // of an object, as strings

  /// For the few members that have a meaning.
  const JsonValue* find(std::string_view name) const;
};

/// The whole text of a source, which is UTF-8. Says so if it is no JSON; then the text is mended and read on behind the
/// mistake, or if it cannot be, what stands before it is returned. Says so, and returns nothing, if that is nothing, or
/// it nests too deep or is too much; says it, too, if an object has a member twice. `num_outer_levels`: around what is
/// as deep as a prompt may be.
std::optional<JsonValue> read_json(SourceId source, const SourceSet& sources, Diagnostics& diagnostics,
                                   std::size_t num_outer_levels = 0);

/// Where each byte of a string stands, and the byte behind its last one: offsets in the source. `place`: of the string,
/// which is well-formed, and was not mended.
std::vector<std::uint32_t> offsets_of_json_string(const Place& place, const SourceSet& sources);

}  // namespace pml::grammar
