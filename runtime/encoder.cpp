#include "runtime/encoder.h"

#include <algorithm>
#include <numeric>
#include <unordered_set>

#include "runtime/store/manifest.h"

namespace pml::runtime {

using compiler::ChainId;
using compiler::kNone;

namespace {

/// Mappings that are kept open; the kernel allows a process some 65,000.
constexpr std::size_t kMaxKnown = 16384;
/// Of segments that go through the model together: some passes full.
constexpr std::size_t kMaxTogether = 4 * Model::kMaxRows;
/// KV in private memory; beyond this only the chain at hand is kept.
constexpr std::size_t kMaxPrivateBytes = 256 << 20;

}  // namespace

Encoder::Encoder(const Model& model, const Store* store, const compiler::Layout& layout,
                 const compiler::Contexts& contexts, const compiler::Recipe& recipe, KvType kv_type, Warn warn)
    : model_(model),
      store_(store),
      layout_(layout),
      contexts_(contexts),
      recipe_(recipe),
      kv_type_(kv_type),
      warn_(std::move(warn)),
      is_kept_(static_cast<std::size_t>(contexts.num_declared), false) {
  for (const auto& artifacts : contexts.artifacts) {
    for (const compiler::DeclaredArtifact& artifact : artifacts) {
      if (!contexts.is_automatic(artifact.node)) is_kept_[artifact.node] = true;
    }
  }
  catch_up();
}

void Encoder::catch_up() {
  if (digests_.size() == contexts_.nodes.size()) return;
  extend_chain_digests(layout_, contexts_, recipe_, digests_);
  for (std::size_t node = is_kept_.size(); node < contexts_.nodes.size(); ++node) {
    is_kept_.push_back(layout_.segments[contexts_.nodes[node].segment].kind != compiler::SegmentKind::standin);
  }
}

std::shared_ptr<const Artifact> Encoder::find(ChainId node, Finding& finding) {
  catch_up();
  finding = Finding::found;
  if (const auto known = known_.find(node); known != known_.end()) return known->second;
  finding = Finding::missing;
  if (store_ == nullptr) return nullptr;
  if (const auto absent = absent_.find(node); absent != absent_.end()) {  // looked for, and warned about, once
    finding = absent->second;
    return nullptr;
  }
  const compiler::Segment& segment = layout_.segments[contexts_.nodes[node].segment];
  auto artifact =
      store_->find(digests_[node], model_.kv_shape(kv_type_), static_cast<std::int32_t>(segment.tokens.size()),
                   contexts_.nodes[node].first, &finding, shelf_of(node));
  if (artifact == nullptr) {
    absent_.emplace(node, finding);
    return nullptr;
  }
  if (known_.size() >= kMaxKnown) {
    std::erase_if(known_, [](const auto& entry) { return entry.second->is_mapped() && entry.second.use_count() == 1; });
  }
  known_[node] = artifact;
  return artifact;
}

Result<Encoder::Outcome> Encoder::artifact(ChainId node, bool must_store) {
  Outcome outcome;
  outcome.artifact = find(node, outcome.finding);
  if (outcome.artifact != nullptr) {
    ++statistics_.artifacts_reused;
    return outcome;
  }
  auto encoded = encode_siblings({&node, 1}, must_store);
  if (!encoded) return tl::make_unexpected(encoded.error());
  // What was stored is served from the store to this request, too, so that all have one copy.
  Finding finding;
  outcome.artifact = must_store ? nullptr : find(node, finding);
  if (outcome.artifact == nullptr) outcome.artifact = std::move(encoded->front());
  return outcome;
}

Result<void> Encoder::encode_all(std::span<const ChainId> nodes) {
  std::vector<ChainId> together;
  std::size_t num_tokens = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const compiler::ChainNode& node = contexts_.nodes[nodes[i]];
    Finding finding;
    if (find(nodes[i], finding) == nullptr) {
      together.push_back(nodes[i]);
      num_tokens += layout_.segments[node.segment].tokens.size();
    }
    const bool goes_on = i + 1 < nodes.size() && contexts_.nodes[nodes[i + 1]].parent == node.parent;
    if (together.empty() || (goes_on && num_tokens < kMaxTogether)) continue;
    if (auto encoded = encode_siblings(together, /*must_store=*/true); !encoded) {
      return tl::make_unexpected(encoded.error());
    }
    together.clear();
    num_tokens = 0;
  }
  return {};
}

/// Encodes what is missing of a chain, from its root to `last`.
Result<void> Encoder::encode_chain(ChainId last, bool must_store) {
  std::vector<ChainId> missing;
  for (ChainId at = last; at != kNone; at = contexts_.nodes[at].parent) {
    Finding finding;
    if (find(at, finding) == nullptr) missing.push_back(at);
  }
  for (auto at = missing.rbegin(); at != missing.rend(); ++at) {
    auto encoded = encode({&*at, 1});
    if (!encoded) return tl::make_unexpected(encoded.error());
    if (auto kept = keep(*at, encoded->front(), must_store); !kept) return kept;
  }
  return {};
}

