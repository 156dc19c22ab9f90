#include "cli/svg.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "grammar/display.h"

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

std::string with_title(std::string_view title, const std::string& element) {
  return title.empty() ? "/>\n" : "><title>" + escaped(title) + "</title></" + element + ">\n";
}

}  // namespace

std::string escaped(std::string_view text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  std::string result;
  for (std::size_t invalid = grammar::find_invalid_utf8(text), at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool is_control = (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
    if (at == invalid) {
      result += kReplacement;
      invalid = grammar::find_invalid_utf8(text.substr(at + 1));
      if (invalid != std::string_view::npos) invalid += at + 1;
    } else if (is_control) {
      result += kReplacement;
    } else if (const auto character = text.substr(at, 3); character == "\xEF\xBF\xBE" || character == "\xEF\xBF\xBF") {
      result += kReplacement;
      at += 2;
    } else if (c == '<') {
      result += "&lt;";
    } else if (c == '>') {
      result += "&gt;";
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

Svg::Svg(double width, double height) : Svg(width, height, Styled()) {
  element("rect", {{"width", "100%"}, {"height", "100%"}, {"fill", "#fff"}});
}

Svg::Svg(double width, double height, const Styled& styled) {
  const std::string size = number(width) + " " + number(height);
  open("svg", {{"xmlns", styled.is_part_of_page ? "" : "http://www.w3.org/2000/svg"},
               {"class", styled.name},
               {"width", width},
               {"height", height},
               {"viewBox", styled.is_part_of_page ? "" : "0 0 " + size},
               {"font-family", "sans-serif"}});
  if (!styled.style.empty()) element("style", {}, styled.style);
}

void Svg::open(std::string_view element, Attributes attributes) {
  body_ += "<" + std::string(element);
  for (const auto& [name, value] : attributes) {
    const auto* text = std::get_if<std::string_view>(&value);
    if (text != nullptr && text->empty()) continue;
    body_ +=
        " " + std::string(name) + "=\"" + (text != nullptr ? escaped(*text) : number(std::get<double>(value))) + "\"";
  }
  body_ += ">";
}

void Svg::close(std::string_view element) { body_ += "</" + std::string(element) + ">\n"; }

void Svg::element(std::string_view element, Attributes attributes, std::string_view text) {
  open(element, attributes);
  body_ += escaped(text);
  close(element);
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
