// Layout x Contexts x Selection -> Plan: every row of one prompt, where it stands, what serves it, and what
// the cached rows have and have not seen.
//
// In `preserve` rows stand at the slots of the layout, free text behind them or in their gaps. In `pack` they stand
// one behind the other from 0 on, in document order, modules of a pool in the prompt's order, free text behind the
// selection before it; what is cached is then used `shift` positions further on than it was encoded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/contexts.h"
#include "compiler/selection.h"
#include "grammar/diagnostics.h"

namespace pml::compiler {

enum class RowSource : std::uint8_t { cached, live, repaired };
std::string_view to_string(RowSource source);

/// A segment of the prompt, or a ghost: one that is absent, but stands in the context of one that is present.
struct PlannedSegment {
  SegmentKind kind = SegmentKind::static_text;
  std::string module;     // path; empty for the schema's own text and for free text
  std::string parameter;  // whose argument, default or stand-in it is
  std::vector<TokenId> tokens;
  Slot first = 0;  // of a ghost: where it would stand
  Slot shift = 0;  // D: `first` minus the position that its artifact was encoded at
  bool present = true;
  SegmentId source = kNone;  // the schema's segment that it is, or says the same as; kNone: none
  ChainId artifact = kNone;  // what serves it; kNone: its rows are computed (or it is a ghost)
  ast::ContextKind context_kind = ast::ContextKind::guaranteed;  // of the artifact
  ScaffoldId scaffold = kNone;                                   // of the artifact
  std::int32_t num_cached = 0;         // its first rows come from the artifact, the others are live
  std::vector<std::int32_t> repaired;  // except these of the first rows, ascending: they are computed anew
  bool is_repaired = false;            // all of its rows are computed, though they could have come from an artifact
  // Indices into Plan::segments, in position order:
  std::vector<std::int32_t> context;  // what it was encoded after
  std::vector<std::int32_t> dropped;  // present before it, but not in its context
  std::vector<std::int32_t> ghosts;   // in its context, but not present
  std::vector<std::int32_t> moved;    // in its context and present, but at another distance
  bool exact = false;
  grammar::Place place;

  std::int32_t num_spliced() const { return num_cached - static_cast<std::int32_t>(repaired.size()); }
  Slot end() const { return first + static_cast<Slot>(tokens.size()); }
};

struct PlannedRow {
  TokenId token = 0;
  Slot position = 0;
  std::int32_t segment = 0;  // index into Plan::segments
  RowSource source = RowSource::live;
};

struct Plan {
  std::vector<PlannedSegment> segments;  // by position; present ones do not overlap
  std::vector<PlannedRow> rows;          // by position, no two the same
  std::int32_t num_cached = 0;
  std::int32_t num_live = 0;
  std::int32_t num_repaired = 0;

  std::int32_t num_computed() const { return num_live + num_repaired; }
};

/// Adds diagnostics for arguments and texts that do not fit, for an empty prompt, and for rows beyond
/// `max_positions` (0: no limit is known). Use the result only if there is no error.
Plan make_plan(const Layout& layout, const Contexts& contexts, const Selection& selection, const TextEncoder& encoder,
               Slot max_positions, grammar::Diagnostics& diagnostics);

/// Says of arguments and texts in slots what make_plan() says: for a selection with mistakes, of which no plan is made.
void check_lengths(const Layout& layout, const Selection& selection, const TextEncoder& encoder,
                   grammar::Diagnostics& diagnostics);

/// The same rows at the same positions, all of them live: what a full prefill computes.
Plan without_cache(Plan plan);

/// The same rows one behind the other from 0 on, all of them live: what the text would be without a layout.
Plan without_gaps(Plan plan);

/// Nothing serves the segment: its rows are computed.
void clear_artifact(PlannedSegment& segment);

/// Brings `exact`, the rows' sources and the numbers of rows in line with what serves the segments, and drops ghosts
/// that are in no context any more.
void update(Plan& plan);

/// The plan as a table (`--dump=plan`).
std::string dump(const Plan& plan);

}  // namespace pml::compiler
