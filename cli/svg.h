// A picture in one file: the few shapes that the program draws.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "grammar/result.h"

namespace pml::cli {

class Svg {
 public:
  /// In pixels, black on white.
  Svg(double width, double height);
  /// A picture whose looks are classes: of `style`, a CSS sheet, or of the page that it is a part of.
  struct Styled {
    std::string_view style;
    bool is_part_of_page = false;
    std::string_view name;  // the class of the picture itself
  };
  Svg(double width, double height, const Styled& styled);

  void rectangle(double x, double y, double width, double height, std::string_view fill, std::string_view title = "");
  void line(double x1, double y1, double x2, double y2, std::string_view stroke, double width = 1.0);
  void circle(double x, double y, double radius, std::string_view fill, std::string_view title = "");
  enum class Anchor { start, middle, end };
  void text(double x, double y, std::string_view text, Anchor anchor = Anchor::start, double size = 12.0);

  /// One whose value is an empty text is left out.
  struct Attribute {
    std::string_view name;
    std::variant<double, std::string_view> value;
  };
  using Attributes = std::initializer_list<Attribute>;
  void open(std::string_view element, Attributes attributes);
  void close(std::string_view element);
  /// An element that holds nothing but text.
  void element(std::string_view element, Attributes attributes, std::string_view text = "");
  std::string take();

 private:
  std::string body_;
};

/// The text with what has a meaning in XML and HTML written as entities, also inside attributes; U+FFFD stands for what
/// may not stand in XML at all: control characters, and bytes that are no UTF-8.
std::string escaped(std::string_view text);

/// Writes a whole file, or says why it cannot.
Result<void> write_file(const std::filesystem::path& path, std::string_view text);

}  // namespace pml::cli
