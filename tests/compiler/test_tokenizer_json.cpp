#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "compiler/byte_level.h"
#include "compiler/json_file.h"
#include "compiler/tokenizer.h"
#include "compiler/tokenizer_folder.h"

namespace pml::compiler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// A folder of files that is gone when the test ends.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "pml-test-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  void write(const std::string& name, const std::string& text) const { std::ofstream(path_ / name) << text; }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// The bytes, "ab" with its merge, a control token that prompts begin with, and a token of text.
json small_json() {
  json vocabulary;
  for (int byte = 0; byte < 256; ++byte) vocabulary[byte_level_character(static_cast<std::uint8_t>(byte))] = byte;
  vocabulary["ab"] = 256;
  return {
      {"added_tokens",
       {{{"id", 257}, {"content", "<s>"}, {"special", true}},
        {{"id", 259}, {"content", "<tool>"}, {"special", false}}}},
      {"normalizer", nullptr},
      {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}}},
      {"post_processor",
       {{"type", "TemplateProcessing"},
        {"single",
         {{{"SpecialToken", {{"id", "<s>"}, {"type_id", 0}}}}, {{"Sequence", {{"id", "A"}, {"type_id", 0}}}}}}}},
      {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", {"a b"}}}},
  };
}

Result<TokenizerFiles> read(const json& tokenizer) {
  const Folder folder;
  folder.write("tokenizer.json", tokenizer.dump());
  return read_tokenizer_folder(folder.path());
}

TEST_CASE("tokenizer.json: a small one", "[tokenizer_json]") {
  const auto files = read(small_json());
  REQUIRE(files);
  CHECK(files->chat_template.empty());
  CHECK(files->data.tokens.size() == 260);
  CHECK(files->data.bos == 257);
  CHECK(files->data.add_bos);
  const auto tokenizer = Tokenizer::build(files->data);
  REQUIRE(tokenizer);
  CHECK(tokenizer->encode("ab!") == std::vector<TokenId>{256, '!'});
  CHECK(tokenizer->special_token("<s>") == 257);
  CHECK(tokenizer->special_token("<tool>") == 259);
  CHECK(tokenizer->special_token("[PAD258]") == std::nullopt);
  CHECK(tokenizer->encode("<tool>").size() == 6);  // text makes no added token
  CHECK(tokenizer->bytes(259) == "<tool>");
  CHECK(tokenizer->bytes(257).empty());
}

TEST_CASE("tokenizer.json: merges as pairs, stages in sequences", "[tokenizer_json]") {
  json tokenizer = small_json();
  tokenizer["model"]["merges"] = json::array({{"a", "b"}});
  tokenizer["normalizer"] = {{"type", "Sequence"}, {"normalizers", {{{"type", "NFC"}}}}};
  tokenizer["pre_tokenizer"] = {
      {"type", "Sequence"},
      {"pretokenizers",
       {{{"type", "Split"}, {"pattern", {{"String", "a."}}}, {"behavior", "MergedWithNext"}, {"invert", false}},
        {{"type", "Digits"}, {"individual_digits", true}},
        {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}}}}};
  const auto files = read(tokenizer);
  REQUIRE(files);
  const TextRules& rules = *files->data.rules;
  CHECK(rules.normalizes_to_nfc);
  REQUIRE(rules.splits.size() == 2);
  CHECK(rules.splits[0].pattern == "a\\.");
  CHECK(rules.splits[0].behavior == SplitStep::Behavior::merged_with_next);
  const auto built = Tokenizer::build(files->data);
  REQUIRE(built);
  CHECK(built->encode("ab") == std::vector<TokenId>{256});
  CHECK(built->encode("e\u0301") == built->encode("\u00e9"));
}

