#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "compiler/bpe.h"
#include "compiler/byte_level.h"
#include "compiler/model_file.h"
#include "compiler/pre_tokenizer.h"
#include "compiler/tokenizer.h"
#include "compiler/tokenizer_folder.h"

namespace pml::compiler {
namespace {

// --- the alphabet

TEST_CASE("byte level: 256 characters, there and back", "[tokenizer]") {
  std::map<std::string, int> characters;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string character = byte_level_character(static_cast<std::uint8_t>(byte));
    CHECK(characters.emplace(character, byte).second);
    std::string back;
    CHECK(append_byte_level(character, back));
    CHECK(back == std::string(1, static_cast<char>(byte)));
  }
  CHECK(byte_level_character('a') == "a");
  CHECK(byte_level_character(' ') == "\u0120");
  CHECK(byte_level_character('\n') == "\u010a");
  CHECK(byte_level_character(0xAD) == "\u0143");
  std::string bytes = "kept";
  for (const char* text : {"a b", "\u0144", "\u4e2d", "a\xC3", "\xC1\xA1", "\xFF", "\xC3x"}) {
    CAPTURE(text);
    CHECK(!append_byte_level(text, bytes));
    CHECK(bytes == "kept");
  }
}

// --- pieces

std::vector<std::string> pieces(const std::string& pre_tokenizer, const std::string& text) {
  const auto rules = named_text_rules(pre_tokenizer);
  REQUIRE(rules);
  const auto split = PreTokenizer::build(rules->splits);
  REQUIRE(split);
  std::vector<std::string> result;
  std::size_t begin = 0;
  int empty_pieces = 0;
  for (const std::size_t end : split->split(text)) {
    empty_pieces += end <= begin ? 1 : 0;
    result.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  CHECK(empty_pieces == 0);
  CHECK(begin == text.size());
  return result;
}

using Pieces = std::vector<std::string>;

TEST_CASE("pre-tokenizer: where text is cut", "[tokenizer]") {
  struct Case {
    const char* text;
    Pieces gpt2;
    Pieces smollm;
  };
  const Case cases[] = {
      {"", {}, {}},
      {"Hello, world!", {"Hello", ",", " world", "!"}, {"Hello", ",", " world", "!"}},
      {"don't I'LL we've", {"don", "'t", " I", "'", "LL", " we", "'ve"}, {"don", "'t", " I", "'", "LL", " we", "'ve"}},
      {"a  b", {"a", " ", " b"}, {"a", " ", " b"}},
      {"a \n", {"a", " \n"}, {"a", " \n"}},
      {"12 345", {"12", " 345"}, {"1", "2", " ", "3", "4", "5"}},
      {"a\n\n1", {"a", "\n", "\n", "1"}, {"a", "\n\n", "1"}},
      {"a  1", {"a", " ", " 1"}, {"a", "  ", "1"}},
      {"\u00bd\u2163", {"\u00bd\u2163"}, {"\u00bd", "\u2163"}},
      {"x\u00a0\u00a0y", {"x", "\u00a0", "\u00a0", "y"}, {"x", "\u00a0", "\u00a0", "y"}},
      {"\u180e\u180ea", {"\u180e\u180e", "a"}, {"\u180e\u180e", "a"}},  // no blank since Unicode 6.3
      {"a\U000105c0b", {"a\U000105c0b"}, {"a\U000105c0b"}},             // a letter since Unicode 16
      {"e\u0301", {"e", "\u0301"}, {"e", "\u0301"}},
      {"a\xFF\xFE"
       "b c",
       {"a", "\xFF\xFE", "b", " c"},
       {"a", "\xFF\xFE", "b", " c"}},
      {"\xE4\xB8", {"\xE4\xB8"}, {"\xE4\xB8"}},
  };
  for (const Case& test : cases) {
    CAPTURE(test.text);
    CHECK(pieces("gpt-2", test.text) == test.gpt2);
    CHECK(pieces("smollm", test.text) == test.smollm);
  }
  const std::string zero("a\0b", 3);
  CHECK(pieces("smollm", zero) == Pieces{"a", std::string(1, '\0'), "b"});
}

TEST_CASE("pre-tokenizer: a megabyte in one run is one piece", "[tokenizer]") {
  constexpr std::size_t kSize = 1 << 20;
  for (const char* name : {"gpt-2", "smollm"}) {
    for (const char character : {' ', '\n', 'a', '!', '\xFF'}) {
      const std::string run(kSize, character);
      CAPTURE(name, static_cast<int>(character));
      CHECK(pieces(name, run).size() == 1);
      CHECK(pieces(name, run + "?").size() == (character == '!' ? 1 : character == '\n' ? 3 : 2));
      CHECK(pieces(name, "x" + run).size() == (character == 'a' ? 1 : 2));
    }
  }
  CHECK(pieces("gpt-2", std::string(kSize, '7')).size() == 1);
  CHECK(pieces("smollm", std::string(kSize, '7')).size() == kSize);
  for (const char* name : {"llama-bpe", "qwen2"}) {
    for (const char character : {' ', '\n', 'a', '!', '\xFF'}) {
      CAPTURE(name, static_cast<int>(character));
      CHECK(pieces(name, std::string(kSize, character)).size() == 1);
    }
  }
  CHECK(pieces("llama-bpe", std::string(kSize, '7')).size() == (kSize + 2) / 3);
}

TEST_CASE("pre-tokenizer: numbers by three, contractions in both cases, line breaks that stay together",
          "[tokenizer]") {
  struct Case {
    const char* text;
    Pieces llama_bpe;
    Pieces qwen2;
  };
  const Case cases[] = {
      {"12345 6", {"123", "45", " ", "6"}, {"1", "2", "3", "4", "5", " ", "6"}},
      {"don't I'LL 'S", {"don", "'t", " I", "'LL", " '", "S"}, {"don", "'t", " I", "'LL", " '", "S"}},
      {"it'\u017f", {"it", "'\u017f"}, {"it", "'\u017f"}},  // the long s is an s in either case
      {"(a) !\r\n\r\nb", {"(a", ")", " !\r\n\r\n", "b"}, {"(a", ")", " !\r\n\r\n", "b"}},
      {"a  \n \n  b", {"a", "  \n \n", " ", " b"}, {"a", "  \n \n", " ", " b"}},
      {"\tx\u0301y", {"\tx", "\u0301y"}, {"\tx", "\u0301y"}},
  };
  for (const Case& test : cases) {
    CAPTURE(test.text);
    CHECK(pieces("llama-bpe", test.text) == test.llama_bpe);
    CHECK(pieces("qwen2", test.text) == test.qwen2);
  }
  for (const char* name : {"llama3", "llama-v3"}) CHECK(pieces(name, "1234") == Pieces{"123", "4"});
}

TEST_CASE("pre-tokenizer: others are refused by name", "[tokenizer]") {
  const auto unknown = named_text_rules("dbrx");
  REQUIRE(!unknown);
  CHECK_THAT(unknown.error().message, Catch::StartsWith("pre-tokenizer 'dbrx' is not supported ("));
  CHECK(!named_text_rules(""));
}

// --- patterns of tokenizer.json

TEST_CASE("pre-tokenizer: what becomes of matches", "[tokenizer]") {
  // As `tokenizers` documents its SplitDelimiterBehavior, on its own example.
  using Behavior = SplitStep::Behavior;
  struct Case {
    Behavior behavior;
    bool is_inverted;
    Pieces pieces;
  };
  const Case cases[] = {
      {Behavior::isolated, false, {"the", "-", "final", "-", "-", "countdown"}},
      {Behavior::isolated, true, {"the", "-", "final", "-", "-", "countdown"}},
      {Behavior::contiguous, false, {"the", "-", "final", "--", "countdown"}},
      {Behavior::merged_with_previous, false, {"the-", "final-", "-", "countdown"}},
      {Behavior::merged_with_next, false, {"the", "-final", "-", "-countdown"}},
      {Behavior::contiguous, true, {"the", "-", "final", "--", "countdown"}},
      {Behavior::merged_with_previous, true, {"the", "-final", "-", "-countdown"}},
      {Behavior::merged_with_next, true, {"the-", "final-", "-", "countdown"}},
  };
  const std::string text = "the-final--countdown";
  for (const Case& test : cases) {
    CAPTURE(static_cast<int>(test.behavior), test.is_inverted);
    const auto split = PreTokenizer::build({{"-", test.behavior, test.is_inverted}});
    REQUIRE(split);
    Pieces got;
    std::size_t begin = 0;
    for (const std::size_t end : split->split(text)) {
      got.push_back(text.substr(begin, end - begin));
      begin = end;
    }
    CHECK(got == test.pieces);
    CHECK(begin == text.size());
  }
}

TEST_CASE("pre-tokenizer: patterns that mean something else here are refused by name", "[tokenizer]") {
  struct Case {
    const char* pattern;
    const char* message;
  };
  const Case cases[] = {
      {"\\p{Han}+", "'\\p{Han}' is not supported"},
      {"\\w+", "'\\w' is not supported"},
      {"\\h", "'\\h' is not supported"},
      {"a\\", "'\\' is not supported"},
      {"[a&&b]", "'&' within a class"},
      {"[[:alpha:]]", "'[' within a class"},
      {"[\\S]", "negation of classes"},
      {"[a-\\s]", "negation of classes"},
      {"[\\s-z]", "a range between classes"},
      {"[abc", "'[' without a ']'"},
      {"[]a]", "']' as the first"},
      {"(?<a>b)", "the group '(?<'"},
      {"(?i)a", "the group '(?i'"},
      {"(?i:ss)", "ignores case"},
      {"^a", "'^' is not supported"},
      {"a{2}+", "behind a repetition in braces"},
      {"a{,2}", "'{' that begins no repetition"},
      {"\\xC4", "'\\xC4' is not supported"},
      {"\\x{110000}", "is not supported"},
      {"\\uD800", "is not supported"},
      {"\\p{L", "is not supported"},
      {"\\x{", "is not supported"},
      {"(a", "PCRE2 cannot compile"},
      {"a)", "PCRE2 cannot compile"},
      {"a**", "PCRE2 cannot compile"},
      {"a*", "may match nothing"},
      {"", "may match nothing"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.pattern);
    const auto split = PreTokenizer::build({{test.pattern, SplitStep::Behavior::isolated, false}});
    REQUIRE(!split);
    CHECK_THAT(split.error().message, Catch::Contains(test.message));
  }
}

TEST_CASE("pre-tokenizer: a pattern of exponential time ends in an error", "[tokenizer]") {
  const auto split = PreTokenizer::build({{"(?:a+)+[bc]", SplitStep::Behavior::isolated, false}});
  REQUIRE(split);
  CHECK(split->split("aaab").size() == 1);
  CHECK_THROWS_WITH(split->split(std::string(200, 'a')), Catch::Contains("does not come to an end"));
}

// --- merges

/// The definition, word for word: the lowest rank, of equals the leftmost, until there is none.
std::vector<TokenId> merge_slowly(const MergeTable& table, std::vector<TokenId> symbols) {
  for (;;) {
    std::uint32_t best = MergeTable::kNoRank;
    std::size_t at = 0;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      const std::uint32_t rank = table.rank(symbols[i], symbols[i + 1]);
      if (rank < best) {
        best = rank;
        at = i;
      }
    }
    if (best == MergeTable::kNoRank) return symbols;
    symbols[at] = table.token(best);
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
}

TEST_CASE("merges: random rules, short and long pieces", "[tokenizer]") {
  std::mt19937 random(42);
  for (int round = 0; round < 60; ++round) {
    // Symbols 0..3 are letters; a rule makes a new symbol of any two, in an order that no training would
    // give.
    const int num_rules = 1 + static_cast<int>(random() % 60);
    std::vector<std::pair<int, int>> rules;
    for (int i = 0; i < num_rules; ++i) {
      rules.emplace_back(static_cast<int>(random() % (4 + i)), static_cast<int>(random() % (4 + i)));
    }
    std::vector<int> order(rules.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
    if (round % 2 == 1) std::shuffle(order.begin(), order.end(), random);
    MergeTable table(rules.size());
    for (const int rule : order) table.add(rules[rule].first, rules[rule].second, 4 + rule);
    for (const int length : {0, 1, 2, 3, 17, 37, 47, 48, 49, 50, 97, 400}) {
      std::vector<TokenId> symbols;
      const auto letters = 1 + random() % 4;
      for (int i = 0; i < length; ++i) symbols.push_back(static_cast<TokenId>(random() % letters));
      const std::vector<TokenId> want = merge_slowly(table, symbols);
      apply_merges(table, symbols);
      CHECK(symbols == want);
    }
  }
}

TEST_CASE("merges: a pair has one rule", "[tokenizer]") {
  MergeTable table(3);
  CHECK(table.add(1, 2, 10));
  CHECK(!table.add(1, 2, 11));
  CHECK(table.add(2, 1, 11));
  CHECK(table.rank(1, 2) == 0);
  CHECK(table.rank(2, 1) == 1);
  CHECK(table.token(1) == 11);
  CHECK(table.rank(0, 0) == MergeTable::kNoRank);
  CHECK(MergeTable(0).rank(0, 0) == MergeTable::kNoRank);
}

// --- a small tokenizer

TokenizerData small_data() {
  TokenizerData data;
  data.model = "gpt2";
  data.pre_tokenizer = "smollm";
  data.tokens = {"<|end|>", "a",        "b",     "c",      "\u0120", "ab",    "abc",
                 "\u0120a", "<tool x>", "[PAD]", "\u00c3", "\u00a9", "\u4e2d"};
  data.types = {3, 1, 1, 1, 1, 1, 1, 1, 4, 5, 1, 1, 1};
  data.merges = {"a b", "ab c", "\u0120 a"};
  data.bos = 0;
  data.end_tokens = {0};
  return data;
}

TEST_CASE("tokenizer: a small one", "[tokenizer]") {
  TokenizerData data = small_data();
  auto built = Tokenizer::build(data);
  REQUIRE(built);
  data = {};  // nothing of it is kept
  const Tokenizer tokenizer = std::move(*built);
  using Ids = std::vector<TokenId>;

  CHECK(tokenizer.vocab_size() == 13);
  CHECK(tokenizer.encode("").empty());
  CHECK(tokenizer.encode("abcab ab a") == Ids{6, 5, 4, 5, 7});  // "a b" ranks before "\u0120 a"
  CHECK(tokenizer.encode("\u00e9") == Ids{10, 11});
  Ids appended = {99};
  tokenizer.encode("c", appended);
  CHECK(appended == Ids{99, 3});

  CHECK(tokenizer.special_token("<|end|>") == 0);
  CHECK(tokenizer.special_token("<tool x>") == 8);
  CHECK(tokenizer.special_token("ab") == std::nullopt);
  CHECK(tokenizer.special_token("[PAD]") == std::nullopt);
  CHECK(tokenizer.end_tokens() == Ids{0});
  CHECK(tokenizer.bos() == std::nullopt);

  CHECK(tokenizer.bytes(0).empty());
  CHECK(tokenizer.bytes(6) == "abc");
  CHECK(tokenizer.bytes(7) == " a");
  CHECK(tokenizer.bytes(8) == "<tool x>");
  CHECK(tokenizer.bytes(9).empty());
  CHECK(tokenizer.bytes(10) == "\xC3");
  CHECK(tokenizer.bytes(12) == "\u4e2d");  // outside of the alphabet: its text, as `tokenizers` has it

  // Bytes without a token leave nothing, and can be asked for.
  CHECK(tokenizer.encode("axb") == Ids{5});
  CHECK(tokenizer.unencodable("axb") == 1);
  CHECK(tokenizer.unencodable("ab c") == std::nullopt);
  CHECK(tokenizer.unencodable("ab\xFF") == 2);
  CHECK(tokenizer.encode("a\xFF\xFE b") == Ids{1, 4, 2});
}

TEST_CASE("tokenizer: a whole piece that is a token needs no merges", "[tokenizer]") {
  TokenizerData data = small_data();
  data.tokens.insert(data.tokens.end(), {"cab", "bc"});  // made by no merge
  data.types.insert(data.types.end(), {1, 3});
  const auto by_merges = Tokenizer::build(data);
  data.pre_tokenizer = "llama-bpe";
  const auto whole = Tokenizer::build(data);
  REQUIRE(by_merges);
  REQUIRE(whole);
  using Ids = std::vector<TokenId>;
  CHECK(by_merges->encode("cab") == Ids{3, 5});
  CHECK(whole->encode("cab") == Ids{13});
  CHECK(whole->encode("cabc") == Ids{3, 6});  // no token as a whole: merged
  CHECK(whole->encode("bc") == Ids{2, 3});    // a control token's text is text
}

TEST_CASE("tokenizer: a BOS that prompts begin with", "[tokenizer]") {
  TokenizerData data = small_data();
  data.add_bos = true;
  const auto tokenizer = Tokenizer::build(data);
  REQUIRE(tokenizer);
  CHECK(tokenizer->bos() == 0);
  CHECK(tokenizer->encode("a") == std::vector<TokenId>{1});
}

TEST_CASE("tokenizer: data that make no tokenizer are refused by name", "[tokenizer]") {
  struct Case {
    const char* message;
    void (*change)(TokenizerData&);
  };
  const Case cases[] = {
      {"tokenizer model 'llama' is not supported", [](auto& d) { d.model = "llama"; }},
      {"pre-tokenizer 'dbrx' is not supported", [](auto& d) { d.pre_tokenizer = "dbrx"; }},
      {"normalises text, but has no token for some bytes", [](auto& d) { d.pre_tokenizer = "qwen2"; }},
      {"names no pre-tokenizer", [](auto& d) { d.pre_tokenizer = ""; }},
      {"tokens 1 and 3 of the tokenizer are both 'a'", [](auto& d) { d.tokens[3] = d.tokens[1]; }},
      {"12 token types for 13 tokens", [](auto& d) { d.types.pop_back(); }},
      {"merge 3 of the tokenizer, 'x a', merges text that is no token", [](auto& d) { d.merges.push_back("x a"); }},
      {"merge 3 of the tokenizer, 'a x', merges text that is no token",
       [](auto& d) { d.tokens[12] = "ax", d.merges.push_back("a x"); }},
      {"merge 3 of the tokenizer, 'b a', makes text that is no token", [](auto& d) { d.merges.push_back("b a"); }},
      {"merge 3 of the tokenizer, 'a b', stands twice", [](auto& d) { d.merges.push_back("a b"); }},
      {"merge 1 of the tokenizer, 'ab c', makes a special token", [](auto& d) { d.types[6] = 3; }},
      {"merge 1 of the tokenizer, 'ab c', makes a special token", [](auto& d) { d.types[6] = 4; }},
      {"is not two tokens with a blank between them", [](auto& d) { d.merges.push_back("abc"); }},
      {"is not two tokens with a blank between them", [](auto& d) { d.merges.push_back("a b c"); }},
      {"merges text that is no token", [](auto& d) { d.merges.push_back(" a"); }},
      {"BOS, token 13, is no token", [](auto& d) { d.add_bos = true, d.bos = 13; }},
      {"BOS, token -1, is no token", [](auto& d) { d.add_bos = true, d.bos = -1; }},
      {"end token 13 is no token", [](auto& d) { d.end_tokens = {13}; }},
  };
  for (const Case& test : cases) {
    CAPTURE(test.message);
    TokenizerData data = small_data();
    test.change(data);
    const auto tokenizer = Tokenizer::build(data);
    REQUIRE(!tokenizer);
    CHECK_THAT(tokenizer.error().message, Catch::Contains(test.message));
  }
}

// --- small trained vocabularies

std::vector<std::pair<std::string, std::vector<TokenId>>> golden_cases(const std::string& name) {
  std::ifstream file(std::string(PML_TEST_GOLDEN) + "/tokenizer/" + name + ".json");
  REQUIRE(file);
  std::vector<std::pair<std::string, std::vector<TokenId>>> cases;
  for (const auto& golden : nlohmann::json::parse(file)) {
    cases.emplace_back(golden["text"].get<std::string>(), golden["ids"].get<std::vector<TokenId>>());
  }
  REQUIRE(cases.size() > 100);
  return cases;
}

TEST_CASE("tokenizer.json: the same IDs as Hugging Face's tokenizers", "[tokenizer]") {
  for (const std::string name : {"llama-bpe", "qwen2"}) {
    const auto files = read_tokenizer_folder(std::string(PML_TEST_GOLDEN) + "/tokenizer/" + name);
    REQUIRE(files);
    TokenizerData named = files->data;  // the same vocabulary with the rules that GGUF files name
    named.rules.reset();
    named.pre_tokenizer = name;
    for (const TokenizerData& data : {files->data, named}) {
      const auto tokenizer = Tokenizer::build(data);
      REQUIRE(tokenizer);
      for (const auto& [text, ids] : golden_cases(name)) {
        CAPTURE(name, data.pre_tokenizer, nlohmann::json(text).dump(-1, ' ', true));
        CHECK(tokenizer->encode(text) == ids);
      }
    }
  }
}

// --- the real vocabulary

const TokenizerData& real_data() {
  static const TokenizerData data = [] {
    auto model = ModelFile::open(PML_TEST_MODEL);
    REQUIRE(model);
    return model->tokenizer();
  }();
  return data;
}

Tokenizer real_tokenizer(const std::string& pre_tokenizer = "smollm") {
  TokenizerData data = real_data();
  data.pre_tokenizer = pre_tokenizer;
  auto tokenizer = Tokenizer::build(data);
  REQUIRE(tokenizer);
  return std::move(*tokenizer);
}

std::string decode(const Tokenizer& tokenizer, const std::vector<TokenId>& tokens) {
  std::string text;
  for (const TokenId token : tokens) text += tokenizer.bytes(token);
  return text;
}

TEST_CASE("tokenizer: the same IDs as Hugging Face's tokenizers", "[tokenizer][model]") {
  for (const std::string name : {"smollm", "gpt-2"}) {
    const Tokenizer tokenizer = real_tokenizer(name);
    for (const auto& [text, ids] : golden_cases(name)) {
      const auto tokens = tokenizer.encode(text);
      CAPTURE(name, nlohmann::json(text).dump(-1, ' ', true));
      CHECK(tokens == ids);
      if (!tokenizer.unencodable(text)) CHECK(decode(tokenizer, tokens) == text);
    }
  }
}

TEST_CASE("tokenizer: special tokens are found by name and never made of text", "[tokenizer][model]") {
  const Tokenizer tokenizer = real_tokenizer();
  CHECK(tokenizer.vocab_size() == 49152);
  CHECK(tokenizer.special_token("<|endoftext|>") == 0);
  CHECK(tokenizer.special_token("<|im_start|>") == 1);
  CHECK(tokenizer.special_token("<|im_end|>") == 2);
  CHECK(tokenizer.special_token("the") == std::nullopt);
  CHECK(tokenizer.special_token("") == std::nullopt);
  CHECK(tokenizer.bos() == std::nullopt);
  for (TokenId id = 0; id < 17; ++id) {
    CHECK(tokenizer.bytes(id).empty());
    for (const TokenId token : tokenizer.encode("x" + real_data().tokens[id] + "\n" + real_data().tokens[id])) {
      CHECK(token >= 17);
    }
  }
  int without_token = 0;
  for (int byte = 0; byte < 256; ++byte) {
    if (tokenizer.unencodable(std::string(1, static_cast<char>(byte)))) ++without_token;
  }
  CHECK(without_token == 21);
}

TEST_CASE("tokenizer: a megabyte in one run loses nothing", "[tokenizer][model]") {
  const Tokenizer tokenizer = real_tokenizer();
  for (const std::string unit : {" ", "\n", "\t", "a", "=", "7", "ab", "\u4e2d", "\U0001f600", "the ", " \n"}) {
    CAPTURE(unit);
    std::string text;
    while (text.size() < 1 << 20) text += unit;
    for (const char* tail : {"", "x", "1"}) CHECK(decode(tokenizer, tokenizer.encode(text + tail)) == text + tail);
  }
}

TEST_CASE("tokenizer: pieces that repeat come out the same", "[tokenizer][model]") {
  // Text long enough for the cache of pieces, made of pieces whose IDs are known from short texts.
  const Tokenizer tokenizer = real_tokenizer();
  std::mt19937 random(9);
  std::vector<std::string> words;
  for (int i = 0; i < 3000; ++i) {
    std::string word = " ";
    const auto length = 1 + random() % 12;
    for (unsigned j = 0; j < length; ++j) word += static_cast<char>('a' + random() % 26);
    words.push_back(word);
  }
  std::string text;
  std::vector<TokenId> want;
  for (int i = 0; i < 20000; ++i) {
    const std::string& word = words[random() % words.size()];
    text += word;
    tokenizer.encode(word, want);
  }
  CHECK(tokenizer.encode(text) == want);
}

TEST_CASE("tokenizer: threads may share it", "[tokenizer][model]") {
  const Tokenizer tokenizer = real_tokenizer();
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "It's item " + std::to_string(i) + " of many,\n\nand\u3000so on. ";
  const auto want = tokenizer.encode(text);
  std::vector<std::vector<TokenId>> got(4);
  std::vector<std::thread> threads;
  for (auto& tokens : got) threads.emplace_back([&] { tokens = tokenizer.encode(text); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& tokens : got) CHECK(tokens == want);
}

}  // namespace
}  // namespace pml::compiler
