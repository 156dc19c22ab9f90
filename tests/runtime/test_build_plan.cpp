// What a compile encodes, and why, given what was compiled before.
#include <catch2/catch.hpp>

#include "runtime/store/build_plan.h"
#include "runtime/store/encode_rate.h"
#include "support/temporary_folder.h"

namespace pml::runtime {
namespace {

constexpr KvShape kShape{2, 1, 4, KvType::f32};
const std::string kRecipe = R"({"compute":"f32","kv_type":"f32","model":"a"})";

struct Node {
  std::int32_t parent;
  std::string module;
  std::string text;  // as many tokens as characters
  Slot first;
  std::string context = "guaranteed";  // empty: no artifact
};

/// Digests as a store computes them, from chains of texts.
Manifest manifest(const std::vector<Node>& nodes, const std::string& recipe = kRecipe) {
  Manifest result;
  result.recipe = recipe;
  result.context = "guaranteed";
  result.end = 100;
  for (const Node& node : nodes) {
    ManifestNode& entry = result.nodes.emplace_back();
    entry.parent = node.parent;
    entry.module = node.module;
    entry.kind = "static";
    entry.first = node.first;
    entry.num_tokens = static_cast<std::int32_t>(node.text.size());
    entry.text_digest = compiler::to_hex(compiler::sha256(node.text));
    const Digest before =
        node.parent < 0 ? compiler::empty_chain_digest(compiler::sha256(recipe), 0) : result.nodes[node.parent].digest;
    const std::vector<TokenId> tokens(node.text.begin(), node.text.end());
    entry.digest = compiler::extend_chain_digest(before, node.first, tokens);
    entry.context = node.context;
  }
  return result;
}

/// A store that holds zeros for some nodes of a manifest.
struct Stored {
  test::TemporaryFolder folder;
  Store store = *Store::open(folder.path() / "store", [](const std::string&) {});

  void put(const Manifest& all, std::size_t id) const {
    const ManifestNode& node = all.nodes[id];
    const std::vector<std::byte> zeros(kShape.size_bytes(node.num_tokens));
    ArtifactMetadata metadata;
    metadata.digest = node.digest;
    REQUIRE(store.put(metadata, {zeros.data(), zeros.data(), kShape, node.num_tokens, node.num_tokens, node.first, 0}));
  }
};

/// "module:reason" of the steps, in their order.
std::string steps(const Store& store, const Manifest& now, const Manifest* before) {
  std::string text;
  for (const BuildStep& step : plan_build(store, now, kShape, before).steps) {
    text += (text.empty() ? "" : " ") + now.nodes[step.node].module + ":" + std::string(to_string(step.reason));
  }
  return text;
}

const std::vector<Node> kNodes{{-1, "a", "rules", 0}, {0, "b", "beach", 5}, {0, "c", "city", 5}, {2, "d", "end", 10}};

}  // namespace

TEST_CASE("reasons to encode") {
  const Stored stored;
  const Manifest before = manifest(kNodes);
  const auto changed = [](std::size_t id, const Node& node) {
    std::vector<Node> nodes = kNodes;
    nodes[id] = node;
    return manifest(nodes);
  };
  CHECK(steps(stored.store, before, nullptr) == "a:new b:new c:new d:new");
  CHECK(steps(stored.store, before, &before) == "a:new b:new c:new d:new");
  for (std::size_t id = 0; id < kNodes.size(); ++id) stored.put(before, id);
  CHECK(steps(stored.store, before, &before) == "");
  CHECK(steps(stored.store, changed(1, {0, "b", "shore", 5}), &before) == "b:edited");
  CHECK(steps(stored.store, changed(0, {-1, "a", "laws!", 0}), &before) == "a:edited b:context c:context d:context");
  CHECK(steps(stored.store, changed(3, {2, "d", "end", 11}), &before) == "d:context");
  CHECK(steps(stored.store, changed(3, {-1, "d", "end", 10, "isolated"}), &before) == "d:context");
  CHECK(steps(stored.store, changed(1, {0, "e", "beach", 6}), &before) == "e:new");
  const Manifest other_model = manifest(kNodes, R"({"compute":"f32","kv_type":"f32","model":"b"})");
  CHECK(steps(stored.store, other_model, &before) == "a:recipe b:recipe c:recipe d:recipe");
}

TEST_CASE("details name what changed") {
  const Stored stored;
  const Manifest before = manifest(kNodes);
  const auto detail = [&](const std::vector<Node>& nodes, std::size_t step, const std::string& recipe = kRecipe) {
    return plan_build(stored.store, manifest(nodes, recipe), kShape, &before).steps.at(step).detail;
  };
  std::vector<Node> edited = kNodes;
  edited[2].text = "town";
  CHECK(detail(edited, 3) == "c changed before it");
  std::vector<Node> moved = kNodes;
  moved[3].first = 12;
  CHECK(detail(moved, 3) == "moved from slot 10 to 12");
  CHECK(detail(kNodes, 0, R"({"compute":"f32","kv_type":"f16","model":"b"})") == "kv_type was \"f32\", another model");
  CHECK(detail(kNodes, 0) == "was removed from the store");
}

TEST_CASE("a plan counts what goes through the model, and has siblings side by side") {
  const Stored stored;
  // A stand-in between two artifacts is encoded with each compile that needs it, once, and never stored.
  const Manifest now = manifest({{-1, "a", "rules", 0},
                                 {0, "hole", "someone", 5, ""},
                                 {0, "x", "alone", 5, "isolated"},
                                 {1, "b", "beach", 12},
                                 {1, "c", "city", 12}});
  CHECK(steps(stored.store, now, nullptr) == "a:new x:new b:new c:new");
  const BuildPlan all = plan_build(stored.store, now, kShape, nullptr);
  CHECK(all.num_tokens == 5 + 7 + 5 + 5 + 4);
  stored.put(now, 0);
  stored.put(now, 3);
  const BuildPlan rest = plan_build(stored.store, now, kShape, nullptr);
  CHECK(rest.num_tokens == 7 + 4 + 5);
}

TEST_CASE("a rate is remembered for its recipe, once enough was encoded to tell") {
  const Stored stored;
  compiler::Recipe recipe;
  recipe.model = "m";
  remember_encode_rate(stored.store, recipe, 1.0, 10, 1.0);
  CHECK_FALSE(read_encode_rate(stored.store, recipe));
  remember_encode_rate(stored.store, recipe, 0.5, 1000, 2.0);
  const auto rate = read_encode_rate(stored.store, recipe);
  REQUIRE(rate);
  CHECK(rate->seconds_for(250) == Approx(1.0));
  recipe.model = "n";
  CHECK_FALSE(read_encode_rate(stored.store, recipe));
}

}  // namespace pml::runtime
