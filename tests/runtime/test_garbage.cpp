// What gc removes: tables of stores and policies. Times are days before now.
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <thread>

#include "runtime/store/encode_rate.h"
#include "runtime/store/fingerprint.h"
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
  StoredManifest moment_ago = manifest("old", "x.pml", 0, "b");
  moment_ago.compiled_at -= 1;
  const auto young = contents({{'a', 9}, {'b', 8}}, {manifest("new", "x.pml", 0, "a"), moment_ago});
  CHECK(removed(young, {}) == "");
  CHECK(removed(young, {.grace_seconds = 0}) == "s/schemas/old:superseded b:unnamed");
}

TEST_CASE("a manifest that several files share goes when each of them was compiled to another") {
  const auto at = [](std::int64_t days) { return (kNow - days * kDay) * 1'000'000'000; };
  const auto shared_by = [&](std::int64_t days, std::vector<CompiledSource> others) {
    StoredManifest stored = manifest("shared", "x.pml", days, "b");
    stored.manifest.other_sources = std::move(others);
    return stored;
  };
  const StoredManifest x = manifest("x", "x.pml", 5, "a"), y = manifest("y", "y.pml", 5, "a");
  struct Row {
    std::vector<StoredManifest> manifests;
    const char* removed;
  };
  const std::vector<Row> rows{
      {{x, shared_by(8, {{"y.pml", at(9)}})}, ""},  // y.pml is as it was
      {{x, y, shared_by(8, {{"y.pml", at(9)}})}, "s/schemas/shared:superseded b:unnamed"},
      {{shared_by(2, {{"y.pml", at(9)}}), y}, ""},  // x.pml was compiled to it after y.pml was edited
      {{shared_by(2, {{"y.pml", at(3)}}), y}, "s/schemas/y:superseded a:unnamed"},  // both files are as they were
      {{shared_by(2, {}), x}, "s/schemas/x:superseded a:unnamed"},
  };
  for (const Row& row : rows) {
    INFO(&row - rows.data());
    CHECK(removed(contents({{'a', 9}, {'b', 9}}, row.manifests), {}) == row.removed);
  }
}

TEST_CASE("while a manifest cannot be read, what it might name stays") {
  StoreContents stored =
      contents({{'a', 40}, {'b', 9}}, {manifest("new", "x.pml", 2, ""), manifest("old", "x.pml", 3, "b")});
  stored.rates = {{"s/rates/r", 1, kNow - 9 * kDay}};
  stored.unreadable_manifests = {"s/schemas/torn: it is not JSON"};
  CHECK(removed(stored, {}) == "s/schemas/old:superseded");
  CHECK(removed(stored, {.older_than_seconds = 30 * kDay}) == "s/schemas/old:superseded a:unused");
  CHECK(removed(stored, {.max_bytes = 10}) == "s/schemas/old:superseded a:size");
}

TEST_CASE("what is remembered of models goes when nothing needs it") {
  const std::string recipe = R"({"model":"m"})";
  const std::string needed = "s/" + rate_name(recipe);
  StoreContents stored = contents({{'a', 9}}, {manifest("x", "x.pml", 9, "a")});
  stored.vanished_models = {{"models/old", 1, kNow - 2 * kDay}, {"models/young", 1, kNow - 60}};
  stored.rates = {{needed, 1, kNow - 9 * kDay}, {"s/rates/r", 1, kNow - 2 * kDay}, {"s/rates/young", 1, kNow}};
  CHECK(removed(stored, {}) == "models/old:vanished s/rates/r:unneeded");
  stored.manifests = {manifest("x", "x.pml", 9, "b")};  // goes: b is not there
  CHECK(removed(stored, {}) ==
        "a:unnamed s/schemas/x:empty models/old:vanished " + needed + ":unneeded s/rates/r:unneeded");
}

TEST_CASE("a folder goes with its last artifact") {
  StoreContents stored = contents({{'a', 9}, {'b', 8}}, {manifest("x", "x.pml", 1, "b")});
  for (StoredObject& object : stored.objects) object.file.path = "objects/aa" / object.file.path;
  stored.folders = {{"objects/aa", 2}, {"objects/bb", 0}, {"objects/cc", 1}};
  CHECK(removed(stored, {}) == "objects/aa/a:unnamed objects/bb:bare");
  stored.manifests.clear();
  CHECK(removed(stored, {}) == "objects/aa/a:unnamed objects/aa/b:unnamed objects/aa:bare objects/bb:bare");
  stored.folders[0].num_entries = 3;  // something else is in it
  CHECK(removed(stored, {}) == "objects/aa/a:unnamed objects/aa/b:unnamed objects/bb:bare");
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
  item = {folder.path(), 0, 0, GarbageReason::bare};  // there is something in it by now
  CHECK_FALSE(remove_garbage(item, why));
  CHECK(why.empty());
  std::filesystem::remove(path);
  CHECK(remove_garbage(item, why));
  CHECK(remove_garbage(item, why));
  std::filesystem::create_directory(folder.path());
}

TEST_CASE("artifacts are written while somebody removes their empty folder") {
  const test::TemporaryFolder folder;
  const auto store = Store::open(folder.path() / "store", [](const std::string&) {});
  REQUIRE(store);
  const std::filesystem::path objects = store->folder() / "objects" / "aa";
  std::atomic<bool> is_done = false;
  std::thread remover([&] {
    while (!is_done) {
      std::error_code error;
      std::filesystem::remove(objects, error);                     // only if it is empty
      std::this_thread::sleep_for(std::chrono::microseconds(20));  // far more often than any gc
    }
  });
  std::string failure;
  for (int i = 0; i < 500; ++i) {
    const auto written = store->write_text("objects/aa/x", "x");
    if (!written) failure = written.error().message;
    std::filesystem::remove(objects / "x");
  }
  is_done = true;
  remover.join();
  CHECK(failure == "");
}

TEST_CASE("of what is remembered only our own entries are looked at, and models that are there are not gone") {
  const test::TemporaryFolder folder;
  const auto store = Store::open(folder.path() / "store", [](const std::string&) {});
  REQUIRE(store);
  const std::string there = (folder.path() / "model.gguf").string(), gone = (folder.path() / "gone.gguf").string();
  std::ofstream(there) << "x";
  const auto known = [](const std::string& path) {
    return R"({"file":{"path":")" + path + R"("},"fingerprint":")" + std::string(64, 'a') + "\"}";
  };
  const std::string digest(64, 'b');
  const std::vector<std::pair<std::string, std::string>> files{
      {remembered_name(there), known(there)},
      {remembered_name(gone), known(gone)},
      {remembered_name("/other"), known(gone)},  // the name is not that of the path
      {"models/" + digest + ".json", R"({"file":3})"},
      {"models/notes.json", known(gone)},
      {"rates/" + digest + ".json", R"({"load_seconds":1,"tokens_per_second":2})"},
      {"rates/" + std::string(64, 'c') + ".json", R"({"load_seconds":1})"},
      {"rates/" + std::string(64, 'd') + ".json", "{"},
      {"rates/notes.json", R"({"load_seconds":1,"tokens_per_second":2})"},
  };
  for (const auto& [name, text] : files) REQUIRE(store->write_text(name, text));
  const StoreContents stored = read_contents(*store);
  REQUIRE(stored.vanished_models.size() == 1);
  CHECK(stored.vanished_models[0].path == store->folder() / remembered_name(gone));
  REQUIRE(stored.rates.size() == 1);
  CHECK(stored.rates[0].path == store->folder() / ("rates/" + digest + ".json"));
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
  CHECK(stored.unreadable_manifests.empty());
  REQUIRE(stored.folders.size() == 2);
  REQUIRE(stored.temporaries.size() == 1);
  CHECK(stored.temporaries[0].size_bytes == 5);
}

}  // namespace pml::runtime
