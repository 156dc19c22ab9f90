#include "cli/mask_picture.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "cli/plan_text.h"
#include "cli/svg.h"

namespace pml::cli {
namespace {

using compiler::Plan;
using compiler::PlannedSegment;

enum class Seen { live, cached, moved, ghost, dropped };

struct Meaning {
  const char* color;
  const char* text;
};
constexpr std::array<Meaning, 5> kMeanings{{{"#2b6cb0", "computed for this prompt; sees everything before it"},
                                            {"#2f855a", "cached, and has seen it as it stands here"},
                                            {"#d69e2e", "cached, and has seen it at another distance"},
                                            {"#dd6b20", "cached, and has seen it, though it is not there (ghost)"},
                                            {"#e53e3e", "cached, and has not seen it (dropped)"}}};
const Meaning& meaning_of(Seen seen) { return kMeanings[static_cast<std::size_t>(seen)]; }

/// A run of rows of one segment that are served alike.
struct Band {
  std::int32_t segment = 0;
  std::int32_t first = 0, end = 0;  // rows of the segment
  bool is_cached = false;
  double at = 0.0, size = 0.0;  // in pixels
};

bool contains(const std::vector<std::int32_t>& list, std::int32_t index) {
  return std::ranges::find(list, index) != list.end();
}

std::vector<Band> bands_of(const Plan& plan) {
  std::vector<Band> bands;
  std::vector<std::int32_t> next(plan.segments.size(), 0);
  for (const compiler::PlannedRow& row : plan.rows) {
    const bool is_cached = row.source == compiler::RowSource::cached;
    const std::int32_t index = next[row.segment]++;
    if (bands.empty() || bands.back().segment != row.segment || bands.back().is_cached != is_cached) {
      bands.push_back({row.segment, index, index, is_cached});
    }
    bands.back().end = index + 1;
  }
  return bands;
}

}  // namespace

std::string draw_mask(const Plan& plan, const std::string& title) {
  constexpr double kLabels = 230.0, kTop = 64.0, kLegend = 130.0, kWanted = 900.0, kLeastBlock = 3.0;
  std::int64_t num_columns = 0;
  for (const PlannedSegment& segment : plan.segments) num_columns += segment.end() - segment.first;
  const double scale = kWanted / static_cast<double>(std::max<std::int64_t>(1, num_columns));
  const auto size_of = [&](std::int64_t tokens) { return std::max(kLeastBlock, scale * static_cast<double>(tokens)); };

  std::vector<double> left(plan.segments.size() + 1, kLabels);
  for (std::size_t i = 0; i < plan.segments.size(); ++i) {
    left[i + 1] = left[i] + size_of(plan.segments[i].end() - plan.segments[i].first);
  }
  std::vector<Band> bands = bands_of(plan);
  double bottom = kTop;
  for (Band& band : bands) {
    band.at = bottom;
    band.size = size_of(band.end - band.first);
    bottom += band.size;
  }

  Svg svg(left.back() + 20.0, bottom + kLegend);
  svg.text(16, 26, title, Svg::Anchor::start, 16);
  svg.text(kLabels, kTop - 10, "what is seen: segments by position", Svg::Anchor::start, 11);
  double labelled_until = 0.0;
  for (const Band& band : bands) {
    const PlannedSegment& segment = plan.segments[band.segment];
    const std::string name = label_of(segment);
    const std::string rows =
        " (" + std::to_string(segment.first + band.first) + "-" + std::to_string(segment.first + band.end - 1) + ")";
    if (band.at + band.size / 2 >= labelled_until + 11.0) {
      labelled_until = band.at + band.size / 2;
      std::string shown = name.size() > 32 ? name.substr(0, 31) + "..." : name;
      svg.text(kLabels - 8, labelled_until + 4, shown, Svg::Anchor::end, 11);
    }
    for (std::int32_t column = 0; column < static_cast<std::int32_t>(plan.segments.size()); ++column) {
      const PlannedSegment& other = plan.segments[column];
      const bool is_before = other.present && column <= band.segment;
      Seen seen = Seen::live;
      if (band.is_cached) {
        if (contains(segment.ghosts, column)) {
          seen = Seen::ghost;
        } else if (contains(segment.moved, column)) {
          seen = Seen::moved;
        } else if (contains(segment.dropped, column)) {
          seen = Seen::dropped;
        } else if (contains(segment.context, column) || column == band.segment) {
          seen = Seen::cached;
        } else {
          continue;
        }
      } else if (!is_before) {
        continue;
      }
      svg.rectangle(left[column], band.at, left[column + 1] - left[column] - 0.5, band.size - 0.5,
                    meaning_of(seen).color, name + rows + ", " + label_of(other) + ": " + meaning_of(seen).text);
    }
  }
  double y = bottom + 24.0;
  for (const Meaning& meaning : kMeanings) {
    svg.rectangle(kLabels, y - 10, 12, 12, meaning.color);
    svg.text(kLabels + 20, y, meaning.text);
    y += 20.0;
  }
  return svg.take();
}

}  // namespace pml::cli
