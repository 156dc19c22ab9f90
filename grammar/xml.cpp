#include "grammar/xml.h"

#include <utf8proc.h>

#include <algorithm>
#include <pugixml.hpp>

#include "grammar/check.h"
#include "grammar/xml_scan.h"

namespace pml::grammar {
namespace {

/// A text after edits, and where each of its bytes was before.
class EditedText {
 public:
  EditedText(std::string_view original, const std::vector<Edit>& edits) {
    std::size_t at = 0;
    for (const Edit& edit : edits) {
      if (edit.begin < at) continue;  // what it would change is gone
      text_.append(original.substr(at, edit.begin - at));
      text_.append(edit.text);
      at = edit.end;
      resumes_.emplace_back(text_.size(), at);
    }
    text_.append(original.substr(at));
  }
  std::string& text() { return text_; }
  std::uint32_t original_offset(std::size_t offset) const {
    const auto after = std::upper_bound(resumes_.begin(), resumes_.end(), std::pair{offset, SIZE_MAX});
    if (after == resumes_.begin()) return static_cast<std::uint32_t>(offset);
    const auto [edited, original] = *(after - 1);
    return static_cast<std::uint32_t>(original + (offset - edited));
  }

 private:
  std::string text_;
  std::vector<std::pair<std::size_t, std::size_t>> resumes_;  // from this edited offset on: original offset
};

/// Line ends become \n [XML 1.0, 2.11]; literal text is only that.
std::string normalize_line_ends(std::string_view raw) {
  if (raw.find('\r') == std::string_view::npos) return std::string(raw);
  std::string text;
  text.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\r') {
      text.push_back('\n');
      if (i + 1 < raw.size() && raw[i + 1] == '\n') ++i;
    } else {
      text.push_back(raw[i]);
    }
  }
  return text;
}

/// The reference that begins `raw`, which begins with `&`: its length, and the character; empty if it is a mistake.
std::pair<std::size_t, std::string> first_reference(std::string_view raw) {
  const std::size_t length = match_reference(raw);
  return {std::max<std::size_t>(1, length), length > 0 ? decode_reference(raw.substr(0, length)) : ""};
}

/// Splits raw text that begins at an offset of its source into pieces: plain, and decoded references.
void decode(std::string_view raw, std::uint32_t begin, std::vector<XmlPiece>& pieces) {
  const char* const start = raw.data();
  bool is_first = true;  // what stood before may have been a comment
  const auto add = [&](std::string text, bool is_literal) {
    if (text.empty()) return;
    if (!is_first && pieces.back().is_literal == is_literal) {
      pieces.back().text += text;
    } else {
      pieces.push_back({std::move(text), is_literal, begin + static_cast<std::uint32_t>(raw.data() - start)});
    }
    is_first = false;
  };
  while (!raw.empty()) {
    const std::size_t ampersand = raw.find('&');
    add(normalize_line_ends(raw.substr(0, ampersand)), false);
    if (ampersand == std::string_view::npos) return;
    raw.remove_prefix(ampersand);
    auto [length, character] = first_reference(raw);
    if (character.empty()) {  // a mistake that was reported; it stands for itself
      add(std::string(raw.substr(0, length)), false);
    } else {
      add(std::move(character), true);
    }
    raw.remove_prefix(length);
  }
}

/// How a text shows that it is in another encoding than UTF-8; empty if it does not.
std::string_view sign_of_encoding(std::string_view text) {
  using namespace std::string_view_literals;
  if (text.starts_with("\xFF\xFE\0\0"sv) || text.starts_with("\0\0\xFE\xFF"sv)) return "begins with the mark of UTF-32";
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) return "begins with the mark of UTF-16";
  // Without a mark: every other byte of English text is 0.
  const auto is_zero = [&](std::size_t at) { return text[at] == 0; };
  if (text.size() < 4 || is_zero(0) == is_zero(1) || is_zero(0) != is_zero(2) || is_zero(1) != is_zero(3)) return "";
  return "seems to be in UTF-16";
}

