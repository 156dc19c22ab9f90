#include "runtime/batch.h"

#include <algorithm>
#include <limits>

#include "grammar/check.h"

namespace pml::runtime {

Batch::Batch(std::span<const SequenceInput> sequences) {
  for (const SequenceInput& sequence : sequences) {
    positions_.insert(positions_.end(), sequence.positions.begin(), sequence.positions.end());
  }
  // Unshifted queries come first: row i of `queries_` is row i of the batch.
  for (std::size_t i = 0; i < positions_.size(); ++i) queries_.push_back({static_cast<std::int32_t>(i), positions_[i]});
  std::int32_t first_token = 0;
  for (const SequenceInput& sequence : sequences) {
    const auto count = static_cast<std::int32_t>(sequence.tokens.size());
    PML_CHECK(sequence.positions.size() == sequence.tokens.size(), "every token has a position");
    const std::int64_t first_row = sequence.own->append(sequence.positions);
    for (std::int32_t i = 0; i < count; ++i) own_rows_.push_back({sequence.own, first_row + i});
    add_sequence(sequence, first_token);
    first_token += count;
  }
}

void Batch::add_sequence(const SequenceInput& sequence, std::int32_t first_token) {
  rotated_.clear();
  const std::span<const Slot> own = sequence.own->positions();
  std::size_t next_own = 0;
  // Parts are listed in position order: own rows up to a view, the view, and so on.
  const auto own_until = [&](Slot position) {
    const auto end = static_cast<std::size_t>(
        std::lower_bound(own.begin() + static_cast<std::ptrdiff_t>(next_own), own.end(), position) - own.begin());
    if (end > next_own) {
      add_own(sequence, static_cast<std::int64_t>(next_own), static_cast<std::int64_t>(end), first_token);
    }
    next_own = end;
  };
  for (const KvView& view : sequence.context) {
    own_until(view.first);
    add_view(sequence, view, first_token);
  }
  own_until(std::numeric_limits<Slot>::max());
}

void Batch::add_view(const SequenceInput& sequence, const KvView& view, std::int32_t first_token) {
  std::vector<std::int32_t> limits;
  for (const Slot position : sequence.positions) {
    limits.push_back(std::clamp(position - view.first + 1, 0, view.num_rows));
  }
  AttentionPart part;
  part.segment = segment_of(view);
  part.first_row = rotated_row(sequence, first_token, view.shift);
  part.excluded_rows = view.excluded_rows;
  add_part(part, view.num_rows, first_token, std::move(limits));
}

void Batch::add_own(const SequenceInput& sequence, std::int64_t first_row, std::int64_t end_row,
                    std::int32_t first_token) {
  const auto rows = sequence.own->positions().subspan(static_cast<std::size_t>(first_row),
                                                      static_cast<std::size_t>(end_row - first_row));
  std::vector<std::int32_t> limits;
  for (const Slot position : sequence.positions) {
    limits.push_back(static_cast<std::int32_t>(std::upper_bound(rows.begin(), rows.end(), position) - rows.begin()));
  }
  const auto num_rows = static_cast<std::int32_t>(rows.size());
  sources_.push_back({nullptr, sequence.own, first_row, num_rows});
  AttentionPart part;
  part.segment = static_cast<std::int32_t>(sources_.size()) - 1;
  part.first_row = first_token;
  add_part(part, num_rows, first_token, std::move(limits));
}

/// Sequences that hold the same artifact share one segment, so its KV is read once.
std::int32_t Batch::segment_of(const KvView& view) {
  const auto [known, is_new] = segment_of_view_.try_emplace({view.k, view.num_rows}, sources_.size());
  if (is_new) sources_.push_back({&view, nullptr, 0, view.num_rows});
  return static_cast<std::int32_t>(known->second);
}

/// The sequence's queries rotated for keys that stand `shift` further on than they were encoded for.
std::int32_t Batch::rotated_row(const SequenceInput& sequence, std::int32_t first_token, Slot shift) {
  if (shift == 0) return first_token;
  for (const auto& [known, row] : rotated_) {
    if (known == shift) return row;
  }
  const auto row = static_cast<std::int32_t>(queries_.size());
  for (std::size_t i = 0; i < sequence.positions.size(); ++i) {
    queries_.push_back({first_token + static_cast<std::int32_t>(i), sequence.positions[i] - shift});
  }
  rotated_.emplace_back(shift, row);
  return row;
}

/// `part`: its segment, excluded rows, and where the rotated rows of the sequence's first token are.
void Batch::add_part(AttentionPart part, std::int32_t num_rows, std::int32_t first_token,
                     std::vector<std::int32_t> limits) {
  // Positions ascend, so the queries that see nothing come first.
  const auto unseeing = static_cast<std::int32_t>(
      std::find_if(limits.begin(), limits.end(), [](std::int32_t limit) { return limit > 0; }) - limits.begin());
  const auto seeing = static_cast<std::int32_t>(limits.size()) - unseeing;
  if (seeing == 0) return;
  part.first_query = first_token + unseeing;
  part.num_queries = seeing;
  part.first_row += unseeing;
  if (limits[static_cast<std::size_t>(unseeing)] < num_rows) {
    limits_.push_back(std::move(limits));
    part.row_limits = limits_.back().data() + unseeing;
  }
  parts_.push_back(part);
}

std::vector<AttentionSegment> Batch::segments(std::int32_t layer) const {
  std::vector<AttentionSegment> segments;
  segments.reserve(sources_.size());
  for (const KvSource& source : sources_) {
    const KvShape& shape = source.view != nullptr ? source.view->shape : source.own->shape();
    const std::int64_t capacity = source.view != nullptr ? source.view->capacity : source.own->capacity();
    const std::byte* k = source.view != nullptr ? source.view->k : source.own->k().data();
    const std::byte* v = source.view != nullptr ? source.view->v : source.own->v().data();
    const std::int64_t row = static_cast<std::int64_t>(layer) * shape.num_kv_heads * capacity + source.first_row;
    const std::int64_t offset = row * shape.head_dim * static_cast<std::int64_t>(size_bytes(shape.type));
    AttentionSegment segment;
    segment.k = k + offset;
    segment.v = v + offset;
    segment.type = shape.type;
    segment.head_stride = capacity * shape.head_dim;
    segment.row_stride = shape.head_dim;
    segment.num_rows = source.num_rows;
    segments.push_back(segment);
  }
  return segments;
}

}  // namespace pml::runtime
