#include "grammar/written_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "grammar/xml_scan.h"

namespace pml::grammar {
namespace {

/// Bytes of the text: where it begins, and how many.
using Range = std::pair<std::size_t, std::size_t>;

/// Outside of comments and instructions; in CDATA only as itself.
std::optional<Range> find_in_xml(std::string_view character, std::string_view raw) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kMarkup{
      {{"<!--", "-->"}, {"<?", "?>"}, {"<![CDATA[", "]]>"}}};
  for (std::size_t at = 0; at < raw.size();) {
    const std::string_view rest = raw.substr(at);
    if (rest.starts_with(character)) return Range{at, character.size()};
    std::size_t size = 1;
    if (rest.front() == '&') {
      const std::size_t length = match_reference(rest);
      if (length > 0 && decode_reference(rest.substr(0, length)) == character) return Range{at, length};
    } else if (rest.front() == '<') {
      for (const auto& [begin, end] : kMarkup) {
        if (!rest.starts_with(begin)) continue;
        size = std::min(rest.find(end, begin.size()), rest.size());
        const std::size_t inside = begin == "<![CDATA[" ? rest.substr(0, size).find(character) : rest.npos;
        if (inside != rest.npos) return Range{at + inside, character.size()};
      }
    }
    at += size;
  }
  return std::nullopt;
}

/// Escapes may have digits of either case.
std::optional<Range> find_in_json(std::string_view character, std::string_view raw) {
  std::string escape = nlohmann::json(character).dump(-1, ' ', /*ensure_ascii=*/true);
  escape = escape.substr(1, escape.size() - 2);
  const auto is_same = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
  const auto found = std::search(raw.begin(), raw.end(), escape.begin(), escape.end(), is_same);
  if (found == raw.end()) return std::nullopt;
  return Range{static_cast<std::size_t>(found - raw.begin()), escape.size()};
}

}  // namespace

Place find_character(std::string_view character, std::string_view text, const Place& place, const SourceSet& sources) {
  const std::string_view raw = sources.text(place);
  // A file's text is no markup, whatever it looks like.
  std::optional<Range> found;
  if (text.ends_with(raw)) found = {raw.find(character), character.size()};
  if (!found) found = find_in_xml(character, raw);
  if (!found) found = find_in_json(character, raw);
  if (!found) return place;
  const auto begin = place.begin + static_cast<std::uint32_t>(found->first);
  return {place.source, begin, begin + static_cast<std::uint32_t>(found->second)};
}

}  // namespace pml::grammar
