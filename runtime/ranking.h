// What computing a cached token anew is worth: how much of what later text reads from it changes.
//
// In a prompt, a later row r reads from token j, in every layer and head, its value weighed by attention: a_rj v_j.
// From the artifact it reads a'_rj v'_j, where a' = exp(q_r k'_j) / Z_r with the exact prompt's Z. The worth of the
// token is the length of the difference, summed over layers, heads, and the last rows of the prompt.
#pragma once

#include <memory>
#include <vector>

#include "compiler/plan.h"
#include "compiler/repair.h"
#include "runtime/model.h"
#include "runtime/store/store.h"

namespace pml::runtime {

class Ranker {
 public:
  /// Rows at the end of a prompt that count as later text.
  static constexpr std::int64_t kLaterRows = 64;

  /// `num_nodes`: of the contexts that plans are made with.
  Ranker(const Model& model, KvType kv_type, std::size_t num_nodes);

  /// Measures the tokens of a plan's segments that are not exact. `artifacts`: those of the plan's segments that have
  /// one, in order.
  void add(const compiler::Plan& plan, const std::vector<std::shared_ptr<const Artifact>>& artifacts);

  /// Means over the prompts that a node served.
  compiler::Ranking ranking() const;

 private:
  const Model& model_;
  KvType kv_type_;
  std::vector<std::vector<float>> sums_;  // by node
  std::vector<std::int32_t> counts_;      // prompts, by node
};

}  // namespace pml::runtime
