// The store: what is put comes back; what is damaged, truncated or foreign is a miss with a warning.
#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "compiler/safetensors.h"
#include "runtime/store/store.h"
#include "support/golden.h"
#include "support/temporary_folder.h"

namespace pml::runtime {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;

constexpr KvShape kShape{3, 2, 8, KvType::f32};
constexpr std::int32_t kNumTokens = 5;

/// An artifact of random numbers, and a store that holds it.
struct Fixture {
  TemporaryFolder folder;
  int num_warnings = 0;
  Store store = *Store::open(folder.path() / "store", [this](const std::string&) { ++num_warnings; });
  std::vector<float> k = random_values(1);
  std::vector<float> v = random_values(2);
  ArtifactMetadata metadata;

  Fixture() {
    metadata.recipe = R"({"kv_type":"f32"})";
    metadata.tokens = {1, 2, 3, 4, 5};
    metadata.origin = metadata.first = 7;
    const Digest empty = compiler::empty_chain_digest(compiler::sha256(metadata.recipe), metadata.origin);
    metadata.digest = compiler::extend_chain_digest(empty, 0, metadata.tokens);
    const auto stored = store.put(metadata, view());
    INFO((stored ? "" : stored.error().message));
    REQUIRE(stored);
  }
  KvView view() const {
    return {reinterpret_cast<const std::byte*>(k.data()),
            reinterpret_cast<const std::byte*>(v.data()),
            kShape,
            kNumTokens,
            kNumTokens,
            7,
            0};
  }
  std::shared_ptr<const Artifact> find() { return store.find(metadata.digest, kShape, kNumTokens, 7); }
  fs::path file() const { return store.object_path(metadata.digest); }

  static std::vector<float> random_values(unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> values(kShape.size_bytes(kNumTokens) / sizeof(float));
    for (float& value : values) value = normal(random);
    return values;
  }
};

void write_file(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace

TEST_CASE("what is put comes back, mapped") {
  Fixture fixture;
  const auto artifact = fixture.find();
  REQUIRE(artifact);
  CHECK(artifact->is_mapped());
  CHECK(artifact->view().first == 7);
  CHECK(std::memcmp(artifact->view().k, fixture.k.data(), kShape.size_bytes(kNumTokens)) == 0);
  CHECK(std::memcmp(artifact->view().v, fixture.v.data(), kShape.size_bytes(kNumTokens)) == 0);
  CHECK(fixture.num_warnings == 0);
  CHECK(fs::status(fixture.store.folder()).permissions() == fs::perms::owner_all);
  CHECK(fs::is_empty(fixture.store.folder() / "tmp"));
}

TEST_CASE("what is not there is a miss without a warning") {
  Fixture fixture;
  Digest other{};
  Finding finding = Finding::found;
  CHECK(fixture.store.find(other, kShape, kNumTokens, 7, &finding) == nullptr);
  CHECK(finding == Finding::missing);
  CHECK(fixture.num_warnings == 0);
}

TEST_CASE("every truncation of an artifact is refused") {
  Fixture fixture;
  const std::string whole = test::read_file(fixture.file());
  for (std::size_t size = 0; size < whole.size(); size += size < 1200 ? 1 : 37) {
    write_file(fixture.file(), whole.substr(0, size));
    Finding finding = Finding::found;
    CHECK(fixture.store.find(fixture.metadata.digest, kShape, kNumTokens, 7, &finding) == nullptr);
    CHECK(finding == Finding::damaged);
  }
  write_file(fixture.file(), whole + "x");
  CHECK(fixture.find() == nullptr);
}

TEST_CASE("every flipped bit of the data is refused, and no flipped bit of the header is taken for something else") {
  Fixture fixture;
  const std::string whole = test::read_file(fixture.file());
  const std::size_t data_begin = whole.size() - 2 * kShape.size_bytes(kNumTokens);
  std::mt19937 random(3);
  for (std::size_t at = 0; at < whole.size(); at += at < data_begin ? 1 : 29) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (random() % 8)));
    write_file(fixture.file(), damaged);
    const auto artifact = fixture.find();
    if (at >= data_begin) CHECK(artifact == nullptr);
    // A bit of padding, or of metadata that nothing depends on, may differ; what is served is always the data.
    if (artifact) CHECK(std::memcmp(artifact->view().k, fixture.k.data(), kShape.size_bytes(kNumTokens)) == 0);
  }
}

TEST_CASE("an artifact under another name is refused") {
  Fixture fixture;
  Digest other{};
  other.fill(0xCD);
  fs::create_directories(fixture.store.object_path(other).parent_path());
  fs::copy_file(fixture.file(), fixture.store.object_path(other));
  CHECK(fixture.store.find(other, kShape, kNumTokens, 7) == nullptr);
  CHECK(fixture.num_warnings == 1);
}

