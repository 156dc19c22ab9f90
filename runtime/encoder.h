// Makes the KV of chain nodes available: from the store if they are there, by the forward pass if not.
//
// Whoever asks for an artifact gets the same bytes, whether it was loaded or had to be computed. Not
// thread-safe.
//
// What stands in contexts but is no artifact (stand-ins) is kept in memory while chains need it. Asked for from the
// top of the tree of contexts, nothing is encoded twice, and memory holds little more than one chain.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "compiler/contexts.h"
#include "compiler/recipe.h"
#include "runtime/model.h"
#include "runtime/store/store.h"

namespace pml::runtime {

struct EncoderStatistics {
  std::int64_t artifacts_encoded = 0;
  std::int64_t artifacts_reused = 0;
  std::int64_t tokens_encoded = 0;  // tokens that went through the model, chains included
};

class Encoder {
 public:
  /// All references must outlive the encoder. `store` may be null: nothing is kept then.
  Encoder(const Model& model, const Store* store, const compiler::Layout& layout, const compiler::Contexts& contexts,
          const compiler::Recipe& recipe, KvType kv_type, Warn warn);

  /// Where the artifact of a node came from.
  struct Outcome {
    std::shared_ptr<const Artifact> artifact;
    Finding finding = Finding::found;  // what the store had; anything but `found`: it was encoded now
  };

  /// The artifact of a declared or an automatic node. One that had to be encoded is also stored; a store that cannot
  /// take it is warned about once, and is no failure for the caller unless `must_store` is set. As long as somebody has
  /// an artifact, whoever asks for it gets the same one.
  Result<Outcome> artifact(compiler::ChainId node, bool must_store = false);
  /// Encodes and stores what is missing of the declared `nodes`, parents before children. Neighbours that come after
  /// the same context go through the model together; their bytes are those that artifact() would give.
  Result<void> encode_all(std::span<const compiler::ChainId> nodes);
  /// Loads an artifact if the store has it, and computes nothing.
  std::shared_ptr<const Artifact> find(compiler::ChainId node, Finding& finding);

  const EncoderStatistics& statistics() const { return statistics_; }
  /// Called with the number of tokens whenever some have been encoded: after every pass of Model::kMaxRows.
  std::function<void(std::int64_t num_tokens)> on_progress;
  /// Asked between passes; once it says yes, artifact() fails.
  std::function<bool()> is_cancelled;

 private:
  /// Takes in the nodes that the contexts got since.
  void catch_up();
  Shelf shelf_of(compiler::ChainId node) const {
    return contexts_.is_automatic(node) ? Shelf::automatic : Shelf::declared;
  }
  Result<void> encode_chain(compiler::ChainId last, bool must_store);
  Result<std::vector<std::shared_ptr<const Artifact>>> encode_siblings(std::span<const compiler::ChainId> nodes,
                                                                       bool must_store);
  Result<std::vector<std::shared_ptr<const Artifact>>> encode(std::span<const compiler::ChainId> siblings);
  Result<void> keep(compiler::ChainId node, const std::shared_ptr<const Artifact>& artifact, bool must_store);
  void forget_other_chains(compiler::ChainId node);
  Result<void> store(compiler::ChainId node, const Artifact& artifact, bool must_store);

  const Model& model_;
  const Store* store_;
  const compiler::Layout& layout_;
  const compiler::Contexts& contexts_;
  compiler::Recipe recipe_;
  KvType kv_type_;
  Warn warn_;
  std::vector<Digest> digests_;
  std::vector<bool> is_kept_;  // by node: an artifact, which goes to the store
  std::unordered_map<compiler::ChainId, std::shared_ptr<const Artifact>> known_;
  std::unordered_map<compiler::ChainId, Finding> absent_;  // what the store was asked for in vain
  std::size_t private_bytes_ = 0;                          // of the nodes in known_ that the store does not hold
  EncoderStatistics statistics_;
  bool warned_of_store_ = false;
};

}  // namespace pml::runtime
