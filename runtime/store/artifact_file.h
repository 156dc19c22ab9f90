// The file of one artifact (docs/format.md): a safetensors file with the tensors `k` and `v`
// [layers, kv_heads, tokens, head_dim], and metadata that says what it is the KV of.
//
// A store may hold anything under an artifact's name, so a file is believed in steps: open_artifact() checks that it
// is an artifact at all, check_data() that its bytes are those that were written, check_identity() that what it says
// of itself gives its digest.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "compiler/mapped_file.h"
#include "compiler/recipe.h"
#include "runtime/kv.h"

namespace pml::runtime {

using compiler::Digest;

/// What an artifact's file says about itself besides its data.
struct ArtifactMetadata {
  Digest digest{};
  std::string recipe;  // to_json(Recipe)
  std::vector<TokenId> tokens;
  Slot origin = 0;              // position of the first row of the chain: of the context, or of the segment itself
  Slot first = 0;               // position of the first token; the others follow
  std::vector<Digest> context;  // the chain that it was encoded after, first to last
};

/// The file's bytes that stand before the keys: length prefix and header. `view` is what follows.
std::string write_artifact_header(const ArtifactMetadata& metadata, const KvView& view);

/// The size that the file of an artifact has, of as many rows as it has tokens.
std::uint64_t artifact_file_bytes(const ArtifactMetadata& metadata, const KvShape& shape);

/// An artifact's file, mapped. `k` and `v` lie inside `file`.
struct ArtifactFile {
  compiler::MappedFile file;
  KvShape shape;
  std::int32_t num_tokens = 0;
  std::span<const std::byte> k;
  std::span<const std::byte> v;
  std::map<std::string, std::string> metadata;  // as it stands in the header, not checked

  /// An entry of the metadata; empty if it is not there.
  std::string entry(const std::string& key) const;
};

/// Fails if the file cannot be read, is cut off, or holds other tensors than an artifact's. Reads the header alone.
Result<ArtifactFile> open_artifact(const std::filesystem::path& path);
/// Fails if the checksum is not that of the data. Reads all of it.
Result<void> check_data(const ArtifactFile& artifact);
/// Fails if the metadata cannot be read, or does not fit the tensors; whatever stands in it, nothing is thrown.
Result<ArtifactMetadata> read_metadata(const ArtifactFile& artifact);
/// Fails if the digest does not follow from recipe, tokens, positions and context.
Result<void> check_identity(const ArtifactMetadata& metadata);

}  // namespace pml::runtime