/// Bytes that are no UTF-8, or control characters that may not stand there; each of these is said. Nothing if the text
/// is in another encoding, or full of them.
std::optional<std::vector<std::uint32_t>> find_bad_bytes(SourceId source, std::string_view text,
                                                         Diagnostics& diagnostics,
                                                         ControlCharacters control_characters) {
  if (const std::string_view sign = sign_of_encoding(text); !sign.empty()) {
    diagnostics.add(DiagnosticKind::not_utf8, {source, 0, 0},
                    "the text " + std::string(sign) + "; PML is read as UTF-8");
    return std::nullopt;
  }
  constexpr std::size_t kMostBadBytes = 200;
  std::vector<std::uint32_t> bad_bytes;
  std::optional<std::uint32_t> first_invalid;
  std::size_t num_invalid = 0;
  for (std::size_t i = 0; i < text.size() && bad_bytes.size() < kMostBadBytes;) {
    const auto at = static_cast<std::uint32_t>(i);
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte <= 0x7F) {
      ++i;
      continue;
    }
    if (byte < 0x20) {
      ++i;
      const bool is_control = byte != '\t' && byte != '\n' && byte != '\r';
      if (!is_control || (byte != 0 && control_characters == ControlCharacters::allowed)) continue;
      static constexpr char kHex[] = "0123456789ABCDEF";
      diagnostics.add(
          DiagnosticKind::control_character, {source, at, at + 1},
          std::string("the control character U+00") + kHex[byte >> 4] + kHex[byte & 15] + " may not stand in a text");
      bad_bytes.push_back(at);
      continue;
    }
    utf8proc_int32_t character = 0;
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + i;
    const auto length = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size() - i), &character);
    if (length <= 0) {
      if (!first_invalid) first_invalid = at;
      ++num_invalid;
      bad_bytes.push_back(at);
    }
    i += static_cast<std::size_t>(std::max<utf8proc_ssize_t>(1, length));
  }
  if (first_invalid) {
    auto& diagnostic = diagnostics.add(DiagnosticKind::not_utf8, {source, *first_invalid, *first_invalid + 1},
                                       "the text is not valid UTF-8 here");
    // One mistake: the text was written in another encoding.
    if (num_invalid > 1) {
      diagnostic.notes.push_back({std::nullopt, "nor is it in " + std::to_string(num_invalid - 1) +
                                                    (num_invalid == 2 ? " more place" : " more places")});
    }
  }
  if (bad_bytes.size() >= kMostBadBytes) return std::nullopt;
  return bad_bytes;
}

/// Walks pugixml's tree and the scan's tags in step: both are in document order.
class TreeBuilder {
 public:
  /// `text`: the source's; at the offsets `bad_bytes`, in ascending order, stands something else.
  TreeBuilder(SourceId source, std::string_view text, const std::vector<std::uint32_t>& bad_bytes, const XmlScan& scan,
              const EditedText& edited)
      : source_(source), text_(text), bad_bytes_(bad_bytes), scan_(scan), edited_(edited) {}

  XmlElement build(const pugi::xml_node& node) {
    XmlElement element;
    element.name = node.name();
    is_in_step_ = is_in_step_ && next_tag_ < scan_.tags.size() && slice(scan_.tags[next_tag_].name) == element.name;
    if (!is_in_step_) return element;
    const TagPlaces& places = scan_.tags[next_tag_++];
    element.place = places.name;
    element.is_broken = places.is_broken || has_bad_byte(places.name);
    element.is_torn = places.is_torn;
    for (const AttributePlaces& places_of_it : places.attributes) add_attribute(places_of_it, element);
    for (const pugi::xml_node& child : node.children()) {
      if (child.type() == pugi::node_element) {
        element.children.push_back({build(child)});
      } else {
        add_text(child, element);
      }
    }
    return element;
  }

  /// Did the scan and the parser see the same tags?
  bool is_in_step() const { return is_in_step_; }

 private:
  void add_text(const pugi::xml_node& node, XmlElement& parent) {
    const std::string_view raw = node.value();
    if (raw.empty()) return;
    const auto begin = static_cast<std::size_t>(node.offset_debug());
    const Place place{source_, edited_.original_offset(begin), edited_.original_offset(begin + raw.size())};
    if (parent.children.empty() || !std::holds_alternative<XmlText>(parent.children.back().value)) {
      parent.children.push_back({XmlText{place, {}}});
    }
    auto& text = std::get<XmlText>(parent.children.back().value);
    text.place.end = place.end;
    if (node.type() == pugi::node_cdata) {
      text.pieces.push_back({normalize_line_ends(raw), true, place.begin});
    } else {
      decode(raw, place.begin, text.pieces);
    }
  }

