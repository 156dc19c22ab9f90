// Plan x policy -> Plan: which rows of cached segments are computed anew, because what they were encoded after is not
// what stands before them in this prompt.
//
// A repaired row sees every present row before it in its present version, and replaces the cached row for this prompt
// alone. A segment that is exact is never repaired. Choosing costs nothing: tokens were ranked when the schema was
// compiled.
#pragma once

#include <vector>

#include "compiler/plan.h"

namespace pml::compiler {

/// Texts of more tokens than this are no joints.
inline constexpr std::int32_t kMostJointTokens = 64;

/// Where neither the schema nor the command line say a policy (docs/fidelity.md).
inline constexpr grammar::RepairPolicy kDefaultRepair{grammar::RepairPolicy::Kind::joints, 0, 0.0};

/// How much computing a token of an artifact anew is worth, compared with tokens of others: [nodes][tokens of the
/// node's segment]; empty for a node that was not measured.
using Ranking = std::vector<std::vector<float>>;

/// A ranking where nothing was measured: the earlier in its segment, the better.
float unmeasured_worth(std::int32_t token);

/// `ranking` may be empty. Policies but `none` need the layout that the plan was made for.
Plan repair(Plan plan, const Layout& layout, const grammar::RepairPolicy& policy, const Ranking& ranking);

/// What `exact` does with a store: every segment that no declared artifact serves exactly is served by an artifact that
/// was encoded after just what stands before it here, as far as that is text of the schema. Those are added to
/// `contexts`, and declared by nobody. What stands behind a request's own text is computed.
Plan serve_exactly(Plan plan, const Layout& layout, Contexts& contexts);

}  // namespace pml::compiler
