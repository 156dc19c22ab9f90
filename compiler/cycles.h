// Cycles among modules that depend on each other.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "compiler/layout.h"

namespace pml::compiler {

/// The edge with the number `edge` of those that leave `from`.
struct CycleStep {
  ElementId from = 0;
  std::size_t edge = 0;
};

/// Visits a cycle for every edge that closes one in a walk from `starts`, depth first. `target`: where an edge leads;
/// nothing if the element has not so many.
void for_each_cycle(const std::vector<ElementId>& starts,
                    const std::function<std::optional<ElementId>(ElementId from, std::size_t edge)>& target,
                    const std::function<void(std::span<const CycleStep> cycle)>& visit);

}  // namespace pml::compiler
