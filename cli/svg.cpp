#include "cli/svg.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace pml::cli {
namespace {

/// At most two decimals, whatever the locale.
std::string number(double value) {
  const auto hundredths = static_cast<long long>(value * 100.0 + (value < 0.0 ? -0.5 : 0.5));
  std::string text = (hundredths < 0 ? "-" : "") + std::to_string(std::abs(hundredths) / 100);
  const long long rest = std::abs(hundredths) % 100;
  if (rest != 0) text += "." + std::string(rest < 10 ? "0" : "") + std::to_string(rest);
  return text;
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '<') {
      result += "&lt;";
    } else if (c == '&') {
      result += "&amp;";
    } else if (c == '"') {
      result += "&quot;";
    } else {
      result += c;
    }
  }
  return result;
}

std::string with_title(std::string_view title, const std::string& element) {
  return title.empty() ? "/>\n" : "><title>" + escaped(title) + "</title></" + element + ">\n";
}

}  // namespace

Svg::Svg(double width, double height) {
  body_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(width) + "\" height=\"" + number(height) +
          "\" viewBox=\"0 0 " + number(width) + " " + number(height) +
          "\" font-family=\"sans-serif\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
}

void Svg::rectangle(double x, double y, double width, double height, std::string_view fill, std::string_view title) {
  body_ += "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(width) + "\" height=\"" +
           number(height) + "\" fill=\"" + escaped(fill) + "\"" + with_title(title, "rect");
}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view stroke, double width) {
  body_ += "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) + "\" y2=\"" + number(y2) +
           "\" stroke=\"" + escaped(stroke) + "\" stroke-width=\"" + number(width) + "\"/>\n";
}

void Svg::circle(double x, double y, double radius, std::string_view fill, std::string_view title) {
  body_ += "<circle cx=\"" + number(x) + "\" cy=\"" + number(y) + "\" r=\"" + number(radius) + "\" fill=\"" +
           escaped(fill) + "\"" + with_title(title, "circle");
}

void Svg::text(double x, double y, std::string_view text, Anchor anchor, double size) {
  constexpr std::array<std::string_view, 3> kAnchors{"start", "middle", "end"};
  body_ += "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" font-size=\"" + number(size) + "\" text-anchor=\"" +
           std::string(kAnchors[static_cast<std::size_t>(anchor)]) + "\" fill=\"#222\">" + escaped(text) + "</text>\n";
}

std::string Svg::take() { return std::move(body_) + "</svg>\n"; }

Result<void> write_file(const std::filesystem::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.flush();
  if (file) return {};
  return fail("cannot be written: " + std::string(std::strerror(errno)));
}

}  // namespace pml::cli