/// The artifacts of nodes with one parent, none of which is there yet.
Result<std::vector<std::shared_ptr<const Artifact>>> Encoder::encode_siblings(std::span<const ChainId> nodes,
                                                                              bool must_store) {
  if (private_bytes_ > kMaxPrivateBytes) forget_other_chains(nodes.front());
  // The chain first, so that encoding never goes deeper than one step.
  if (auto chain = encode_chain(contexts_.nodes[nodes.front()].parent, must_store); !chain) {
    return tl::make_unexpected(chain.error());
  }
  auto encoded = encode(nodes);
  if (!encoded) return encoded;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (auto kept = keep(nodes[i], (*encoded)[i], must_store); !kept) return tl::make_unexpected(kept.error());
  }
  return encoded;
}

/// Takes in what was encoded, and stores it if it is an artifact.
Result<void> Encoder::keep(ChainId node, const std::shared_ptr<const Artifact>& artifact, bool must_store) {
  known_[node] = artifact;
  private_bytes_ += artifact->size_bytes();
  if (!is_kept_[node]) return {};
  ++statistics_.artifacts_encoded;
  return store(node, *artifact, must_store);
}

/// What somebody else has is kept: forgotten, it would be there twice when it is asked for again.
void Encoder::forget_other_chains(ChainId node) {
  std::unordered_set<ChainId> chain;
  for (ChainId at = node; at != kNone; at = contexts_.nodes[at].parent) chain.insert(at);
  std::erase_if(known_,
                [&](const auto& entry) { return !chain.contains(entry.first) && entry.second.use_count() == 1; });
  private_bytes_ = 0;
  for (const auto& [id, artifact] : known_) {
    if (!artifact->is_mapped()) private_bytes_ += artifact->size_bytes();
  }
}

Result<std::vector<std::shared_ptr<const Artifact>>> Encoder::encode(std::span<const ChainId> siblings) {
  std::vector<std::shared_ptr<const Artifact>> keep;
  std::vector<KvView> context;
  for (ChainId at = contexts_.nodes[siblings.front()].parent; at != kNone; at = contexts_.nodes[at].parent) {
    Finding finding;
    keep.push_back(find(at, finding));
    if (keep.back() == nullptr) return fail("the store lost an artifact while it was in use");
    context.push_back(keep.back()->view());
  }
  std::reverse(context.begin(), context.end());

  struct Job {
    std::span<const TokenId> tokens;
    std::vector<Slot> positions;
    std::shared_ptr<KvBuffer> buffer;

    /// What goes through the model next. Pieces begin at fixed rows, whatever else is computed: in fixed point a row's
    /// bits may depend on how many of its segment are computed with it.
    SequenceInput next() const {
      const auto begin = static_cast<std::size_t>(buffer->num_rows());
      const std::size_t count = std::min<std::size_t>(Model::kMaxRows, tokens.size() - begin);
      SequenceInput input;
      input.tokens = tokens.subspan(begin, count);
      input.positions = std::span(positions).subspan(begin, count);
      input.own = buffer.get();
      return input;
    }
  };
  std::vector<Job> jobs;
  for (const ChainId node : siblings) {
    Job job{layout_.segments[contexts_.nodes[node].segment].tokens, {}, {}};
    job.positions.resize(job.tokens.size());
    std::iota(job.positions.begin(), job.positions.end(), contexts_.nodes[node].first);
    job.buffer = std::make_shared<KvBuffer>(model_.kv_shape(kv_type_), static_cast<std::int64_t>(job.tokens.size()));
    jobs.push_back(std::move(job));
  }
  while (true) {
    std::vector<SequenceInput> inputs;
    std::size_t num_rows = 0;
    for (const Job& job : jobs) {
      SequenceInput input = job.next();
      if (input.tokens.empty() || num_rows + input.tokens.size() > Model::kMaxRows) continue;
      input.context = context;
      num_rows += input.tokens.size();
      inputs.push_back(input);
    }
    if (inputs.empty()) break;
    if (is_cancelled && is_cancelled()) return fail("encoding was interrupted");
    model_.forward(inputs);
    statistics_.tokens_encoded += static_cast<std::int64_t>(num_rows);
    if (on_progress) on_progress(static_cast<std::int64_t>(num_rows));
  }
  std::vector<std::shared_ptr<const Artifact>> artifacts;
  for (Job& job : jobs) {
    const KvView view = job.buffer->view();
    artifacts.push_back(std::make_shared<Artifact>(view, std::move(job.buffer), false));
  }
  return artifacts;
}

Result<void> Encoder::store(ChainId node, const Artifact& artifact, bool must_store) {
  if (store_ == nullptr) return {};
  auto stored =
      store_->put(make_metadata(layout_, contexts_, digests_, to_json(recipe_), node), artifact.view(), shelf_of(node));
  if (stored) {  // from here on the store's copy serves: memory does not grow with the schema
    absent_.erase(node);
    private_bytes_ -= artifact.size_bytes();
    const auto encoded = std::move(known_.extract(node).mapped());
    Finding finding;
    // Mapped at once where another process may remove the file; one that is gone already is served from memory.
    if (contexts_.is_automatic(node) && find(node, finding) == nullptr) {
      absent_.erase(node);
      private_bytes_ += artifact.size_bytes();
      known_[node] = encoded;
    }
  }
  if (stored || must_store) return stored;
  if (!warned_of_store_) warn_(stored.error().message + "; what is encoded now is not kept");
  warned_of_store_ = true;
  return {};
}

}  // namespace pml::runtime
