#include "runtime/store/build_plan.h"

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

namespace pml::runtime {
namespace {

using compiler::ChainId;
using compiler::kNone;

/// The nodes, parents first and siblings side by side; then what is below the first of them, and so on.
std::vector<ChainId> by_parent(const std::vector<ManifestNode>& nodes) {
  std::vector<std::vector<ChainId>> children(nodes.size() + 1);  // the last entry's: of no parent
  for (ChainId id = 0; id < static_cast<ChainId>(nodes.size()); ++id) {
    const ChainId parent = nodes[id].parent;
    (parent == kNone ? children.back() : children[parent]).push_back(id);
  }
  std::vector<ChainId> order;
  std::vector<std::size_t> pending{nodes.size()};
  while (!pending.empty()) {
    const std::vector<ChainId>& siblings = children[pending.back()];
    pending.pop_back();
    order.insert(order.end(), siblings.begin(), siblings.end());
    pending.insert(pending.end(), siblings.rbegin(), siblings.rend());
  }
  return order;
}

std::string name_of(const ManifestNode& node) { return node.module.empty() ? "the schema's text" : node.module; }

/// The fields in which two recipes differ.
std::string difference(const std::string& before, const std::string& now) {
  const auto old_fields = nlohmann::json::parse(before);
  const auto fields = nlohmann::json::parse(now);
  std::string text;
  for (const auto& [name, value] : fields.items()) {
    if (old_fields.contains(name) && old_fields[name] == value) continue;
    if (!text.empty()) text += ", ";
    const bool is_fingerprint = name == "model" || name == "tokenizer";
    text += is_fingerprint || !old_fields.contains(name) ? "another " + name : name + " was " + old_fields[name].dump();
  }
  return text;
}

/// Compares a manifest with the one before it.
class History {
 public:
  History(const Manifest& now, const Manifest* before) : now_(now), before_(before), causes_(now.nodes.size(), kNone) {
    if (before == nullptr) return;
    for (const ManifestNode& node : before->nodes) earlier_.try_emplace(place(node), &node);
    recipe_difference_ = before->recipe == now.recipe ? "" : difference(before->recipe, now.recipe);
    for (std::size_t id = 0; id < now.nodes.size(); ++id) {
      const ChainId parent = now.nodes[id].parent;
      if (parent != kNone)
        causes_[id] = causes_[parent] != kNone ? causes_[parent] : is_changed(parent) ? parent : kNone;
    }
  }

  BuildStep explain(ChainId id, Finding finding) const {
    const ManifestNode& node = now_.nodes[id];
    if (finding == Finding::damaged) return {id, EncodeReason::damaged, "its file is broken"};
    const ManifestNode* old_node = earlier(node);
    if (old_node == nullptr) return {id, EncodeReason::fresh, ""};
    if (old_node->text_digest != node.text_digest) return {id, EncodeReason::edited, ""};
    if (!recipe_difference_.empty()) return {id, EncodeReason::recipe, recipe_difference_};
    if (old_node->digest == node.digest) return {id, EncodeReason::fresh, "was removed from the store"};
    return {id, EncodeReason::context, describe_context(id, *old_node)};
  }

 private:
  using Place = std::tuple<std::string_view, std::string_view, std::int32_t, bool, std::string_view>;
  /// An isolated artifact and the same segment after a context are different things that one segment may have.
  static Place place(const ManifestNode& node) {
    return {node.module, node.kind, node.number, node.is_artifact(), node.scaffold};
  }

  const ManifestNode* earlier(const ManifestNode& node) const {
    const auto found = earlier_.find(place(node));
    return found == earlier_.end() ? nullptr : found->second;
  }
  bool is_changed(ChainId id) const {
    const ManifestNode* old_node = earlier(now_.nodes[id]);
    return old_node == nullptr || old_node->text_digest != now_.nodes[id].text_digest;
  }
  std::string describe_context(ChainId id, const ManifestNode& old_node) const {
    const ManifestNode& node = now_.nodes[id];
    if (old_node.context != node.context) return "its context was " + old_node.context;
    if (causes_[id] != kNone) return name_of(now_.nodes[causes_[id]]) + " changed before it";
    if (old_node.first != node.first) {
      return "moved from slot " + std::to_string(old_node.first) + " to " + std::to_string(node.first);
    }
    return "other text stands before it";
  }

  const Manifest& now_;
  const Manifest* before_;
  std::map<Place, const ManifestNode*> earlier_;
  std::string recipe_difference_;
  std::vector<ChainId> causes_;  // by node: the first one of its context that is new or edited
};

}  // namespace

std::string_view to_string(EncodeReason reason) {
  constexpr std::array<std::string_view, 5> kNames{"new", "edited", "context", "recipe", "damaged"};
  return kNames[static_cast<std::size_t>(reason)];
}

BuildPlan plan_build(const Store& store, const Manifest& manifest, const KvShape& shape, const Manifest* before) {
  const History history(manifest, before);
  BuildPlan plan;
  std::vector<bool> is_missing(manifest.nodes.size(), true);  // what is no artifact is never stored
  for (const ChainId id : by_parent(manifest.nodes)) {
    const ManifestNode& node = manifest.nodes[id];
    if (!node.is_artifact()) continue;
    Finding finding;
    store.find(node.digest, shape, node.num_tokens, node.first, &finding);
    is_missing[id] = finding != Finding::found;
    if (!is_missing[id]) continue;
    plan.steps.push_back(history.explain(id, finding));
  }
  std::vector<bool> is_counted(manifest.nodes.size(), false);
  for (const BuildStep& step : plan.steps) {
    for (ChainId id = step.node; id != kNone && !is_counted[id]; id = manifest.nodes[id].parent) {
      is_counted[id] = true;
      if (is_missing[id]) plan.num_tokens += manifest.nodes[id].num_tokens;
    }
  }
  return plan;
}

}  // namespace pml::runtime