TEST_CASE("tokenizer.json: what cannot be done exactly is refused by name", "[tokenizer_json]") {
  struct Case {
    const char* message;
    void (*change)(json&);
  };
  const Case cases[] = {
      {"there is no 'model'", [](json& t) { t.erase("model"); }},
      {"tokenizer model 'Unigram', which is SentencePiece's, is not supported",
       [](json& t) {
         t["model"]["type"] = "Unigram";
         t["pre_tokenizer"] = {{"type", "Metaspace"}};
       }},
      {"tokenizer model 'WordPiece' is not supported",
       [](json& t) {
         t["model"]["type"] = "WordPiece";
         t["normalizer"] = {{"type", "BertNormalizer"}};
         t["pre_tokenizer"] = {{"type", "BertPreTokenizer"}};
       }},
      {"a SentencePiece tokenizer ('byte_fallback' of the model) is not supported",
       [](json& t) {
         t["model"]["byte_fallback"] = true;
         t["normalizer"] = {{"type", "Prepend"}};
         t["pre_tokenizer"] = nullptr;
       }},
      {"'byte_fallback' is not a boolean", [](json& t) { t["model"]["byte_fallback"] = "yes"; }},
      {"'dropout' is not supported", [](json& t) { t["model"]["dropout"] = 0.1; }},
      {"'end_of_word_suffix' is not supported", [](json& t) { t["model"]["end_of_word_suffix"] = "</w>"; }},
      {"normalizer 'NFKC' is not supported",
       [](json& t) {
         t["normalizer"] = {{"type", "NFKC"}};
       }},
      {"normalizer '' is not supported", [](json& t) { t["normalizer"] = 3; }},
      {"'normalizers' of a 'Sequence' is no array",
       [](json& t) {
         t["normalizer"] = {{"type", "Sequence"}};
       }},
      {"pre-tokenizer 'Metaspace' is not supported",
       [](json& t) {
         t["pre_tokenizer"] = {{"type", "Metaspace"}};
       }},
      {"does not end in 'ByteLevel'", [](json& t) { t["pre_tokenizer"] = nullptr; }},
      {"does not end in 'ByteLevel'",
       [](json& t) {
         t["pre_tokenizer"] = {{"type", "Digits"}};
       }},
      {"'add_prefix_space' of 'ByteLevel'", [](json& t) { t["pre_tokenizer"]["add_prefix_space"] = true; }},
      {"'add_prefix_space' of 'ByteLevel'", [](json& t) { t["pre_tokenizer"].erase("add_prefix_space"); }},
      {"behind 'ByteLevel'",
       [](json& t) {
         t["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", {t["pre_tokenizer"], {{"type", "Digits"}}}}};
       }},
      {"the behavior 'Removed'",
       [](json& t) {
         t["pre_tokenizer"] = {{"type", "Split"}, {"pattern", {{"Regex", "a"}}}, {"behavior", "Removed"}};
       }},
      {"'Split' has no pattern",
       [](json& t) {
         t["pre_tokenizer"] = {{"type", "Split"}, {"pattern", "a"}};
       }},
      {"'vocab' of the model is no object", [](json& t) { t["model"]["vocab"] = json::array({"a"}); }},
      {"token 'ab' has the ID '1000000000'", [](json& t) { t["model"]["vocab"]["ab"] = 1000000000; }},
      {"token 'ab' has the ID '-1'", [](json& t) { t["model"]["vocab"]["ab"] = -1; }},
      {"token 'ab' has the ID '1.5'", [](json& t) { t["model"]["vocab"]["ab"] = 1.5; }},
      {"tokens 'a' and 'ab' have the same ID", [](json& t) { t["model"]["vocab"]["ab"] = 'a'; }},
      {"tokens 'a' and '<s>' have the same ID", [](json& t) { t["added_tokens"][0]["id"] = 'a'; }},
      {"'added_tokens' is no array", [](json& t) { t["added_tokens"] = 3; }},
      {"token '' has the ID 'null'", [](json& t) { t["added_tokens"][0] = "x"; }},
      {"an added token has no content", [](json& t) { t["added_tokens"][0]["content"] = 5; }},
      {"'merges' of the model is no array", [](json& t) { t["model"].erase("merges"); }},
      {"merge 1 is not two tokens",
       [](json& t) {
         t["model"]["merges"].push_back({"a", "b", "c"});
       }},
      {"merge 1 is not two tokens", [](json& t) { t["model"]["merges"].push_back(7); }},
  };
  for (const Case& test : cases) {
    CAPTURE(test.message);
    json tokenizer = small_json();
    test.change(tokenizer);
    const auto files = read(tokenizer);
    REQUIRE(!files);
    CHECK_THAT(files.error().message, Catch::Contains("tokenizer.json: ") && Catch::Contains(test.message));
  }
}

