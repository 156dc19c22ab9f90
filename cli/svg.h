// A picture in one file: the few shapes that the program draws.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "grammar/result.h"

namespace pml::cli {

class Svg {
 public:
  /// In pixels.
  Svg(double width, double height);

  void rectangle(double x, double y, double width, double height, std::string_view fill, std::string_view title = "");
  void line(double x1, double y1, double x2, double y2, std::string_view stroke, double width = 1.0);
  void circle(double x, double y, double radius, std::string_view fill, std::string_view title = "");
  enum class Anchor { start, middle, end };
  void text(double x, double y, std::string_view text, Anchor anchor = Anchor::start, double size = 12.0);

  std::string take();

 private:
  std::string body_;
};

/// Writes a whole file, or says why it cannot.
Result<void> write_file(const std::filesystem::path& path, std::string_view text);

}  // namespace pml::cli
