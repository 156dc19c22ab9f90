#include "cli/suggest_scaffolds.h"

#include <algorithm>
#include <map>

namespace pml::cli {
namespace {

using compiler::ElementId;

/// The modules of a prompt that another prompt may not have, in the order of the schema, without those inside them.
std::vector<ElementId> choices_of(const compiler::Layout& layout, const compiler::Selection& selection) {
  std::vector<ElementId> choices;
  for (std::size_t id = 1; id < layout.elements.size(); ++id) {
    const compiler::Element& element = layout.elements[id];
    if (element.kind != compiler::ElementKind::module || element.required || !selection.present[id]) continue;
    const bool is_inside = std::ranges::find(choices, layout.scope_of(static_cast<ElementId>(id))) != choices.end();
    if (!is_inside) choices.push_back(static_cast<ElementId>(id));
  }
  return choices;
}

}  // namespace

Result<std::vector<Suggestion>> suggest_scaffolds(const compiler::Layout& layout, Verification& verification,
                                                  const std::vector<Sample>& samples,
                                                  const std::vector<Reference>& references,
                                                  const std::vector<double>& kls) {
  std::map<std::pair<ElementId, ElementId>, std::size_t> counts;
  for (const Sample& sample : samples) {
    const std::vector<ElementId> choices = choices_of(layout, sample.selection);
    for (std::size_t i = 1; i < choices.size(); ++i) ++counts[{choices[i - 1], choices[i]}];
  }
  std::vector<std::pair<std::pair<ElementId, ElementId>, std::size_t>> pairs(counts.begin(), counts.end());
  std::ranges::stable_sort(pairs, std::greater<>(), [](const auto& pair) { return pair.second; });
  if (pairs.size() > kMostTried) pairs.resize(kMostTried);
  std::vector<Suggestion> suggestions;
  for (const auto& [pair, count] : pairs) {
    const auto gain = verification.try_scaffold({pair.first, pair.second}, samples, references, kls);
    if (!gain) return tl::make_unexpected(gain.error());
    if (gain->kl <= 0.0 || gain->size_bytes == 0) continue;
    suggestions.push_back({{layout.elements[pair.first].path, layout.elements[pair.second].path}, count, *gain});
  }
  std::ranges::stable_sort(suggestions, std::greater<>(), &Suggestion::per_megabyte);
  return suggestions;
}

}  // namespace pml::cli
