// Digests: names of artifacts that follow from everything their bytes depend on, and from nothing else.
//
// An artifact's digest is a chain hash (SHA-256):
//
//     d(empty)    = SHA-256("pml-chain-1" | recipe digest | position of the chain's first row)
//     d(chain, S) = SHA-256(d(chain) | first position of S relative to that row | number of tokens | token IDs)
//
// with all integers as 32-bit little endian. The same text after the same context at the same place has the
// same digest in every schema.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/contexts.h"
#include "compiler/model_file.h"

namespace pml::compiler {

using Digest = std::array<std::uint8_t, 32>;
std::string to_hex(const Digest& digest);
/// Nothing unless `text` is 64 lower-case hexadecimal digits.
std::optional<Digest> from_hex(std::string_view text);

/// Everything besides tokens and positions that the bytes of an artifact depend on.
struct Recipe {
  std::string model;         // fingerprint of the model, hexadecimal
  std::string tokenizer;     // fingerprint of the tokenizer's data
  std::string rope;          // base, rotated dimensions, scaling
  std::string kv_type;       // "f32", "f16", "bf16"
  std::string weights;       // "f32", "bf16", "stored", "q8", "q4": what they are kept as
  std::string compute;       // "f32", "bf16", "16bit": what products round their inputs to; follows from the weights
  std::int32_t encoder = 4;  // raised whenever the encoder's arithmetic changes
};

/// One JSON object with sorted keys: what manifests and answers state.
std::string to_json(const Recipe& recipe);
Digest digest(const Recipe& recipe);

/// One of the files that a model is made of: its name without folders, and the SHA-256 of its bytes.
struct PartDigest {
  std::string name;
  std::string sha256;  ///< hexadecimal
};

/// A model's fingerprint, hexadecimal, from its parts in the order of ModelFile::parts(): of one file its own
/// SHA-256, of several that of their names and SHA-256s.
std::string fingerprint(std::span<const PartDigest> parts);

/// The recipe that this model has under these types. `model_fingerprint` is hexadecimal.
Recipe make_recipe(const ModelFile& model, std::string model_fingerprint, std::string_view kv_type,
                   std::string_view weights);

/// d(empty): `origin` is the position of the chain's first row.
Digest empty_chain_digest(const Digest& recipe, Slot origin);
/// d(chain, S): `offset` is the first position of S relative to the chain's first row.
Digest extend_chain_digest(const Digest& chain, Slot offset, std::span<const TokenId> tokens);
/// The digests of all nodes of `contexts`.
std::vector<Digest> chain_digests(const Layout& layout, const Contexts& contexts, const Recipe& recipe);
/// Adds those of the nodes that `contexts` got since `digests` were made.
void extend_chain_digests(const Layout& layout, const Contexts& contexts, const Recipe& recipe,
                          std::vector<Digest>& digests);

/// SHA-256 of `bytes`.
Digest sha256(std::string_view bytes);
Digest sha256(std::span<const std::byte> bytes);

}  // namespace pml::compiler
