#include "grammar/inline_parameters.h"

#include <algorithm>

#include "grammar/vocabulary.h"

namespace pml::grammar {
namespace {

/// The characters of a text one by one, each with its place.
class Characters {
 public:
  Characters(const XmlText& text, const SourceSet& sources) : text_(&text), raw_(sources[text.place.source].text()) {
    enter();
  }

  bool at_end() const { return piece_ == text_->pieces.size(); }
  char value() const { return text_->pieces[piece_].text[at_]; }
  bool is_literal() const { return text_->pieces[piece_].is_literal; }
  bool is(char c) const { return !at_end() && !is_literal() && value() == c; }
  std::uint32_t offset() const { return at_end() ? text_->place.end : offset_; }

  void next() {
    // A line end of two bytes has become one.
    const bool is_short = !is_literal() && raw_.substr(offset_, 2) == "\r\n";
    offset_ += is_literal() ? 0 : is_short ? 2 : 1;
    if (++at_ == text_->pieces[piece_].text.size()) {
      ++piece_;
      enter();
    }
  }

 private:
  void enter() {
    at_ = 0;
    while (piece_ < text_->pieces.size() && text_->pieces[piece_].text.empty()) ++piece_;
    if (piece_ < text_->pieces.size()) offset_ = text_->pieces[piece_].begin;
  }

  const XmlText* text_;
  std::string_view raw_;
  std::size_t piece_ = 0;
  std::size_t at_ = 0;
  std::uint32_t offset_ = 0;
};

class Splitter {
 public:
  Splitter(const XmlText& text, const SourceSet& sources, Diagnostics& diagnostics)
      : source_(text.place.source), at_(text, sources), diagnostics_(diagnostics) {}

  std::vector<XmlNode> split() {
    text_.place = {source_, at_.offset(), at_.offset()};
    while (!at_.at_end()) {
      if (at_.is('{')) {
        brace();
      } else {
        const bool is_closing = at_.is('}');
        take();
        if (is_closing && at_.is('}')) at_.next();
      }
    }
    finish_text();
    return std::move(nodes_);
  }

 private:
  Place from(std::uint32_t begin) const { return {source_, begin, at_.offset()}; }

  void take() {
    if (text_.pieces.empty() || text_.pieces.back().is_literal != at_.is_literal()) {
      text_.pieces.push_back({"", at_.is_literal(), at_.offset()});
    }
    text_.pieces.back().text.push_back(at_.value());
    at_.next();
  }

  void finish_text() {
    text_.place.end = at_.offset();
    if (!text_.pieces.empty()) nodes_.push_back({std::move(text_)});
    text_ = {};
  }

  /// What begins with `{`.
  void brace() {
    const Characters start = at_;
    at_.next();
    if (at_.is('{')) {
      take();
      return;
    }
    XmlAttribute name{"name", "", {}, {}};
    XmlAttribute length{"length", "", {}, {}};
    XmlAttribute content{"default", "", {}, {}};
    read(name, ":={}\n");
    const bool has_length = at_.is(':');
    if (has_length) {
      at_.next();
      read(length, "={}\n");
    }
    const bool has_default = at_.is('=');
    if (has_default) {
      at_.next();
      read(content, "{}\n");
    }
    const bool is_digits =
        !length.value.empty() && std::ranges::all_of(length.value, [](char c) { return c >= '0' && c <= '9'; });
    if (!at_.is('}') || !is_legal_name(name.value) || !is_digits) {
      const bool is_good_so_far = is_legal_name(name.value) && is_digits && has_default && !at_.at_end();
      auto& diagnostic =
          diagnostics_.add(DiagnosticKind::bad_inline_parameter, {source_, start.offset(), start.offset() + 1},
                           !is_good_so_far ? "`{` begins a parameter here, written {name:10} or {name:10=default}"
                           : at_.is('{')   ? "the default of this parameter holds a `{`, which it may not"
                                           : "the default of this parameter holds a line break, which it may not");
      diagnostic.notes.push_back({std::nullopt, is_good_so_far ? "write <parameter name=\"" + name.value + "\" .../>"
                                                               : "a brace that is text is written {{"});
      at_ = start;
      take();
      return;
    }
    const Place closing{source_, at_.offset(), at_.offset() + 1};
    at_ = start;  // the text ends here
    finish_text();
    while (at_.offset() != closing.begin || !at_.is('}')) at_.next();
    at_.next();
    XmlElement element;
    element.name = "parameter";
    element.place = name.value_place;
    element.attributes = {std::move(name), std::move(length)};
    if (has_default) element.attributes.push_back(std::move(content));
    nodes_.push_back({std::move(element)});
    text_.place = {source_, at_.offset(), at_.offset()};
  }

  /// Up to one of these characters, or the end.
  void read(XmlAttribute& attribute, std::string_view stops) {
    const std::uint32_t begin = at_.offset();
    while (!at_.at_end() && (at_.is_literal() || stops.find(at_.value()) == std::string_view::npos)) {
      attribute.value.push_back(at_.value());
      at_.next();
    }
    attribute.value_place = from(begin);
    attribute.name_place = attribute.value_place;
  }

  SourceId source_;
  Characters at_;
  Diagnostics& diagnostics_;
  XmlText text_;
  std::vector<XmlNode> nodes_;
};

}  // namespace

std::vector<XmlNode> split_inline_parameters(const XmlText& text, const SourceSet& sources, Diagnostics& diagnostics) {
  return Splitter(text, sources, diagnostics).split();
}

}  // namespace pml::grammar
