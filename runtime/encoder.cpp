#include "runtime/encoder.h"

#include <algorithm>
#include <numeric>

#include "runtime/store/manifest.h"

namespace pml::runtime {

using compiler::ChainId;
using compiler::kNone;

namespace {

/// Mappings that are kept open; the kernel allows a process some 65,000.
constexpr std::size_t kMaxKnown = 16384;
/// KV in private memory; beyond this only the chain at hand is kept.
constexpr std::size_t kMaxPrivateBytes = 256 << 20;

}  // namespace

Encoder::Encoder(const Model& model, const Store* store, const compiler::Layout& layout,
                 const compiler::Contexts& contexts, const compiler::Recipe& recipe, KvType kv_type, Warn warn)
    : model_(model),
      store_(store),
      layout_(layout),
      contexts_(contexts),
      recipe_(to_json(recipe)),
      kv_type_(kv_type),
      warn_(std::move(warn)),
      digests_(chain_digests(layout, contexts, recipe)),
      is_declared_(contexts.nodes.size(), false) {
  for (const auto& artifacts : contexts.artifacts) {
    for (const compiler::DeclaredArtifact& artifact : artifacts) is_declared_[artifact.node] = true;
  }
}

std::shared_ptr<const Artifact> Encoder::find(ChainId node, Finding& finding) {
  finding = Finding::found;
  if (const auto known = known_.find(node); known != known_.end()) return known->second;
  finding = Finding::missing;
  if (store_ == nullptr) return nullptr;
  if (const auto absent = absent_.find(node); absent != absent_.end()) {  // looked for, and warned about, once
    finding = absent->second;
    return nullptr;
  }
  const compiler::Segment& segment = layout_.segments[contexts_.nodes[node].segment];
  auto artifact = store_->find(digests_[node], model_.kv_shape(kv_type_),
                               static_cast<std::int32_t>(segment.tokens.size()), contexts_.nodes[node].first, &finding);
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
  // The chain first, so that encoding never goes deeper than one step.
  std::vector<ChainId> missing;
  for (ChainId at = node; at != kNone; at = contexts_.nodes[at].parent) {
    Finding finding;
    if (find(at, finding) == nullptr) missing.push_back(at);
  }
  for (auto at = missing.rbegin(); at != missing.rend(); ++at) {
    if (private_bytes_ > kMaxPrivateBytes) forget_other_chains(node);
    auto encoded = encode(*at);
    if (!encoded) return tl::make_unexpected(encoded.error());
    outcome.artifact = std::move(*encoded);
    known_[*at] = outcome.artifact;
    private_bytes_ += outcome.artifact->size_bytes();
    if (!is_declared_[*at]) continue;
    ++statistics_.artifacts_encoded;
    if (auto stored = store(*at, *outcome.artifact, must_store); !stored) return tl::make_unexpected(stored.error());
  }
  return outcome;
}

void Encoder::forget_other_chains(ChainId node) {
  std::unordered_map<ChainId, std::shared_ptr<const Artifact>> kept;
  private_bytes_ = 0;
  for (ChainId at = node; at != kNone; at = contexts_.nodes[at].parent) {
    const auto found = known_.find(at);
    if (found == known_.end()) continue;
    if (!found->second->is_mapped()) private_bytes_ += found->second->size_bytes();
    kept.insert(*found);
  }
  known_ = std::move(kept);
}

Result<std::shared_ptr<const Artifact>> Encoder::encode(ChainId node) {
  const compiler::Segment& segment = layout_.segments[contexts_.nodes[node].segment];
  std::vector<std::shared_ptr<const Artifact>> keep;
  std::vector<KvView> context;
  for (ChainId at = contexts_.nodes[node].parent; at != kNone; at = contexts_.nodes[at].parent) {
    Finding finding;
    keep.push_back(find(at, finding));
    if (keep.back() == nullptr) return fail("the store lost an artifact while it was in use");
    context.push_back(keep.back()->view());
  }
  std::reverse(context.begin(), context.end());

  const std::span<const TokenId> tokens(segment.tokens);
  std::vector<Slot> positions(tokens.size());
  std::iota(positions.begin(), positions.end(), contexts_.nodes[node].first);
  auto buffer = std::make_shared<KvBuffer>(model_.kv_shape(kv_type_), static_cast<std::int64_t>(positions.size()));
  // Pass by pass, as prefill() divides the tokens itself, so that a long segment can be cancelled.
  for (std::size_t begin = 0; begin < tokens.size(); begin += Model::kMaxRows) {
    if (is_cancelled && is_cancelled()) return fail("encoding was interrupted");
    const std::size_t count = std::min<std::size_t>(Model::kMaxRows, tokens.size() - begin);
    prefill(model_, tokens.subspan(begin, count), std::span(positions).subspan(begin, count), context, *buffer,
            /*wants_logits=*/false);
    statistics_.tokens_encoded += static_cast<std::int64_t>(count);
    if (on_progress) on_progress(static_cast<std::int64_t>(count));
  }
  const KvView view = buffer->view();
  return std::make_shared<Artifact>(view, std::move(buffer), false);
}

Result<void> Encoder::store(ChainId node, const Artifact& artifact, bool must_store) {
  if (store_ == nullptr) return {};
  auto stored = store_->put(make_metadata(layout_, contexts_, digests_, recipe_, node), artifact.view());
  if (stored) {  // from here on the store's copy serves: memory does not grow with the schema
    absent_.erase(node);
    private_bytes_ -= artifact.size_bytes();
    known_.erase(node);
  }
  if (stored || must_store) return stored;
  if (!warned_of_store_) warn_(stored.error().message + "; what is encoded now is not kept");
  warned_of_store_ = true;
  return {};
}

}  // namespace pml::runtime
