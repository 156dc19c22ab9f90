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
    const std::size_t length = match_reference(raw);
    std::string character = length > 0 ? decode_reference(raw.substr(0, length)) : "";
    if (character.empty()) {  // a mistake that was reported; it stands for itself
      add(std::string(raw.substr(0, std::max<std::size_t>(1, length))), false);
    } else {
      add(std::move(character), true);
    }
    raw.remove_prefix(std::max<std::size_t>(1, length));
  }
}

std::string decode_value(std::string_view raw) {
  std::vector<XmlPiece> pieces;
  decode(raw, 0, pieces);
  std::string value;
  for (const XmlPiece& piece : pieces) value += piece.text;
  return value;
}

/// Walks pugixml's tree and the scan's tags in step: both are in document order.
class TreeBuilder {
 public:
  TreeBuilder(SourceId source, const SourceSet& sources, const XmlScan& scan, const EditedText& edited)
      : source_(source), sources_(sources), scan_(scan), edited_(edited) {}

  XmlElement build(const pugi::xml_node& node) {
    PML_CHECK(next_tag_ < scan_.tags.size(), "the scan and the parser see the same tags");
    const TagPlaces& places = scan_.tags[next_tag_++];
    XmlElement element;
    element.name = node.name();
    PML_CHECK(sources_.text(places.name) == element.name, "the scan and the parser see the same tags");
    element.place = places.name;
    element.is_broken = places.is_broken;
    for (const AttributePlaces& attribute : places.attributes) {
      element.attributes.push_back({std::string(sources_.text(attribute.name)),
                                    decode_value(sources_.text(attribute.value)), attribute.name, attribute.value});
    }
    for (const pugi::xml_node& child : node.children()) {
      if (child.type() == pugi::node_element) {
        element.children.push_back({build(child)});
      } else {
        add_text(child, element);
      }
    }
    return element;
  }

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

  SourceId source_;
  const SourceSet& sources_;
  const XmlScan& scan_;
  const EditedText& edited_;
  std::size_t next_tag_ = 0;
};

}  // namespace

const XmlAttribute* XmlElement::attribute(std::string_view attribute_name) const {
  const auto found = std::find_if(attributes.begin(), attributes.end(),
                                  [&](const XmlAttribute& attribute) { return attribute.name == attribute_name; });
  return found == attributes.end() ? nullptr : &*found;
}

bool check_encoding(SourceId source, const SourceSet& sources, Diagnostics& diagnostics,
                    ControlCharacters control_characters) {
  const std::string_view text = sources[source].text();
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    diagnostics.add(DiagnosticKind::not_utf8, {source, 0, 0},
                    "the text begins with the mark of UTF-16; PML is read as UTF-8");
    return false;
  }
  for (std::size_t i = 0; i < text.size();) {
    const auto at = static_cast<std::uint32_t>(i);
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte < 0x7F) {
      ++i;
      continue;
    }
    if (byte < 0x20 || byte == 0x7F) {
      const bool is_control = byte != '\t' && byte != '\n' && byte != '\r' && byte != 0x7F;
      if (is_control && (byte == 0 || control_characters == ControlCharacters::refused)) {
        static constexpr char kHex[] = "0123456789ABCDEF";
        diagnostics.add(
            DiagnosticKind::control_character, {source, at, at + 1},
            std::string("the control character U+00") + kHex[byte >> 4] + kHex[byte & 15] + " may not stand in a text");
        return false;
      }
      ++i;
      continue;
    }
    utf8proc_int32_t character = 0;
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + i;
    const auto length = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size() - i), &character);
    if (length <= 0) {
      diagnostics.add(DiagnosticKind::not_utf8, {source, at, at + 1}, "the text is not valid UTF-8 here");
      return false;
    }
    i += static_cast<std::size_t>(length);
  }
  return true;
}

std::optional<XmlDocument> parse_xml(SourceId source, const SourceSet& sources, Diagnostics& diagnostics) {
  if (!check_encoding(source, sources, diagnostics)) return std::nullopt;
  const std::string_view text = sources[source].text();
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
  return XmlDocument{TreeBuilder(source, sources, scan, edited).build(document.document_element()),
                     !scan.edits.empty()};
}

}  // namespace pml::grammar
