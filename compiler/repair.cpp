#include "compiler/repair.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

namespace pml::compiler {
namespace {

using grammar::RepairPolicy;
using Kind = RepairPolicy::Kind;

void compute(PlannedSegment& segment) {
  clear_artifact(segment);
  segment.is_repaired = true;
}

/// Short text between or behind modules: of the schema, or of a module that has modules in it.
bool is_joint(const PlannedSegment& segment, const Layout& layout) {
  if (segment.kind != SegmentKind::static_text || segment.tokens.size() > kMostJointTokens) return false;
  const Element& element = layout.elements[layout.segments[segment.source].element];
  return element.kind == ElementKind::schema || std::ranges::any_of(element.contents, [&](const Content& content) {
           return !content.is_segment && !layout.elements[content.id].is_hole();
         });
}

/// Rows of a segment that is not repaired as a whole; all of them are as good as the whole.
void compute_rows(PlannedSegment& segment, std::vector<std::int32_t> rows) {
  std::ranges::sort(rows);
  if (static_cast<std::int32_t>(rows.size()) == segment.num_cached) return compute(segment);
  segment.repaired = std::move(rows);
}

void repair_ranked(Plan& plan, double share, const Ranking& ranking) {
  std::vector<std::tuple<float, std::int32_t, std::int32_t>> tokens;  // worth, segment, row
  std::int64_t num_cached = 0;
  for (std::size_t s = 0; s < plan.segments.size(); ++s) {
    const PlannedSegment& segment = plan.segments[s];
    num_cached += segment.num_cached;
    if (!segment.present || segment.exact) continue;
    for (std::int32_t i = 0; i < segment.num_cached; ++i) {
      const bool is_measured =
          static_cast<std::size_t>(segment.artifact) < ranking.size() && !ranking[segment.artifact].empty();
      const float worth = is_measured ? ranking[segment.artifact][i] : unmeasured_worth(i);
      tokens.emplace_back(worth, static_cast<std::int32_t>(s), i);
    }
  }
  const auto wanted = static_cast<std::size_t>(std::floor(share * static_cast<double>(num_cached)));
  const std::size_t count = std::min(wanted, tokens.size());
  const auto is_before = [](const auto& a, const auto& b) {  // ties: in the prompt's order
    if (std::get<0>(a) != std::get<0>(b)) return std::get<0>(a) > std::get<0>(b);
    return std::tie(std::get<1>(a), std::get<2>(a)) < std::tie(std::get<1>(b), std::get<2>(b));
  };
  std::ranges::nth_element(tokens, tokens.begin() + static_cast<std::ptrdiff_t>(count), is_before);
  std::vector<std::vector<std::int32_t>> rows(plan.segments.size());
  for (std::size_t i = 0; i < count; ++i) rows[std::get<1>(tokens[i])].push_back(std::get<2>(tokens[i]));
  for (std::size_t s = 0; s < rows.size(); ++s) {
    if (!rows[s].empty()) compute_rows(plan.segments[s], std::move(rows[s]));
  }
}

}  // namespace

float unmeasured_worth(std::int32_t token) { return 1.0F / static_cast<float>(1 + token); }

Plan repair(Plan plan, const Layout& layout, const RepairPolicy& policy, const Ranking& ranking) {
  if (policy.kind == Kind::none) return plan;
  if (policy.kind == Kind::ratio) repair_ranked(plan, policy.share, ranking);
  for (PlannedSegment& segment : plan.segments) {
    if (!segment.present || segment.exact || segment.num_cached == 0) continue;
    if (policy.kind == Kind::exact || (policy.kind == Kind::joints && is_joint(segment, layout))) {
      compute(segment);
    } else if (policy.kind == Kind::link) {
      std::vector<std::int32_t> rows(static_cast<std::size_t>(std::min(policy.count, segment.num_cached)));
      std::iota(rows.begin(), rows.end(), 0);
      compute_rows(segment, std::move(rows));
    }
  }
  update(plan);
  return plan;
}

Plan serve_exactly(Plan plan, const Layout& layout, Contexts& contexts) {
  ChainId chain = kNone;
  std::vector<std::int32_t> before;
  bool is_static = true;  // so far: text of the schema alone
  for (std::size_t i = 0; i < plan.segments.size(); ++i) {
    PlannedSegment& segment = plan.segments[i];
    if (!segment.present) continue;
    const bool is_servable = segment.source != kNone && segment.artifact != kNone;
    if (is_servable && !segment.exact && !is_static) compute(segment);
    if (is_servable && !segment.exact && is_static) {
      const std::int32_t num_cached = segment.num_cached;
      clear_artifact(segment);
      segment.num_cached = num_cached;
      segment.artifact = contexts.extend(layout, chain, segment.source);
      segment.shift = segment.first - contexts.nodes[segment.artifact].first;
      segment.context = before;
    }
    // What is never cached is in no context; an argument that says what the stand-in says is in some.
    is_static = is_static && segment.source != kNone &&
                layout.elements[layout.segments[segment.source].element].inherited.cache;
    if (is_static) chain = contexts.extend(layout, chain, segment.source);
    before.push_back(static_cast<std::int32_t>(i));
  }
  update(plan);
  return plan;
}

}  // namespace pml::compiler
