// What gc removes: tables of stores and policies. Times are days before now.
#include <catch2/catch.hpp>
#include <fstream>

#include "runtime/store/garbage.h"
#include "support/temporary_folder.h"

namespace pml::runtime {
namespace {

constexpr std::int64_t kNow = 2'000'000'000;
constexpr std::int64_t kDay = 86400;

Digest digest_of(char name) {
  Digest digest{};
  digest.fill(static_cast<std::uint8_t>(name));
  return digest;
}

struct Object {
  char name;
  std::int64_t days;  // since it was used
  std::uint64_t size_bytes = 10;
};

/// Names the artifacts `named`.
StoredManifest manifest(const std::string& name, const std::string& source, std::int64_t days, const std::string& named,
                        const std::string& model = "m") {
  StoredManifest stored;
  stored.name = "schemas/" + name;
  stored.compiled_at = (kNow - days * kDay) * 1'000'000'000;
  stored.size_bytes = 1;
  stored.manifest.source = source;
  stored.manifest.recipe = R"({"model":")" + model + "\"}";
  for (const char object : named) {
    ManifestNode& node = stored.manifest.nodes.emplace_back();
    node.digest = digest_of(object);
    node.context = "guaranteed";
  }
  return stored;
}

/// Objects least recently used first, as read_contents() gives them; manifests most recent first.
StoreContents contents(const std::vector<Object>& objects, std::vector<StoredManifest> manifests) {
  StoreContents result;
  result.folder = "s";
  for (const Object& object : objects) {
    result.objects.push_back(
        {digest_of(object.name), {std::string(1, object.name), object.size_bytes, kNow - object.days * kDay}});
  }
  result.manifests = std::move(manifests);
  return result;
}

std::string removed(const StoreContents& stored, const GarbagePolicy& policy) {
  std::string text;
  for (const GarbageItem& item : find_garbage(stored, policy, kNow).items) {
    text += (text.empty() ? "" : " ") + item.path.string() + ":" + std::string(to_string(item.reason));
  }
  return text;
}

}  // namespace

TEST_CASE("by default gc removes what no manifest names") {
  CHECK(removed(contents({{'a', 9}, {'b', 8}, {'c', 7}}, {manifest("x", "x.pml", 1, "ac")}), {}) == "b:unnamed");
  CHECK(removed(contents({{'a', 9}, {'b', 0}}, {}), {}) == "a:unnamed");  // b was used today
  CHECK(removed(contents({}, {}), {}) == "");
}

TEST_CASE("a manifest is superseded by a later one of the same file and model") {
  const auto stored = contents(
      {{'a', 9}, {'b', 8}, {'c', 7}},
      {manifest("new", "x.pml", 2, "a"), manifest("old", "x.pml", 3, "ab"), manifest("other", "y.pml", 4, "c")});
  CHECK(removed(stored, {}) == "s/schemas/old:superseded b:unnamed");
  const auto models =
      contents({{'a', 9}, {'b', 8}}, {manifest("n", "x.pml", 2, "a"), manifest("o", "x.pml", 3, "b", "k")});
  CHECK(removed(models, {}) == "");
  const auto young =
      contents({{'a', 9}, {'b', 8}}, {manifest("new", "x.pml", 0, "a"), manifest("old", "x.pml", 0, "b")});
  CHECK(removed(young, {}) == "");
  CHECK(removed(young, {.grace_seconds = 0}) == "s/schemas/old:superseded b:unnamed");
}

TEST_CASE("by age, named or not; a manifest goes with its last artifact") {
  const auto stored =
      contents({{'a', 40}, {'b', 31}, {'c', 29}}, {manifest("x", "x.pml", 50, "ac"), manifest("y", "y.pml", 50, "b")});
  CHECK(removed(stored, {.older_than_seconds = 30 * kDay}) == "a:unused b:unused s/schemas/y:empty");
  CHECK(removed(stored, {.older_than_seconds = 90 * kDay}) == "");
}

TEST_CASE("by size, least recently used first; what is young stays") {
  const auto stored = contents({{'a', 9}, {'b', 8}, {'c', 7, 30}, {'d', 0}}, {manifest("x", "x.pml", 9, "abcd")});
  const auto with = [](std::uint64_t most) { return GarbagePolicy{.max_bytes = most}; };
  CHECK(removed(stored, with(60)) == "");
  CHECK(removed(stored, with(59)) == "a:size");
  CHECK(removed(stored, with(40)) == "a:size b:size");
  CHECK(removed(stored, with(0)) == "a:size b:size c:size");
  const Garbage garbage = find_garbage(stored, with(0), kNow);
  CHECK(garbage.num_kept == 1);
  CHECK(garbage.kept_bytes == 10);
}

TEST_CASE("temporary files go once their writers must be dead") {
  StoreContents stored = contents({}, {});
  stored.temporaries = {{"dead", 5, kNow - 2 * kDay}, {"alive", 5, kNow - 60}};
  CHECK(removed(stored, {}) == "dead:abandoned");
}

TEST_CASE("what is used between looking and removing stays") {
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "object";
  std::ofstream(path) << "x";
  GarbageItem item{path, 1, kNow, GarbageReason::unnamed};  // its time is another
  std::string why;
  CHECK_FALSE(remove_garbage(item, why));
  CHECK(why.empty());
  CHECK(std::filesystem::exists(path));
  item.path = folder.path() / "gone";
  CHECK(remove_garbage(item, why));
}

TEST_CASE("odd files in a store are passed over") {
  const test::TemporaryFolder folder;
  const auto store = Store::open(folder.path() / "store", [](const std::string&) {});
  REQUIRE(store);
  const auto at = [&](const std::string& name) { return store->folder() / name; };
  const std::string name = compiler::to_hex(digest_of('a')) + ".safetensors";
  std::filesystem::create_directories(at("objects/61"));
  std::filesystem::create_directories(at("objects/62"));
  std::ofstream(at("objects/notes.txt")) << "x";
  std::ofstream(at("objects/61/" + name)) << "xyz";
  std::ofstream(at("objects/61/short.safetensors")) << "x";
  std::ofstream(at("objects/62/" + name)) << "in the wrong folder";
  std::filesystem::create_directories(at("objects/61/" + compiler::to_hex(digest_of('b')) + ".safetensors"));
  std::filesystem::create_symlink("loop", at("objects/loop"));
  std::ofstream(at("schemas/broken.json")) << "{";
  std::ofstream(at("schemas/other.json")) << R"({"schema": 1, "segments": [[]]})";
  std::filesystem::create_directories(at("schemas/folder.json"));
  std::ofstream(at("tmp/pml-writing-Xy12")) << "12345";
  std::ofstream(at("tmp/thesis.tex")) << "not ours";
  const StoreContents stored = read_contents(*store);
  REQUIRE(stored.objects.size() == 1);
  CHECK(stored.objects[0].digest == digest_of('a'));
  CHECK(stored.objects_bytes() == 3);
  CHECK(stored.manifests.empty());
  REQUIRE(stored.temporaries.size() == 1);
  CHECK(stored.temporaries[0].size_bytes == 5);
}

}  // namespace pml::runtime
