// What an artifact's file may say of itself: hostile metadata is refused with a sentence, and nothing is thrown.
#include <catch2/catch.hpp>
#include <fstream>

#include "runtime/store/store.h"
#include "support/temporary_folder.h"

namespace pml::runtime {
namespace {

constexpr KvShape kShape{2, 1, 4, KvType::f32};

ArtifactMetadata sound() {
  ArtifactMetadata metadata;
  metadata.recipe = R"({"kv_type":"f32"})";
  metadata.tokens = {1, 2, 3};
  metadata.origin = metadata.first = 7;
  return metadata;
}

/// What read_metadata() says of an artifact of three tokens with one entry changed; empty: nothing is wrong.
std::string mistake(const std::string& key, const std::string& value) {
  const test::TemporaryFolder folder;
  std::ofstream(folder.path() / "x") << "x";
  auto file = compiler::MappedFile::open(folder.path() / "x");  // metadata are looked at without the data
  REQUIRE(file);
  ArtifactFile artifact{std::move(*file), kShape, 3, {}, {}, {}};
  artifact.metadata = {{"digest", std::string(64, 'a')},
                       {"recipe", R"({"kv_type":"f32"})"},
                       {"tokens", "[1,2,3]"},
                       {"origin", "7"},
                       {"positions", "[7,9]"},
                       {"context", "[]"}};
  if (!key.empty()) artifact.metadata[key] = value;
  const auto metadata = read_metadata(artifact);
  return metadata ? "" : metadata.error().message;
}

/// What open_artifact() says of a file with this header; `data_bytes` follow it.
std::string refusal(const std::string& header, std::size_t data_bytes) {
  const test::TemporaryFolder folder;
  const std::uint64_t size = header.size();
  std::string file(reinterpret_cast<const char*>(&size), sizeof size);
  std::ofstream(folder.path() / "x", std::ios::binary) << file << header << std::string(data_bytes, 'x');
  const auto artifact = open_artifact(folder.path() / "x");
  if (artifact && read_metadata(*artifact)) return "";
  return artifact ? "its metadata" : artifact.error().message.substr((folder.path() / "x").string().size() + 2);
}

}  // namespace

TEST_CASE("metadata that lie, or are no metadata, are refused") {
  const std::string unreadable = "its metadata cannot be read";
  const std::string unfit = "its tokens and positions do not fit its tensors";
  const std::string no_type = "its recipe does not name its KV type";
  const std::string no_digests = "its context holds something other than digests";
  const std::string deep(1'000'000, '[');
  struct Row {
    const char* key;
    std::string value;
    std::string said;
  };
  const std::vector<Row> rows{
      {"", "", ""},
      {"digest", "abc", "its metadata has no digest"},
      {"digest", std::string(64, 'G'), "its metadata has no digest"},
      {"recipe", "", no_type},
      {"recipe", "f32", no_type},
      {"recipe", R"(["kv_type"])", no_type},
      {"recipe", R"({"kv_type":32})", no_type},
      {"recipe", R"({"kv_type":"f16"})", no_type},
      {"recipe", "{\"kv_type\":\"f32\xff\"}", no_type},
      {"recipe", R"({"kv_type":"f32","deep":)" + deep, no_type},
      {"recipe", R"({"kv_type":"f16","kv_type":"f32"})", no_type},  // readers would take either
      {"tokens", "", unreadable},
      {"tokens", "3", unreadable},
      {"tokens", "[1,2,\"3\"]", unreadable},
      {"tokens", "[1,2,3.5]", unreadable},
      {"tokens", "[1,2,1e300]", unreadable},
      {"tokens", "[1,2,1e999]", unreadable},
      {"tokens", "[1,2,2147483648]", unreadable},
      {"tokens", "[1,2,18446744073709551616]", unreadable},
      {"tokens", "[1,2,-9223372036854775808]", unreadable},
      {"tokens", deep, unreadable},
      {"tokens", "[1,2,[3]]", unreadable},
      {"tokens", "{\"1\":1,\"2\":2,\"3\":3}", unreadable},
      {"tokens", "[1,2]", unfit},
      {"origin", "", unreadable},
      {"origin", "\"7\"", unreadable},
      {"origin", "7.0", unreadable},
      {"origin", "4294967303", unreadable},  // 7, if it were cut to 32 bits
      {"origin", "-1", unfit},
      {"origin", "8", unfit},
      {"positions", "7", unreadable},
      {"positions", "[7]", unreadable},
      {"positions", "[7,8,9]", unreadable},
      {"positions", "[7,null]", unreadable},
      {"positions", "[-9223372036854775808,9223372036854775807]", unreadable},
      {"positions", "[-2147483648,2147483647]", unfit},
      {"positions", "[9,7]", unfit},
      {"positions", "[7,10]", unfit},
      {"positions", "[6,8]", unfit},
      {"context", "", no_digests},
      {"context", "{}", no_digests},
      {"context", "[7]", no_digests},
      {"context", "[\"ab\"]", no_digests},
      {"context", "[[\"" + std::string(64, 'a') + "\"]]", no_digests},
      {"context", deep, no_digests},
  };
  for (const Row& row : rows) {
    INFO(row.key << " = " << row.value.substr(0, 60));
    CHECK(mistake(row.key, row.value) == row.said);
  }
}

TEST_CASE("headers that are no artifact's are refused") {
  const auto tensor = [](const char* name, const char* shape, const char* offsets) {
    return '"' + std::string(name) + R"(":{"dtype":"F32","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
  };
  const std::string k = tensor("k", "[1,1,1,1]", "[0,4]"), v = tensor("v", "[1,1,1,1]", "[4,8]");
  const auto with_metadata = [&](const std::string& metadata) {
    return R"({"__metadata__":)" + metadata + "," + k + "," + v + "}";
  };
  const std::string torn = "the header is not JSON: mistake at byte ";
  struct Row {
    std::string header;
    std::size_t data_bytes;
    std::string said;  // begins so
  };
  const std::vector<Row> rows{
      {with_metadata("{}"), 8, "its metadata"},
      {with_metadata("[]"), 8, "the metadata is not an object"},
      {with_metadata(R"({"digest":7})"), 8, "metadata holds something other than a string"},
      {with_metadata(R"({"digest":{"a":"b"}})"), 8, "metadata holds something other than a string"},
      {with_metadata(R"({"a":"1","a":"2"})"), 8, "the header is JSON with the member 'a' twice"},
      {with_metadata("{\"a\":\"\xff\"}"), 8, torn},
      {std::string(100'000, '['), 8, "the header is JSON that nests deeper"},
      {with_metadata("{\"a\":" + std::string(100'000, '{')), 8, "the header is JSON that nests deeper"},
      {"", 8, torn},
      {"{" + k + "}", 4, "it holds other tensors than keys and values"},
      {"{" + k + "," + tensor("k", "[1,1,1,1]", "[4,8]") + "}", 8, "the header is JSON with the member 'k' twice"},
      {"{" + k + "," + tensor("w", "[1,1,1,1]", "[4,8]") + "}", 8, "it holds other tensors than keys and values"},
      {"{" + tensor("k", "[1]", "[0,4]") + "," + tensor("v", "[1]", "[4,8]") + "}", 8, "it holds other tensors"},
      {"{" + tensor("k", "[0,1,1,1]", "[0,0]") + "," + tensor("v", "[0,1,1,1]", "[0,0]") + "}", 0,
       "its tensors have an impossible shape"},
      {"{" + tensor("k", "[1,1,1,1e0]", "[0,4]") + "," + v + "}", 8, "tensor 'k' has no shape"},
      {"{" + tensor("k", "[1,1,1,-1]", "[0,4]") + "," + v + "}", 8, "tensor 'k' has no shape"},
      {"{" + tensor("k", "[4294967296,4294967296,1,1]", "[0,4]") + "," + v + "}", 8, "tensor 'k' has an impossible"},
      {"{" + tensor("k", "[1,1,1,1]", "[0,18446744073709551615]") + "," + v + "}", 8, "tensor 'k' has no two offsets"},
      {"{" + tensor("k", "[1,1,1,1]", "[0,1e999]") + "," + v + "}", 8, "the header is"},
  };
  for (const Row& row : rows) {
    INFO(row.header.substr(0, 80));
    CHECK(refusal(row.header, row.data_bytes).substr(0, row.said.size()) == row.said);
  }
}

TEST_CASE("the size of an artifact's file is known beforehand") {
  const test::TemporaryFolder folder;
  const auto store = Store::open(folder.path() / "store", [](const std::string&) {});
  REQUIRE(store);
  for (const std::int32_t num_tokens : {1, 17, 37, 1000}) {
    for (const std::size_t num_before : {0, 1, 9}) {
      ArtifactMetadata metadata = sound();
      metadata.first = 12'345;
      metadata.context.assign(num_before, Digest{});
      metadata.tokens.assign(static_cast<std::size_t>(num_tokens), 49'151);
      const std::vector<std::byte> data(kShape.size_bytes(num_tokens));
      REQUIRE(store->put(metadata, {data.data(), data.data(), kShape, num_tokens, num_tokens, metadata.first, 0}));
      CHECK(artifact_file_bytes(metadata, kShape) == std::filesystem::file_size(store->object_path(metadata.digest)));
    }
  }
}

}  // namespace pml::runtime
