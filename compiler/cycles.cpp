#include "compiler/cycles.h"

#include <algorithm>
#include <map>

namespace pml::compiler {

void for_each_cycle(const std::vector<ElementId>& starts,
                    const std::function<std::optional<ElementId>(ElementId from, std::size_t edge)>& target,
                    const std::function<void(std::span<const CycleStep> cycle)>& visit) {
  enum class State : std::uint8_t { fresh, on_way, done };
  std::map<ElementId, State> states;
  // Without recursion: a chain may be as long as the schema. `edge` is the next one to take; of all steps but the last
  // one, and of that when its edge closes a cycle, the one before it was taken.
  std::vector<CycleStep> way;
  const auto enter = [&](ElementId element) {
    states[element] = State::on_way;
    way.push_back({element, 0});
  };
  for (const ElementId start : starts) {
    if (states[start] == State::fresh) enter(start);
    while (!way.empty()) {
      const auto to = target(way.back().from, way.back().edge++);
      if (!to) {
        states[way.back().from] = State::done;
        way.pop_back();
      } else if (states[*to] == State::fresh) {
        enter(*to);
      } else if (states[*to] == State::on_way) {
        const auto first = std::ranges::find(way, *to, &CycleStep::from);
        std::vector<CycleStep> cycle(first, way.end());
        for (CycleStep& step : cycle) --step.edge;
        visit(cycle);
      }
    }
  }
}

}  // namespace pml::compiler
