// Manifests: what is written comes back; what is wrong is refused by name; copies of a schema share one.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "runtime/store/manifest_json.h"
#include "runtime/store/stored_manifests.h"
#include "support/temporary_folder.h"

namespace pml::runtime {
namespace {

/// A manifest as docs/format.md says: two segments, the second after the first.
nlohmann::json sound() {
  const std::string digest(64, 'a');
  const auto segment = [&](int parent, int first, const char* context) {
    return nlohmann::json{{"parent", parent},      {"module", "beach"}, {"kind", "static"},
                          {"number", 0},           {"first", first},    {"num_tokens", 10},
                          {"text_digest", digest}, {"digest", digest},  {"context", context}};
  };
  return {{"schema", "travel"},
          {"source", "/x/travel.pml"},
          {"recipe", {{"weights", "f32"}, {"compute", "f32"}, {"kv_type", "f16"}, {"model", "m"}, {"encoder", 3}}},
          {"context", "guaranteed"},
          {"layout", {{"kind", "preserve"}, {"end", 20}}},
          {"segments", {segment(-1, 0, "guaranteed"), segment(0, 10, "")}}};
}

std::string mistake(const nlohmann::json& json) {
  const auto read = read_manifest(json.dump());
  return read ? "" : read.error().message;
}

/// Of the files that a manifest was compiled from, in order.
std::string paths(const std::vector<CompiledSource>& sources) {
  std::string text;
  for (const CompiledSource& source : sources) text += (text.empty() ? "" : " ") + source.path;
  return text;
}

StoredManifest compiled(const std::string& name, const std::string& source, std::int64_t at,
                        std::vector<CompiledSource> others = {}) {
  StoredManifest stored;
  stored.name = name;
  stored.compiled_at = at;
  stored.manifest.schema = "travel";
  stored.manifest.source = source;
  stored.manifest.other_sources = std::move(others);
  return stored;
}

}  // namespace

TEST_CASE("a manifest comes back as it was written") {
  nlohmann::json json = sound();
  CHECK(mistake(json) == "");
  json["other_sources"] = {{{"path", "/y/travel.pml"}, {"compiled_at", 1'900'000'000'123'456'789}}};
  const auto read = read_manifest(json.dump());
  REQUIRE(read);
  CHECK(nlohmann::json::parse(to_json(*read)) == json);
  CHECK(read->num_artifacts() == 1);
  REQUIRE(read->other_sources.size() == 1);
  CHECK(read->other_sources[0].compiled_at == 1'900'000'000'123'456'789);
}

TEST_CASE("a manifest's fields are checked, and the message names the one that is wrong") {
  struct Row {
    const char* where;  // JSON pointer
    nlohmann::json value;
    const char* said;
  };
  const std::vector<Row> rows{
      {"/schema", 1, "'schema' is not a text"},
      {"/source", nullptr, "'source' is not a text"},
      {"/context", "neutral", "'context' is nothing that is known here"},
      {"/recipe", "f16", "'recipe.kv_type' is not a text"},
      {"/recipe/kv_type", "q4", "'recipe.kv_type' is nothing that is known here"},
      {"/recipe/weights", "f64", "'recipe.weights' is nothing that is known here"},
      {"/recipe/model", nlohmann::json::array(), "'recipe.model' is not a text"},
      {"/recipe/encoder", 1e300, "'recipe.encoder' is not a whole number from 0 to 2147483647"},
      {"/layout", 7, "'layout.kind' is not a text"},
      {"/layout/kind", "stack", "'layout.kind' is nothing that is known here"},
      {"/layout/end", -1, "'layout.end' is not a whole number from 0 to 2147483647"},
      {"/layout/end", 1ULL << 63, "'layout.end' is not a whole number from 0 to 2147483647"},
      {"/layout/end", 20.5, "'layout.end' is not a whole number from 0 to 2147483647"},
      {"/layout/end", 19, "'segments[1].num_tokens' is not a whole number from 1 to 9"},
      {"/segments", nlohmann::json::object(), "'segments' is not a list"},
      {"/segments/0", 3, "'segments[0].parent' is not a whole number from -1 to -1"},
      {"/segments/0/parent", 0, "'segments[0].parent' is not a whole number from -1 to -1"},
      {"/segments/1/parent", 1, "'segments[1].parent' is not a whole number from -1 to 0"},
      {"/segments/1/parent", -2, "'segments[1].parent' is not a whole number from -1 to 0"},
      {"/segments/1/module", 5, "'segments[1].module' is not a text"},
      {"/segments/1/kind", "\x1b[31m", "'segments[1].kind' is nothing that is known here"},
      {"/segments/1/number", -1, "'segments[1].number' is not a whole number from 0 to 2147483647"},
      {"/segments/1/first", -1, "'segments[1].first' is not a whole number from 0 to 20"},
      {"/segments/1/first", 1LL << 40, "'segments[1].first' is not a whole number from 0 to 20"},
      {"/segments/1/first", 20, "'segments[1].num_tokens' is not a whole number from 1 to 0"},
      {"/segments/1/num_tokens", 0, "'segments[1].num_tokens' is not a whole number from 1 to 10"},
      {"/segments/1/num_tokens", 11, "'segments[1].num_tokens' is not a whole number from 1 to 10"},
      {"/segments/1/text_digest", "ab", "'segments[1].text_digest' is not a digest"},
      {"/segments/1/digest", std::string(64, 'A'), "'segments[1].digest' is not a digest"},
      {"/segments/1/context", "some", "'segments[1].context' is nothing that is known here"},
      {"/other_sources", 1, "'other_sources' is not a list"},
      {"/other_sources", {nlohmann::json::array()}, "'other_sources[0].path' is not a text"},
      {"/other_sources",
       {{{"path", "x"}, {"compiled_at", -1}}},
       "'other_sources[0].compiled_at' is not a whole number from 0 to 9223372036854775807"},
  };
  for (const Row& row : rows) {
    nlohmann::json json = sound();
    json[nlohmann::json::json_pointer(row.where)] = row.value;
    INFO(row.where << " = " << row.value);
    CHECK(mistake(json) == row.said);
  }
  for (const char* key : {"schema", "source", "recipe", "context", "layout", "segments"}) {  // none may be missing
    nlohmann::json json = sound();
    json.erase(key);
    INFO(key);
    CHECK(mistake(json).find(key) == 1);
  }
}

TEST_CASE("what is no JSON object is no manifest") {
  const std::vector<std::string> texts{
      "", "[]", "{", "\xff", R"({"layout":{"end":1e999}})", "{\"a\":" + std::string(100'000, '[')};
  for (const std::string& text : texts) CHECK_FALSE(read_manifest(text));
}

TEST_CASE("manifests that cannot be read are named; what is not named like one is passed over") {
  const test::TemporaryFolder folder;
  const auto store = Store::open(folder.path() / "store", [](const std::string&) {});
  REQUIRE(store);
  const auto name = [](char digit) { return "schemas/" + std::string(64, digit) + ".json"; };
  REQUIRE(store->write_text(name('a'), sound().dump()));
  REQUIRE(store->write_text(name('b'), "{"));
  REQUIRE(store->write_text("schemas/notes.json", "{"));
  REQUIRE(store->write_text("schemas/" + std::string(64, 'c'), "{"));
  std::filesystem::create_directory(store->folder() / name('d'));
  std::filesystem::create_symlink("nowhere", store->folder() / name('e'));
  const StoredManifests manifests = read_manifests(*store);
  REQUIRE(manifests.readable.size() == 1);
  CHECK(manifests.readable[0].name == name('a'));
  std::vector<std::string> unreadable = manifests.unreadable;
  std::sort(unreadable.begin(), unreadable.end());
  REQUIRE(unreadable.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string path = (store->folder() / name("bde"[i])).string();
    CHECK(unreadable[i].starts_with(path));
  }
  const auto absent = read_manifest(*store, name('f'));
  REQUIRE(absent);
  CHECK_FALSE(absent->has_value());
}

TEST_CASE("a manifest takes over the files of the one before it, each once, the latest first, and no more than some") {
  struct Row {
    const char* source;
    StoredManifest before;
    const char* others;
  };
  const std::vector<Row> rows{
      {"a", compiled("m", "a", 9), ""},
      {"b", compiled("m", "a", 9), "a"},
      {"a", compiled("m", "b", 9, {{"a", 8}, {"c", 7}}), "b c"},
      {"c", compiled("m", "b", 9, {{"a", 8}, {"c", 7}}), "b a"},
  };
  for (const Row& row : rows) {
    Manifest manifest;
    manifest.source = row.source;
    take_sources(manifest, row.before);
    CHECK(paths(manifest.other_sources) == row.others);
  }
  StoredManifest many = compiled("m", "a", 1000);
  for (int i = 0; i < 40; ++i) many.manifest.other_sources.push_back({"x" + std::to_string(i), 900 - i});
  Manifest manifest;
  manifest.source = "b";
  take_sources(manifest, many);
  CHECK(manifest.other_sources.size() == kMaxOtherSources);
  CHECK(manifest.other_sources.front().path == "a");
  CHECK(manifest.other_sources.front().compiled_at == 1000);
}

TEST_CASE("the latest manifest of a file is the one that was compiled last from this very file") {
  // a: first "shared", then "edited"; then its copy b was compiled, to "shared" again.
  const std::vector<StoredManifest> manifests{compiled("shared", "b", 9, {{"a", 5}}), compiled("edited", "a", 7)};
  CHECK(latest_manifest(manifests, "travel", "a")->name == "edited");
  CHECK(latest_manifest(manifests, "travel", "b")->name == "shared");
  CHECK(latest_manifest(manifests, "travel", "c")->name == "shared");  // of that name
  CHECK(latest_manifest(manifests, "tea", "c") == nullptr);
}

}  // namespace pml::runtime
