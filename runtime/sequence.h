// What one sequence brings to a forward pass.
#pragma once

#include <span>

#include "runtime/kv.h"

namespace pml::runtime {

/// New tokens of one sequence, and what they may see.
///
/// A token at position p attends to the rows of `context` and of `own` that stand at or before p, itself
/// included, whatever order they were computed in.
struct SequenceInput {
  std::span<const TokenId> tokens;  // [n]
  std::span<const Slot> positions;  // [n], ascending
  std::span<const KvView> context;  // in position order; no row that is not excluded at a position of another
  KvBuffer* own = nullptr;          // the sequence's earlier rows; the new tokens' rows are appended
  std::int32_t num_logits = 0;      // so many of the last tokens' logits are wanted
  bool is_generating = false;       // the token is one that was generated, and no part of a prompt
};

}  // namespace pml::runtime
