// Where the bars of a layout's picture stand: positions to the right, nested elements in rows downwards. No pixels to
// the right, for those depend on how wide the picture is; no drawing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/contexts.h"
#include "compiler/layout.h"
#include "compiler/plan.h"
#include "compiler/selection.h"

namespace pml::cli {

/// What a picture is made of. The prompt's parts are there together or not at all.
struct ChartSource {
  const compiler::Layout& layout;
  const std::vector<compiler::Scaffold>& scaffolds;
  const compiler::Selection* selection = nullptr;  // null: no prompt
  const compiler::Plan* plan = nullptr;
};

enum class BarKind : std::uint8_t {
  module,
  frame,
  alternatives,
  pool,
  text,
  parameter,
  slot,
  room,
  argument,
  free_text
};

/// A rectangle over the slots [first, end) of its element. A frame is a module with a row of its own for its name and
/// with further bars in it; a room is what a module reserves behind its text; an argument stands in its parameter.
struct Bar {
  BarKind kind = BarKind::text;
  compiler::ElementId element = 0;                // that it is, or whose text it is
  compiler::SegmentId segment = compiler::kNone;  // of a text
  std::int32_t planned = compiler::kNone;         // of an argument or free text: index into Plan::segments
  compiler::Slot first = 0, end = 0;
  double top = 0.0, height = 0.0;  // in pixels
};

/// A scaffold as a line from its first member to its last.
struct Bracket {
  std::size_t scaffold = 0;  // index into ChartSource::scaffolds
  compiler::Slot first = 0, end = 0;
  double top = 0.0;  // in pixels
};

/// The bars that a part of the positions holds. What goes on beyond the part is in it with all of its slots.
struct ChartLine {
  compiler::Slot first = 0, end = 0;
  std::vector<Bracket> brackets;
  std::vector<Bar> bars;  // what is inside stands behind what is around
  double brackets_height = 0.0, bars_height = 0.0;
};

inline constexpr double kBarRow = 19.0;
inline constexpr double kBracketRow = 21.0;
/// Beyond these, elements and scaffolds are left out, so that a picture stays one that a viewer can open.
inline constexpr std::int32_t kMostElements = 20000;
inline constexpr std::size_t kMostScaffolds = 200;

/// Tokens of the element's own text, without its children's.
std::size_t own_tokens(const compiler::Layout& layout, const compiler::Element& element);

/// The positions that the picture shows: the layout's, and those of the prompt's own text behind them.
compiler::Slot chart_end(const ChartSource& source);

/// How wide a module without modules in it typically is: half of them are wider.
compiler::Slot typical_width(const compiler::Layout& layout);

/// The chart in `num_lines` parts of the same length, one below the other.
std::vector<ChartLine> make_chart(const ChartSource& source, int num_lines);

}  // namespace pml::cli
