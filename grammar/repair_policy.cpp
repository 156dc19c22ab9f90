#include "grammar/repair_policy.h"

#include <array>
#include <charconv>
#include <utility>

namespace pml::grammar {
namespace {

using Kind = RepairPolicy::Kind;

constexpr std::array<std::pair<Kind, std::string_view>, 5> kNames{{{Kind::none, "none"},
                                                                   {Kind::joints, "joints"},
                                                                   {Kind::link, "link"},
                                                                   {Kind::ratio, "ratio"},
                                                                   {Kind::exact, "exact"}}};

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::string to_string(const RepairPolicy& policy) {
  std::string text(kNames[static_cast<std::size_t>(policy.kind)].second);
  if (policy.kind == Kind::link) text += ":" + std::to_string(policy.count);
  if (policy.kind == Kind::ratio) {
    std::array<char, 32> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), policy.share);
    text += ":" + std::string(digits.data(), end);
  }
  return text;
}

Result<RepairPolicy> parse_repair_policy(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const bool has_value = colon != std::string_view::npos;
  const std::string_view value = has_value ? text.substr(colon + 1) : std::string_view();
  for (const auto& [kind, known] : kNames) {
    if (name != known) continue;
    RepairPolicy policy;
    policy.kind = kind;
    if (kind == Kind::link) {
      if (read_number(value, policy.count) && policy.count >= 1) return policy;
      return fail("`link` takes a number of tokens from 1 on, as link:16");
    }
    if (kind == Kind::ratio) {
      if (read_number(value, policy.share) && policy.share > 0.0 && policy.share <= 1.0) return policy;
      return fail("`ratio` takes a part of the tokens, above 0 and at most 1, as ratio:0.1");
    }
    if (has_value) return fail("`" + std::string(name) + "` takes no value");
    return policy;
  }
  return fail("a repair policy is none, joints, link:TOKENS, ratio:PART or exact");
}

}  // namespace pml::grammar
