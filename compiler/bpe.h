// Byte-pair encoding of one piece of text: which two neighbours become one token, and in which order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "compiler/tokenizer_data.h"

namespace pml::compiler {

/// Merge rules by rank and by pair. Rules are added in the order of their ranks, then only read; reading is
/// for any number of threads. A hash table of its own, since this look-up is where encoding and building
/// spend their time: slots are small, hold a part of the hash, and most look-ups end at one of them.
class MergeTable {
 public:
  static constexpr std::uint32_t kNoRank = std::numeric_limits<std::uint32_t>::max();

  /// Room for `num_merges` rules.
  explicit MergeTable(std::size_t num_merges);

  /// The next rank: `left` and `right` become `token`. False, and no rank is taken, if the pair has a rule.
  bool add(TokenId left, TokenId right, TokenId token);

  /// The rank of the rule for a pair, lower is earlier; kNoRank if there is none.
  std::uint32_t rank(TokenId left, TokenId right) const { return slots_[find_slot(left, right)].rank; }

  TokenId token(std::uint32_t rank) const { return rules_[rank].token; }

 private:
  struct Rule {
    TokenId left, right, token;
  };
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t rank = kNoRank;  // kNoRank: empty
  };

  /// The slot that holds the pair, or the empty one where it belongs.
  std::size_t find_slot(TokenId left, TokenId right) const {
    const std::uint64_t hash = hash_pair(left, right);
    const auto tag = static_cast<std::uint32_t>(hash);
    for (std::size_t i = static_cast<std::size_t>(hash >> shift_);; i = (i + 1) & mask_) {
      const Slot slot = slots_[i];
      if (slot.rank == kNoRank) return i;
      if (slot.tag == tag && rules_[slot.rank].left == left && rules_[slot.rank].right == right) return i;
    }
  }

  /// The upper bits choose the slot, the lower are the tag. Multiplication carries upwards only, so the
  /// halves are folded before the second one.
  static std::uint64_t hash_pair(TokenId left, TokenId right) {
    constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15;  // 2^64 / golden ratio
    const std::uint64_t product =
        (std::uint64_t{static_cast<std::uint32_t>(left)} << 32 | static_cast<std::uint32_t>(right)) * kGolden;
    return (product ^ product >> 32) * kGolden;
  }

  std::vector<Rule> rules_;  // by rank
  std::vector<Slot> slots_;  // at most half full
  std::size_t mask_;
  int shift_;
};

/// Merges neighbours in `symbols` until no rule applies: always the lowest rank, and of equal ranks the
/// leftmost. Time is O(n log n) in the number of symbols.
void apply_merges(const MergeTable& table, std::vector<TokenId>& symbols);

}  // namespace pml::compiler