TEST_CASE("what an artifact says of itself gives its digest, and no flipped bit of it does") {
  Fixture fixture;
  const auto check = [&]() -> bool {
    const auto artifact = open_artifact(fixture.file());
    if (!artifact || artifact->entry("digest") != compiler::to_hex(fixture.metadata.digest)) return false;
    const auto metadata = read_metadata(*artifact);
    return metadata && check_identity(*metadata) && check_data(*artifact);
  };
  CHECK(check());
  const std::string whole = test::read_file(fixture.file());
  for (const std::string key : {"\"tokens\":\"", "\"origin\":\"", "\"positions\":\"", "\"recipe\":\""}) {
    const std::size_t begin = whole.find(key);
    REQUIRE(begin != std::string::npos);
    for (std::size_t at = begin + key.size(); at < begin + key.size() + 1 + (key[1] == 'o' ? 0 : 4); ++at) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 2);
      write_file(fixture.file(), damaged);
      INFO(key << at - begin);
      CHECK_FALSE(check());
    }
  }
}

TEST_CASE("a use is noted once a minute, and only where that is possible") {
  Fixture fixture;
  const auto now = fs::file_time_type::clock::now();
  const auto age = [&] {
    return std::chrono::duration_cast<std::chrono::seconds>(now - fs::last_write_time(fixture.file())).count();
  };
  fs::last_write_time(fixture.file(), now - std::chrono::seconds(30));
  REQUIRE(fixture.find());
  CHECK(age() >= 29);
  fs::last_write_time(fixture.file(), now - std::chrono::hours(5));
  const auto looking = Store::open_for_reading(fixture.store.folder(), [](const std::string&) {});
  REQUIRE(looking);
  REQUIRE(looking->find(fixture.metadata.digest, kShape, kNumTokens, 7));
  CHECK(age() >= 299 * 60);
  REQUIRE(fixture.find());
  CHECK(age() <= 60);
}

TEST_CASE("a store that is opened for reading is neither made nor written to") {
  const TemporaryFolder folder;
  const auto store = Store::open_for_reading(folder.path() / "none", [](const std::string&) {});
  REQUIRE(store);
  CHECK_FALSE(fs::exists(folder.path() / "none"));
  CHECK(store->find(Digest{}, kShape, kNumTokens, 7) == nullptr);
  CHECK_FALSE(store->write_text("schemas/a.json", "{}"));
  CHECK_FALSE(fs::exists(folder.path() / "none"));
}

TEST_CASE("a store's folder that is something else is an error that names it") {
  const TemporaryFolder folder;
  const auto say_nothing = [](const std::string&) {};
  write_file(folder.path() / "file", "x");
  fs::create_symlink("loop", folder.path() / "loop");
  fs::create_symlink("nowhere", folder.path() / "dangling");
  for (const char* name : {"file", "loop", "dangling"}) {
    const auto store = Store::open(folder.path() / name, say_nothing);
    REQUIRE_FALSE(store);
    CHECK(store.error().message == "the store " + (folder.path() / name).string() + " is not a folder");
  }
  const auto below = Store::open(folder.path() / "file" / "store", say_nothing);
  REQUIRE_FALSE(below);
  CHECK(below.error().message.ends_with("cannot be made: Not a directory"));
}

TEST_CASE("an artifact of another shape is refused") {
  Fixture fixture;
  KvShape shape = kShape;
  shape.type = KvType::f16;
  CHECK(fixture.store.find(fixture.metadata.digest, shape, kNumTokens, 7) == nullptr);
  CHECK(fixture.store.find(fixture.metadata.digest, kShape, kNumTokens + 1, 7) == nullptr);
}

TEST_CASE("safetensors headers that lie are refused") {
  const auto read = [](const std::string& json, std::size_t data_bytes) {
    std::string file(8, '\0');
    const std::uint64_t size = json.size();
    std::memcpy(file.data(), &size, 8);
    file += json + std::string(data_bytes, 'x');
    std::span<const std::byte> data;
    return compiler::read_safetensors_header(std::as_bytes(std::span(file)), data).has_value();
  };
  const auto tensor = [](const std::string& shape, const std::string& offsets) {
    return R"({"k":{"dtype":"F32","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
  };
  CHECK(read(tensor("[2,2]", "[0,16]"), 16));
  CHECK_FALSE(read(tensor("[2,2]", "[0,16]"), 15));
  CHECK_FALSE(read(tensor("[2,2]", "[0,16]"), 17));
  CHECK_FALSE(read(tensor("[2,2]", "[0,12]"), 16));
  CHECK_FALSE(read(tensor("[2,2]", "[16,0]"), 16));
  CHECK_FALSE(read(tensor("[-2,-2]", "[0,16]"), 16));
  CHECK_FALSE(read(tensor("[4611686018427387904,4]", "[0,0]"), 0));
  CHECK_FALSE(read(tensor("[2,2]", "[0]"), 16));
  CHECK_FALSE(read(tensor("\"2\"", "[0,16]"), 16));
  CHECK_FALSE(read(R"({"k":{"dtype":"I8","shape":[16],"data_offsets":[0,16]}})", 16));
  CHECK_FALSE(read("[]", 0));
  CHECK_FALSE(read("{", 0));
  CHECK_FALSE(read(R"({"__metadata__":{"a":1}})", 0));
}

}  // namespace pml::runtime