TEST_CASE("tokenizer.json: text that is no JSON, or nests too deep", "[tokenizer_json]") {
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("{\"a\": \"\xff\"}"), std::string(1000000, '['),
        std::string("null"), "{\"model\": " + std::string(100, '[') + std::string(100, ']') + "}"}) {
    const Folder folder;
    folder.write("tokenizer.json", text);
    const auto files = read_tokenizer_folder(folder.path());
    REQUIRE(!files);
    CHECK_THAT(files.error().message, Catch::Contains("tokenizer.json is "));
  }
  CHECK(parse_json("[\"" + std::string(1000, '[') + "\\\"[\"]"));  // brackets in a text
  CHECK(!parse_json("[1e999999]"));
}

TEST_CASE("JSON whose objects have a member twice is refused by its name", "[tokenizer_json]") {
  struct Row {
    const char* text;
    const char* repeated;  // null: nothing is
  };
  for (const auto& [text, repeated] : std::initializer_list<Row>{
           {R"({"a": 1, "b": 2, "a": 1})", "'a'"},
           {R"({"a": {"b": 1, "\u0062": 2}})", "'b'"},  // the same name, written otherwise
           {R"([{"a": 1}, {"a": [{"c": 1, "d": {}, "c": 2}]}])", "'c'"},
           {R"({"a": {"a": [{"a": 1}, {"a": 2}]}, "b": {"a": 3}})", nullptr},
       }) {
    INFO(text);
    const auto parsed = parse_json(text);
    CHECK(parsed.has_value() == (repeated == nullptr));
    if (!parsed && repeated != nullptr) CHECK_THAT(parsed.error().message, Catch::Contains(repeated));
  }
  CHECK_THAT(read_tokenizer_folder("/nowhere").error().message, Catch::Contains("has no tokenizer.json"));
}

TEST_CASE("tokenizer folder: every truncation of its file is refused", "[tokenizer_json]") {
  const Folder folder;
  const std::string text = small_json().dump();
  for (std::size_t size = 0; size < text.size(); size += 97) {
    folder.write("tokenizer.json", text.substr(0, size));
    CHECK(!read_tokenizer_folder(folder.path()));
  }
}

TEST_CASE("tokenizer folder: what the files beside tokenizer.json say", "[tokenizer_json]") {
  const Folder folder;
  json tokenizer = small_json();
  tokenizer["post_processor"] = nullptr;
  folder.write("tokenizer.json", tokenizer.dump());
  const auto data = [&] {
    const auto files = read_tokenizer_folder(folder.path());
    REQUIRE(files);
    return *files;
  };
  using Ids = std::vector<TokenId>;
  CHECK(data().data.bos == -1);
  CHECK(!data().data.add_bos);

  folder.write("special_tokens_map.json", R"({"bos_token": "<s>", "eos_token": {"content": "ab"}})");
  CHECK(data().data.bos == 257);
  CHECK(!data().data.add_bos);
  CHECK(data().data.eos == 256);
  CHECK(data().data.end_tokens == Ids{256});
  folder.write("tokenizer_config.json", R"({"add_bos_token": true, "chat_template": "{{ one }}"})");
  CHECK(data().data.add_bos);
  CHECK(data().chat_template == "{{ one }}");
  folder.write("tokenizer_config.json",
               R"({"chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]})");
  CHECK(data().chat_template == "d");
  folder.write("chat_template.jinja", "{{ two }}");
  CHECK(data().chat_template == "{{ two }}");
  folder.write("tokenizer_config.json", R"({"add_bos_token": 1})");
  CHECK_THAT(read_tokenizer_folder(folder.path()).error().message,
             Catch::Contains("tokenizer_config.json: 'add_bos_token' is not a boolean"));
  fs::rename(folder.path() / "tokenizer.json", folder.path() / "tokenizer.model");
  CHECK_THAT(read_tokenizer_folder(folder.path()).error().message, Catch::Contains("SentencePiece"));
}

}  // namespace
}  // namespace pml::compiler
