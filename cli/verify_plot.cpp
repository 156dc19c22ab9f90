#include "cli/verify_plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "cli/svg.h"

namespace pml::cli {
namespace {

constexpr double kWidth = 720.0, kHeight = 440.0;
constexpr double kLeft = 70.0, kRight = 560.0, kTop = 56.0, kBottom = 390.0;
constexpr std::array<const char*, 4> kColors{"#b3382c", "#2b6cb0", "#2f855a", "#6b46c1"};

/// Below this a KL is rounding.
constexpr double kLeastKl = 1e-7;

std::string power_of_ten(int exponent) {
  char text[32];
  std::snprintf(text, sizeof text, "1e%d", exponent);
  return text;
}

}  // namespace

Result<void> write_fidelity_plot(const std::filesystem::path& path, const std::string& schema,
                                 const std::vector<PlotPoint>& points, double without_gaps) {
  double least = std::max(without_gaps, kLeastKl);
  double largest = least;
  double most_computed = 1.0;
  for (const PlotPoint& point : points) {
    least = std::min(least, std::max(point.kl, kLeastKl));
    largest = std::max(largest, point.kl);
    most_computed = std::max(most_computed, point.computed);
  }
  const int first = static_cast<int>(std::floor(std::log10(least)));
  const int last = std::max(first + 1, static_cast<int>(std::ceil(std::log10(largest))));
  const auto y_of = [&](double kl) {
    return kBottom - (std::log10(std::max(kl, kLeastKl)) - first) / (last - first) * (kBottom - kTop);
  };
  const auto x_of = [&](double computed) { return kLeft + computed / (1.05 * most_computed) * (kRight - kLeft); };

  Svg svg(kWidth, kHeight);
  svg.text(kLeft, 24, schema + ": what splicing changes, and what it costs", Svg::Anchor::start, 15);
  for (int exponent = first; exponent <= last; ++exponent) {
    const double y = y_of(std::pow(10.0, exponent));
    svg.line(kLeft, y, kRight, y, "#ddd");
    svg.text(kLeft - 8, y + 4, power_of_ten(exponent), Svg::Anchor::end);
  }
  for (int tick = 0; tick <= 4; ++tick) {
    const double computed = std::round(most_computed * tick / 4);
    svg.text(x_of(computed), kBottom + 18, std::to_string(static_cast<long long>(computed)), Svg::Anchor::middle);
  }
  svg.line(kLeft, kBottom, kRight, kBottom, "#888");
  svg.line(kLeft, kTop, kLeft, kBottom, "#888");
  svg.text((kLeft + kRight) / 2, kBottom + 38, "tokens computed for a prompt", Svg::Anchor::middle);
  svg.text(kLeft, kTop - 6, "KL of the next token to the full prefill, nats", Svg::Anchor::start, 11);
  if (without_gaps > 0.0) {
    svg.line(kLeft, y_of(without_gaps), kRight, y_of(without_gaps), "#888", 2);
    svg.text(kRight + 8, y_of(without_gaps) + 4, "the text without gaps");
  }

  std::vector<std::string> series;
  std::vector<std::pair<double, double>> labelled;  // where labels are
  for (const PlotPoint& point : points) {
    if (std::ranges::find(series, point.series) == series.end()) series.push_back(point.series);
    const auto index = static_cast<std::size_t>(std::ranges::find(series, point.series) - series.begin());
    const char* color = kColors[index % kColors.size()];
    char title[128];
    std::snprintf(title, sizeof title, "%s, %s: KL %.6f, %.0f tokens", point.series.c_str(), point.label.c_str(),
                  point.kl, point.computed);
    svg.circle(x_of(point.computed), y_of(point.kl), 5, color, title);
    // Above its point, or below where another label would be in the way.
    const double x = x_of(point.computed) + 8, y = y_of(point.kl);
    const bool is_crowded = std::ranges::any_of(labelled, [&](const std::pair<double, double>& other) {
      return std::abs(other.first - x) < 60.0 && std::abs(other.second - (y - 6)) < 10.0;
    });
    labelled.emplace_back(x, is_crowded ? y + 13 : y - 6);
    svg.text(x, labelled.back().second, point.label, Svg::Anchor::start, 10);
  }
  for (std::size_t i = 0; i < series.size(); ++i) {
    const double y = kTop + 20.0 * static_cast<double>(i);
    svg.circle(kRight + 16, y, 5, kColors[i % kColors.size()]);
    svg.text(kRight + 28, y + 4, series[i]);
  }
  return write_file(path, svg.take());
}

}  // namespace pml::cli
