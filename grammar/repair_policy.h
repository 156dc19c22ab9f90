// Which cached rows are computed anew because what they were encoded after is not what stands before them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "grammar/result.h"

namespace pml::grammar {

/// Written `none`, `joints`, `link:16`, `ratio:0.1`, `exact`.
struct RepairPolicy {
  enum class Kind : std::uint8_t {
    none,
    joints,  // short texts between and behind modules: they sum up what stands before them
    link,    // the first `count` tokens of every segment
    ratio,   // the tokens that gain most, up to `share` of those of all segments
    exact,   // everything that is not exact
  };
  Kind kind = Kind::none;
  std::int32_t count = 0;  // of link: from 1 on
  double share = 0.0;      // of ratio: above 0, at most 1

  bool operator==(const RepairPolicy&) const = default;
};

/// As it is written.
std::string to_string(const RepairPolicy& policy);
/// The policy, or what is wrong with the text.
Result<RepairPolicy> parse_repair_policy(std::string_view text);

}  // namespace pml::grammar
