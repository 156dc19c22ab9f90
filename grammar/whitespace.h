// Whitespace handling: what of the blanks and line breaks in a document is layout of the file, and what is
// text.
//
// Both documents are read in document order, and a Whitespace object is told what is met: text, a parameter,
// a role's tag. At a boundary between text and a tag it keeps the blanks back, and gives them, as one line
// break or one blank, to the front of what follows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "grammar/xml.h"

namespace pml::grammar {

enum class SpaceMode : std::uint8_t { dedent, collapse, preserve };

/// The indentation that all lines have in common that start in the element's own text. Lines of blanks alone
/// do not count, nor do lines on which the element's own text has only blanks before another tag; a parameter's
/// tag is text in this.
std::string common_indentation(const XmlElement& element);

class Whitespace {
 public:
  /// What was kept back; can be saved at a union's start and given to each of its members.
  struct Boundary {
    enum class Blank : std::uint8_t { none, blank, newline, dropped } blank = Blank::dropped;
    bool beside_parameter = false;
  };

  /// Text in an element with this mode and (for dedent) common indentation: what is left of it, with what was
  /// kept back in front. Nothing if it is blanks alone.
  std::optional<std::string> text(const XmlText& text, SpaceMode mode, std::string_view indentation);
  /// Text that is taken as it is: what was kept back, then the text.
  std::string verbatim(std::string_view text);
  /// The boundary blank in front of a parameter.
  std::string parameter(SpaceMode mode);
  /// A role's tag, or the document's start: blanks on both sides are dropped.
  void role_tag();
  /// Something that stands for content, and takes no blank.
  void content() { boundary_ = {Boundary::Blank::none, false}; }

  /// What follows begins a line of its own, unless blanks are dropped here.
  void new_line() { add("\n"); }

  /// A pool's start: its members follow each other in any order, so blanks in front of them are never dropped.
  void pool_tag();

  Boundary boundary() const { return boundary_; }
  void restore(const Boundary& saved) { boundary_ = saved; }
  /// Puts a saved boundary in front of what was kept back since.
  void prepend(const Boundary& saved);

 private:
  std::string take(SpaceMode mode, bool before_parameter);
  void add(std::string_view blanks);

  Boundary boundary_;
};

}  // namespace pml::grammar