  void add_attribute(const AttributePlaces& places, XmlElement& element) const {
    XmlAttribute attribute{std::string(slice(places.name)), "", places.name, places.value};
    std::vector<XmlPiece> pieces;
    decode(slice(places.value), 0, pieces);
    for (const XmlPiece& piece : pieces) {
      attribute.value += piece.text;
      attribute.is_broken = attribute.is_broken || (!piece.is_literal && piece.text.find('&') != std::string::npos);
    }
    attribute.is_broken = attribute.is_broken || has_bad_byte(places.value);
    element.attributes.push_back(std::move(attribute));
  }

  std::string_view slice(const Place& place) const { return text_.substr(place.begin, place.end - place.begin); }

  bool has_bad_byte(const Place& place) const {
    const auto first = std::ranges::lower_bound(bad_bytes_, place.begin);
    return first != bad_bytes_.end() && *first < place.end;
  }

  SourceId source_;
  std::string_view text_;
  const std::vector<std::uint32_t>& bad_bytes_;
  const XmlScan& scan_;
  const EditedText& edited_;
  std::size_t next_tag_ = 0;
  bool is_in_step_ = true;
};

}  // namespace

const XmlAttribute* XmlElement::attribute(std::string_view attribute_name) const {
  const auto found = std::find_if(attributes.begin(), attributes.end(),
                                  [&](const XmlAttribute& attribute) { return attribute.name == attribute_name; });
  return found == attributes.end() ? nullptr : &*found;
}

Place decoded_place(const XmlAttribute& attribute, SourceSet& sources) {
  const Place& place = attribute.value_place;
  const std::string_view raw = sources.text(place);
  if (raw.find('&') == std::string_view::npos) return place;
  std::string text;
  std::vector<std::uint32_t> offsets;
  for (std::size_t at = 0; at < raw.size();) {
    const auto [length, character] =
        raw[at] == '&' ? first_reference(raw.substr(at)) : std::pair(std::size_t{1}, std::string(1, raw[at]));
    text += character;
    offsets.resize(text.size(), place.begin + static_cast<std::uint32_t>(at));
    at += length;
  }
  offsets.push_back(place.end);
  const auto end = static_cast<std::uint32_t>(text.size());
  const Source& outer = sources[place.source];
  const SourceId decoded = sources.add(outer.name(), std::move(text), outer.taken_in_at());
  sources.embed(decoded, place.source, std::move(offsets));
  return {decoded, 0, end};
}

bool check_encoding(SourceId source, const SourceSet& sources, Diagnostics& diagnostics,
                    ControlCharacters control_characters) {
  const auto bad_bytes = find_bad_bytes(source, sources[source].text(), diagnostics, control_characters);
  return bad_bytes && bad_bytes->empty();
}

std::optional<XmlDocument> parse_xml(SourceId source, const SourceSet& sources, Diagnostics& diagnostics) {
  std::string_view text = sources[source].text();
  const auto bad_bytes = find_bad_bytes(source, text, diagnostics, ControlCharacters::refused);
  if (!bad_bytes) return std::nullopt;
  std::string mended;
  if (!bad_bytes->empty()) {
    mended = text;
    for (const std::uint32_t at : *bad_bytes) mended[at] = '_';
    text = mended;
  }
  const XmlScan scan = scan_xml(source, text, diagnostics);
  if (scan.tags.empty()) return std::nullopt;

  EditedText edited(text, scan.edits);
  // pugixml gets the text raw: references, line ends and blanks are decoded here, where their places and
  // their exemption from whitespace handling are known.
  constexpr unsigned kFlags = pugi::parse_minimal | pugi::parse_cdata | pugi::parse_ws_pcdata;
  pugi::xml_document document;
  const pugi::xml_parse_result parsed =
      document.load_buffer(edited.text().data(), edited.text().size(), kFlags, pugi::encoding_utf8);
  if (!parsed) {
    PML_CHECK(diagnostics.has_errors(), parsed.description());
    return std::nullopt;
  }
  TreeBuilder builder(source, text, *bad_bytes, scan, edited);
  XmlDocument result{builder.build(document.document_element()), !scan.edits.empty(), scan.has_lost_tags};
  if (builder.is_in_step()) return result;
  PML_CHECK(diagnostics.has_errors(), "of a document without mistakes the scan and the parser see the same tags");
  return std::nullopt;
}

}  // namespace pml::grammar
