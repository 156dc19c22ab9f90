#include "compiler/recipe.h"

#include <openssl/evp.h>

#include <nlohmann/json.hpp>

#include "compiler/decimal.h"
#include "grammar/check.h"

namespace pml::compiler {
namespace {

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) {
    PML_CHECK(context_ != nullptr && EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) == 1, "SHA-256 is there");
  }
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256() { EVP_MD_CTX_free(context_); }

  Sha256& add(const void* data, std::size_t size_bytes) {
    PML_CHECK(EVP_DigestUpdate(context_, data, size_bytes) == 1, "SHA-256 takes bytes");
    return *this;
  }
  Sha256& add(std::string_view text) { return add(text.data(), text.size()); }
  Sha256& add(std::int32_t number) {
    const auto bits = static_cast<std::uint32_t>(number);
    const std::array<std::uint8_t, 4> bytes{static_cast<std::uint8_t>(bits), static_cast<std::uint8_t>(bits >> 8),
                                            static_cast<std::uint8_t>(bits >> 16),
                                            static_cast<std::uint8_t>(bits >> 24)};
    return add(bytes.data(), bytes.size());
  }
  Digest finish() {
    Digest digest{};
    unsigned size = 0;
    PML_CHECK(EVP_DigestFinal_ex(context_, digest.data(), &size) == 1 && size == digest.size(), "SHA-256 ends");
    return digest;
  }

 private:
  EVP_MD_CTX* context_;
};

/// Strings with their lengths, so that no two lists give the same bytes.
void add_all(Sha256& hash, const std::vector<std::string>& strings) {
  hash.add(static_cast<std::int32_t>(strings.size()));
  for (const std::string& text : strings) hash.add(static_cast<std::int32_t>(text.size())).add(text);
}

void add(Sha256& hash, const TextRules& rules) {
  hash.add(rules.normalizes_to_nfc).add(rules.ignores_merges);
  for (const SplitStep& step : rules.splits) {
    add_all(hash, {step.pattern});
    hash.add(static_cast<std::int32_t>(step.behavior)).add(step.is_inverted);
  }
}

Digest fingerprint(const TokenizerData& data) {
  Sha256 hash;
  add_all(hash, {data.model, data.pre_tokenizer});
  if (data.rules) add(hash, *data.rules);
  add_all(hash, data.tokens);
  add_all(hash, data.merges);
  for (const std::int32_t type : data.types) hash.add(type);
  hash.add(data.bos).add(data.add_bos ? 1 : 0);
  return hash.finish();
}

}  // namespace

std::string to_hex(const Digest& digest) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::optional<Digest> from_hex(std::string_view text) {
  Digest digest{};
  if (text.size() != 2 * digest.size()) return std::nullopt;
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t value = kDigits.find(text[i]);
    if (value == std::string_view::npos) return std::nullopt;
    digest[i / 2] = static_cast<std::uint8_t>(digest[i / 2] << 4 | value);
  }
  return digest;
}

std::string to_json(const Recipe& recipe) {
  const nlohmann::json json{{"model", recipe.model},     {"tokenizer", recipe.tokenizer}, {"rope", recipe.rope},
                            {"kv_type", recipe.kv_type}, {"weights", recipe.weights},     {"compute", recipe.compute},
                            {"encoder", recipe.encoder}};
  return json.dump();
}

Digest sha256(std::string_view bytes) { return Sha256().add(bytes).finish(); }

Digest digest(const Recipe& recipe) { return sha256(to_json(recipe)); }

Digest sha256(std::span<const std::byte> bytes) { return Sha256().add(bytes.data(), bytes.size()).finish(); }

std::string fingerprint(std::span<const PartDigest> parts) {
  PML_CHECK(!parts.empty(), "a model has a file");
  if (parts.size() == 1) return parts.front().sha256;
  std::vector<std::string> strings{"pml-model-1"};
  for (const PartDigest& part : parts) {
    strings.push_back(part.name);
    strings.push_back(part.sha256);
  }
  Sha256 hash;
  add_all(hash, strings);
  return to_hex(hash.finish());
}

Recipe make_recipe(const ModelFile& model, std::string model_fingerprint, std::string_view kv_type,
                   std::string_view weights) {
  Recipe recipe;
  recipe.model = std::move(model_fingerprint);
  recipe.tokenizer = to_hex(fingerprint(model.tokenizer()));
  const RopeConfig& rope = model.config().rope;
  recipe.rope = "base " + shortest_decimal(rope.base) + ", dimensions " + std::to_string(rope.rotary_dim) +
                ", scaling " + rope.scaling;
  recipe.kv_type = kv_type;
  recipe.weights = weights;
  recipe.compute = weights == "f32" || weights == "bf16" ? weights : "16bit";
  return recipe;
}

Digest empty_chain_digest(const Digest& recipe, Slot origin) {
  return Sha256().add("pml-chain-1").add(recipe.data(), recipe.size()).add(origin).finish();
}

Digest extend_chain_digest(const Digest& chain, Slot offset, std::span<const TokenId> tokens) {
  Sha256 hash;
  hash.add(chain.data(), chain.size()).add(offset).add(static_cast<std::int32_t>(tokens.size()));
  for (const TokenId token : tokens) hash.add(token);
  return hash.finish();
}

std::vector<Digest> chain_digests(const Layout& layout, const Contexts& contexts, const Recipe& recipe) {
  std::vector<Digest> digests;
  extend_chain_digests(layout, contexts, recipe, digests);
  return digests;
}

void extend_chain_digests(const Layout& layout, const Contexts& contexts, const Recipe& recipe,
                          std::vector<Digest>& digests) {
  const Digest recipe_digest = digest(recipe);
  std::vector<Slot> origins(contexts.nodes.size());  // position of the chain's first row
  for (std::size_t i = 0; i < contexts.nodes.size(); ++i) {
    const ChainNode& node = contexts.nodes[i];
    const bool is_root = node.parent == kNone;
    origins[i] = is_root ? node.first : origins[node.parent];
    if (i < digests.size()) continue;
    const Digest before = is_root ? empty_chain_digest(recipe_digest, origins[i]) : digests[node.parent];
    digests.push_back(extend_chain_digest(before, node.first - origins[i], layout.segments[node.segment].tokens));
  }
}

}  // namespace pml::compiler
