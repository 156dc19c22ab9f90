// The work of one forward pass, laid out once and used by every layer: which rows are rotated by how much,
// and which queries see which rows of which KV.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <vector>

#include "runtime/model.h"
#include "runtime/rope.h"
#include "runtime/segment_attention.h"

namespace pml::runtime {

/// A query as it is used: row `source` of the batch, rotated for one distance from where its keys stand.
struct RotatedQuery {
  std::int32_t source = 0;
  Slot position = 0;
};

/// Where the KV of an attention segment lies: in a view, or in a sequence's own buffer.
struct KvSource {
  const KvView* view = nullptr;
  const KvBuffer* own = nullptr;
  std::int64_t first_row = 0;
  std::int32_t num_rows = 0;
};

class Batch {
 public:
  /// Appends the new tokens' rows to the sequences' own buffers (their KV is written layer by layer).
  explicit Batch(std::span<const SequenceInput> sequences);

  std::int32_t num_tokens() const { return static_cast<std::int32_t>(positions_.size()); }
  std::span<const Slot> positions() const { return positions_; }
  std::span<const RotatedQuery> queries() const { return queries_; }
  std::span<const AttentionPart> parts() const { return parts_; }
  /// The KV of one layer, segment by segment.
  std::vector<AttentionSegment> segments(std::int32_t layer) const;

  /// Where the KV of a token goes.
  struct OwnRow {
    KvBuffer* buffer;
    std::int64_t row;
  };
  const OwnRow& own_row(std::int32_t token) const { return own_rows_[static_cast<std::size_t>(token)]; }

 private:
  void add_sequence(const SequenceInput& sequence, std::int32_t first_token);
  void add_view(const SequenceInput& sequence, const KvView& view, std::int32_t first_token);
  void add_own(const SequenceInput& sequence, std::int64_t first_row, std::int64_t end_row, std::int32_t first_token);
  std::int32_t segment_of(const KvView& view);
  std::int32_t rotated_row(const SequenceInput& sequence, std::int32_t first_token, Slot shift);
  void add_part(AttentionPart part, std::int32_t num_rows, std::int32_t first_token, std::vector<std::int32_t> limits);

  std::vector<Slot> positions_;
  std::vector<RotatedQuery> queries_;
  std::vector<KvSource> sources_;
  std::map<std::pair<const std::byte*, std::int32_t>, std::size_t> segment_of_view_;
  std::vector<AttentionPart> parts_;
  std::deque<std::vector<std::int32_t>> limits_;        // a deque: parts point into its elements
  std::vector<OwnRow> own_rows_;                        // [num_tokens]
  std::vector<std::pair<Slot, std::int32_t>> rotated_;  // of the sequence at hand: shift, first rotated row
};

}  // namespace pml::runtime
