#include "runtime/store/artifact_file.h"

#include <xxhash.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "compiler/json_file.h"
#include "compiler/safetensors.h"

namespace pml::runtime {
namespace {

std::string to_dtype(KvType type) {
  switch (type) {
    case KvType::f32:
      return "F32";
    case KvType::f16:
      return "F16";
    case KvType::bf16:
      return "BF16";
  }
  return "";
}

std::optional<KvType> from_dtype(const std::string& dtype) {
  for (const KvType type : {KvType::f32, KvType::f16, KvType::bf16}) {
    if (to_dtype(type) == dtype) return type;
  }
  return std::nullopt;
}

/// XXH3-128 of `k` followed by `v`, as hexadecimal digits.
std::string checksum(std::span<const std::byte> k, std::span<const std::byte> v) {
  struct State {
    XXH3_state_t* state = XXH3_createState();
    ~State() { XXH3_freeState(state); }
  } hash;
  XXH3_128bits_reset(hash.state);
  XXH3_128bits_update(hash.state, k.data(), k.size());
  XXH3_128bits_update(hash.state, v.data(), v.size());
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(hash.state));
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : canonical.digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

constexpr std::size_t kChecksumDigits = 32;

compiler::SafetensorsHeader make_header(const ArtifactMetadata& metadata, const KvShape& shape, std::int64_t num_rows,
                                        std::string checksum) {
  nlohmann::json context = nlohmann::json::array();
  for (const Digest& member : metadata.context) context.push_back(compiler::to_hex(member));
  const std::size_t size_bytes = shape.size_bytes(num_rows);
  const std::vector<std::int64_t> sizes{shape.num_layers, shape.num_kv_heads, num_rows, shape.head_dim};
  compiler::SafetensorsHeader header;
  header.tensors = {{"k", to_dtype(shape.type), sizes, 0, size_bytes},
                    {"v", to_dtype(shape.type), sizes, size_bytes, 2 * size_bytes}};
  header.metadata = {{"digest", compiler::to_hex(metadata.digest)},
                     {"checksum", std::move(checksum)},
                     {"recipe", metadata.recipe},
                     {"tokens", nlohmann::json(metadata.tokens).dump()},
                     {"origin", std::to_string(metadata.origin)},
                     {"positions", nlohmann::json{metadata.first, metadata.first + num_rows - 1}.dump()},
                     {"context", context.dump()}};
  return header;
}

/// Metadata are texts that hold JSON; a text may hold anything.
nlohmann::json parse_entry(const ArtifactFile& artifact, const char* key) {
  const auto json = compiler::parse_json(artifact.entry(key));
  return json ? *json : nlohmann::json();
}

/// Nothing if it is no array of integers of 32 bits.
std::optional<std::vector<std::int32_t>> to_int32s(const nlohmann::json& json) {
  if (!json.is_array()) return std::nullopt;
  std::vector<std::int32_t> numbers;
  numbers.reserve(json.size());
  for (const nlohmann::json& entry : json) {
    const auto number = compiler::to_int32(entry);
    if (!number) return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

/// Nothing if it is no array of digests.
std::optional<std::vector<Digest>> to_digests(const nlohmann::json& json) {
  if (!json.is_array()) return std::nullopt;
  std::vector<Digest> digests;
  for (const nlohmann::json& entry : json) {
    const auto* text = entry.get_ptr<const std::string*>();
    const auto digest = text == nullptr ? std::nullopt : compiler::from_hex(*text);
    if (!digest) return std::nullopt;
    digests.push_back(*digest);
  }
  return digests;
}

bool is_size(std::int64_t number) { return number > 0 && number <= std::numeric_limits<std::int32_t>::max(); }

}  // namespace

std::string write_artifact_header(const ArtifactMetadata& metadata, const KvView& view) {
  const std::size_t size_bytes = view.shape.size_bytes(view.num_rows);
  return compiler::write_safetensors_header(
      make_header(metadata, view.shape, view.num_rows, checksum({view.k, size_bytes}, {view.v, size_bytes})));
}

std::uint64_t artifact_file_bytes(const ArtifactMetadata& metadata, const KvShape& shape) {
  const auto num_rows = static_cast<std::int64_t>(metadata.tokens.size());
  const auto header = make_header(metadata, shape, num_rows, std::string(kChecksumDigits, '0'));
  return compiler::write_safetensors_header(header).size() + 2 * shape.size_bytes(num_rows);
}

std::string ArtifactFile::entry(const std::string& key) const {
  const auto found = metadata.find(key);
  return found == metadata.end() ? std::string() : found->second;
}

Result<ArtifactFile> open_artifact(const std::filesystem::path& path) {
  auto file = compiler::MappedFile::open(path);
  if (!file) return tl::make_unexpected(file.error());
  const auto broken = [&](const std::string& why) { return fail(path.string() + ": " + why); };
  std::span<const std::byte> data;
  auto header = compiler::read_safetensors_header(file->bytes(), data);
  if (!header) return broken(header.error().message);

  const auto& tensors = header->tensors;
  const bool are_keys_and_values = tensors.size() == 2 && tensors[0].name == "k" && tensors[1].name == "v" &&
                                   tensors[0].dtype == tensors[1].dtype && tensors[0].shape == tensors[1].shape &&
                                   tensors[0].shape.size() == 4;
  if (!are_keys_and_values) return broken("it holds other tensors than keys and values");
  const auto type = from_dtype(tensors[0].dtype);
  const auto& sizes = tensors[0].shape;
  if (!type || !is_size(sizes[0]) || !is_size(sizes[1]) || !is_size(sizes[2]) || !is_size(sizes[3])) {
    return broken("its tensors have an impossible shape");
  }
  const auto to_int = [](std::int64_t size) { return static_cast<std::int32_t>(size); };
  const KvShape shape{to_int(sizes[0]), to_int(sizes[1]), to_int(sizes[3]), *type};
  const auto k = data.subspan(tensors[0].begin, tensors[0].end - tensors[0].begin);
  const auto v = data.subspan(tensors[1].begin, tensors[1].end - tensors[1].begin);
  return ArtifactFile{std::move(*file), shape, to_int(sizes[2]), k, v, std::move(header->metadata)};
}

Result<void> check_data(const ArtifactFile& artifact) {
  if (checksum(artifact.k, artifact.v) != artifact.entry("checksum")) return fail("its checksum is wrong");
  return {};
}

Result<ArtifactMetadata> read_metadata(const ArtifactFile& artifact) {
  ArtifactMetadata metadata;
  const auto digest = compiler::from_hex(artifact.entry("digest"));
  if (!digest) return fail("its metadata has no digest");
  metadata.digest = *digest;
  metadata.recipe = artifact.entry("recipe");
  const auto recipe = parse_entry(artifact, "recipe");
  if (compiler::string_member(recipe, "kv_type") != to_string(artifact.shape.type)) {
    return fail("its recipe does not name its KV type");
  }
  auto tokens = to_int32s(parse_entry(artifact, "tokens"));
  const auto origin = compiler::to_int32(parse_entry(artifact, "origin"));
  const auto positions = to_int32s(parse_entry(artifact, "positions"));
  if (!tokens || !origin || !positions || positions->size() != 2) return fail("its metadata cannot be read");
  const std::int64_t first = positions->front(), last = positions->back();
  const bool fits = *origin >= 0 && first >= *origin && last - first + 1 == artifact.num_tokens &&
                    tokens->size() == static_cast<std::size_t>(artifact.num_tokens);
  if (!fits) return fail("its tokens and positions do not fit its tensors");
  auto context = to_digests(parse_entry(artifact, "context"));
  if (!context) return fail("its context holds something other than digests");
  metadata.tokens = std::move(*tokens);
  metadata.origin = *origin;
  metadata.first = positions->front();
  metadata.context = std::move(*context);
  return metadata;
}

Result<void> check_identity(const ArtifactMetadata& metadata) {
  const Digest before = metadata.context.empty()
                            ? compiler::empty_chain_digest(compiler::sha256(metadata.recipe), metadata.origin)
                            : metadata.context.back();
  const Digest digest = compiler::extend_chain_digest(before, metadata.first - metadata.origin, metadata.tokens);
  if (digest != metadata.digest) return fail("its digest does not follow from its tokens, positions and context");
  return {};
}

}  // namespace pml::runtime
