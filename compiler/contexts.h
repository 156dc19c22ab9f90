// Which artifacts a schema declares: for every cached segment, after what it is encoded.
//
// A context is a chain: a path from a root through a tree of (parent, segment) nodes, so contexts share their
// prefixes, and a schema of n segments needs O(n) nodes. A node stands for "this segment, encoded after that
// chain", which is what an artifact is; digests and KV belong to nodes.
#pragma once

#include <vector>

#include "compiler/layout.h"

namespace pml::compiler {

using ChainId = std::int32_t;  // kNone: the empty chain

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
};

struct Contexts {
  std::vector<ChainNode> nodes;  // a parent stands before its children
  /// By segment, in the order in which they were declared; empty for stand-ins and for what is not cached.
  std::vector<std::vector<DeclaredArtifact>> artifacts;

  /// The nodes of the chain that ends with `node`, first to last.
  std::vector<ChainId> chain(ChainId node) const;
};

/// `otherwise` is the kind for elements whose documents do not say.
///
/// guaranteed: what every prompt with the segment has before it: text of the schema and of its ancestors,
/// required children of what is present, and of their parameters the default, else the stand-in.
/// isolated: the BOS, if the model has one.
/// Other modules of its pool are in no module's context: the prompt alone says which of them stand before it.
Contexts declare_contexts(const Layout& layout, ast::ContextKind otherwise);

}  // namespace pml::compiler
