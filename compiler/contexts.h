// Which artifacts a schema declares: for every cached segment, after what it is encoded.
//
// A context is a chain: a path from a root through a tree of (parent, segment) nodes, so contexts share their
// prefixes, and a schema of n segments needs O(n) nodes. A node stands for "this segment, encoded after that
// chain", which is what an artifact is; digests and KV belong to nodes.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "compiler/layout.h"

namespace pml::compiler {

using ChainId = std::int32_t;     // kNone: the empty chain
using ScaffoldId = std::int32_t;  // index into Contexts::scaffolds; kNone: none

struct ChainNode {
  ChainId parent = kNone;
  SegmentId segment = 0;
  /// Where the segment's first token stands in this chain: at its slot in `preserve`; in `pack` right behind the
  /// parent's last token, chains beginning at 0.
  Slot first = 0;
};

/// Artifact: `node` is its segment after its context, `layout.segments[nodes[node].segment]` the segment.
struct DeclaredArtifact {
  ChainId node = kNone;
  ast::ContextKind kind = ast::ContextKind::guaranteed;
  /// The scaffold whose modules stand in the context; it serves prompts that have all of those. kNone: serves all.
  ScaffoldId scaffold = kNone;
};

/// Modules that are also encoded jointly.
struct Scaffold {
  std::string name;                // may be empty
  std::vector<ElementId> modules;  // none if it was said that they are never present together
  grammar::Place place{};
};

struct Contexts {
  std::vector<ChainNode> nodes;  // a parent stands before its children
  /// By segment, in the order in which they were declared; empty for stand-ins and for what is not cached.
  std::vector<std::vector<DeclaredArtifact>> artifacts;
  std::vector<Scaffold> scaffolds;
  bool is_packed = false;
  /// Later nodes were added for single prompts (serve_exactly()): their artifacts are automatic.
  ChainId num_declared = 0;
  /// Rules and scaffolds make more contexts than kMostSteps allows; those of the last ones are not declared.
  bool is_cut = false;

  bool is_automatic(ChainId node) const { return node >= num_declared; }
  /// The nodes of the chain that ends with `node`, first to last.
  std::vector<ChainId> chain(ChainId node) const;
  /// The node of `segment` after the chain `parent`; made if it is not there. Declares nothing.
  ChainId extend(const Layout& layout, ChainId parent, SegmentId segment);

 private:
  static std::uint64_t key(ChainId parent, SegmentId segment) {
    return std::uint64_t{static_cast<std::uint32_t>(parent)} << 32 | static_cast<std::uint32_t>(segment);
  }

  std::unordered_map<std::uint64_t, ChainId> known_;  // nodes by key()
  friend class ContextBuilder;
};

struct Standins;

/// Where neither the documents nor the command line say a kind (docs/fidelity.md).
inline constexpr ast::ContextKind kDefaultContext = ast::ContextKind::adjacent;

/// Modules of a pool that stand before its other modules, in typical contexts.
inline constexpr std::size_t kCompanions = 3;

/// Artifacts of a segment grow with the members of the union before it; beyond this a schema would take too much.
inline constexpr std::size_t kMostNeighbours = 8;

/// Elements that are passed to find the contexts of all scaffolds, and of all modules for which rules change what
/// stands before them. Each of these can change the contexts of everything behind it, so that they grow as the square
/// of the schema.
inline constexpr std::size_t kMostSteps = 5'000'000;
/// Stand-ins whose rules are looked at in the time of such a step.
inline constexpr std::size_t kWeighedInAStep = 16;

/// `otherwise` is the kind for elements whose documents do not say.
///
/// isolated: the BOS, if the model has one.
/// guaranteed: what every prompt with the segment has before it: text of the schema and of its ancestors,
/// required children of what is present, and of their parameters the default, else the stand-in. Other modules of its
/// pool are in no module's context: the prompt alone says which of them stand before it.
/// typical: that, and `standins`; before a module of a pool the first kCompanions others of the pool that
/// may stand there.
/// adjacent: typical, and besides one artifact for every other member of the union that stands right before the
/// segment, if that has at most kMostNeighbours members.
///
/// Besides, for each scaffold: the segment's own kind with the scaffold's modules in place of stand-ins, for every
/// segment behind the first of them; in `isolated` contexts, with the text of the modules and of what is around them.
Contexts declare_contexts(const Layout& layout, ast::ContextKind otherwise, const Standins& standins,
                          std::vector<Scaffold> scaffolds);

}  // namespace pml::compiler
