// Prompts as documents, as expressions and as JSON mean the same.
#include <catch2/catch.hpp>
#include <random>
#include <tao/pegtl/contrib/analyze.hpp>

#include "grammar/expression.h"
#include "grammar/expression_grammar.h"
#include "grammar/json_places.h"
#include "grammar/json_prompt.h"
#include "grammar/parse_prompt.h"
#include "grammar/write_prompt.h"

namespace pml::grammar {
namespace {

class PromptMaker {
 public:
  explicit PromptMaker(std::uint64_t seed) : random_(seed) {}

  ast::Prompt make() {
    ast::Prompt prompt;
    prompt.arguments = arguments();
    prompt.children = nodes(0);
    return prompt;
  }

 private:
  std::size_t below(std::size_t count) { return random_() % count; }

  std::string text() {
    static const std::vector<std::string> kPieces{
        "a", "B9", " ", "  ", "\n", "\t", "\r", "\"",   "'",       "\\",  "<",    ">",         "&",    "]]>",
        "{", "}",  "(", ")",  "=",  ",",  "é",  "日本", "e\u0301", "\\n", "&lt;", "<![CDATA[", "user", "\u00A0"};
    std::string result;
    for (std::size_t i = 0, count = 1 + below(6); i < count; ++i) result += kPieces[below(kPieces.size())];
    return result;
  }
  std::string path() {
    static const std::vector<std::string> kPaths{"plan", "plan/beach", "user", "and",  "not",       "or",     "10-days",
                                                 "日本", "a.b",        "_x",   "open", "assistant", "system", "use"};
    return kPaths[below(kPaths.size())];
  }

  std::vector<ast::Argument> arguments() {
    std::vector<ast::Argument> list;
    for (std::size_t i = 0, count = below(3); i < count; ++i) {
      list.push_back({"name" + std::to_string(i), below(8) == 0 ? "" : text(), {}, {}});
    }
    return list;
  }

  std::vector<ast::PromptNode> nodes(int depth) {
    std::vector<ast::PromptNode> list;
    for (std::size_t i = 0, count = below(5); i < count; ++i) {
      const bool is_behind_text = !list.empty() && std::holds_alternative<ast::FreeText>(list.back().value);
      const std::size_t kind = below(depth == 0 ? 4 : 3);
      if (kind == 2 && !is_behind_text) {
        std::string words = text();  // of blanks alone a document's text is none
        if (words.find_first_not_of(" \t\r\n") == std::string::npos) words += "x";
        list.push_back({ast::FreeText{{}, std::move(words)}});
      } else if (kind == 3) {
        ast::PromptTurn turn;
        turn.role = static_cast<ast::Role>(below(3));
        turn.text = below(5) == 0 ? "" : text();
        turn.is_open = turn.role == ast::Role::assistant && below(2) == 0;
        list.push_back({std::move(turn)});
      } else {
        ast::Selection selection;
        selection.module.text = path();
        selection.arguments = arguments();
        if (depth < 3) selection.children = nodes(depth + 1);
        list.push_back({std::move(selection)});
      }
    }
    return list;
  }

  std::mt19937_64 random_;
};

}  // namespace

TEST_CASE("the grammar of expressions has no rule that goes round without reading") {
  CHECK(tao::pegtl::analyze<expression::Prompt>() == 0);
  CHECK(tao::pegtl::analyze<expression::Rule>() == 0);
  CHECK(tao::pegtl::analyze<expression::NamesAlone>() == 0);
}

TEST_CASE("a prompt that is written in any form and read again is the same") {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const ast::Prompt prompt = PromptMaker(seed).make();
    const std::string expected = dump(prompt);
    SourceSet sources;
    Diagnostics diagnostics;
    const auto read = [&](const auto& parse, const std::string& text) {
      const auto parsed = parse(sources.add("prompt", text), sources, diagnostics);
      INFO(seed << "\n" << text << "\n" << render(diagnostics, sources));
      REQUIRE(parsed);
      CHECK(dump(*parsed) == expected);
    };
    read(parse_prompt, to_xml(prompt));
    read(parse_selection, to_expression(prompt));
    read(parse_json_prompt, to_json(prompt));
  }
}

TEST_CASE("what is refused in one form is refused in all") {
  struct Row {
    const char* xml;
    const char* expression;
    const char* json;
  };
  const std::vector<Row> rows{
      {R"(<prompt><a x="1" x="2"/></prompt>)", R"(a(x="1", x="2"))",
       R"({"select": [{"module": "a", "arguments": {"x": "1", "x": "2"}}]})"},
      {R"(<prompt x="1" x="2"/>)", R"((x="1", x="2"))", R"({"arguments": {"x": "1", "x": "2"}})"},
      {R"(<prompt><user open="true">U</user></prompt>)", R"(user open "U")",
       R"({"select": [{"role": "user", "text": "U", "open": true}]})"},
      {R"(<prompt><a>&#7;</a></prompt>)", R"(a { "\u{7}" })",
       R"({"select": [{"module": "a", "select": [{"text": "\u0007"}]}]})"},
      {R"(<prompt x="&#0;"/>)", R"((x="\u{0}"))", R"({"arguments": {"x": "\u0000"}})"},
      {R"(<prompt><use module=""/></prompt>)", "``", R"({"select": [""]})"},
      {R"(<prompt><a><user>U</user></a></prompt>)", R"(a { user "U" })",
       R"({"select": [{"module": "a", "select": [{"role": "user", "text": "U"}]}]})"},
  };
  for (const Row& row : rows) {
    SourceSet sources;
    const auto num_mistakes = [&](const auto& parse, const char* text) {
      Diagnostics diagnostics;
      INFO(text);
      CHECK(parse(sources.add("prompt", text), sources, diagnostics));
      return diagnostics.num_errors();
    };
    CHECK(num_mistakes(parse_prompt, row.xml) == 1);
    CHECK(num_mistakes(parse_selection, row.expression) == 1);
    CHECK(num_mistakes(parse_json_prompt, row.json) == 1);
  }
}

TEST_CASE("mistakes in JSON have their places") {
  const auto place_of = [](const std::string& text) {
    SourceSet sources;
    Diagnostics diagnostics;
    parse_json_prompt(sources.add("p", text), sources, diagnostics);
    REQUIRE_FALSE(diagnostics.list().empty());
    return std::string(sources.text(diagnostics.list().front().place));
  };
  CHECK(place_of(R"({"select": [{"modul": "a"}]})") == "modul");
  CHECK(place_of(R"({"select": [{"module": "a", "arguments": {"x\"\\": 1}}]})") == "1");
  CHECK(place_of(R"({"select": [{"role": "us\"er", "text": "a"}]})") == R"(us\"er)");
  CHECK(place_of(R"({"a": "\\", "a": 2})") == "a");
  CHECK(place_of(R"([1])") == "[");
  CHECK(place_of("null") == "null");
  CHECK(place_of(R"({"select": [{"role": "user"}]})") == "{");
  CHECK(place_of(R"({"schema": ""})") == "");
  CHECK(place_of(R"({"select": [{"text": "a\t\u0009\u0007"}]})") == R"(\u0007)");
  CHECK(place_of(R"({"arguments": {"\u0000": "a"}})") == R"(\u0000)");
  CHECK(place_of(R"({"select": ["a",]})") == "]");
  place_of("");
  place_of("{");
  place_of(std::string(300, '['));
  place_of("\"" + std::string(10, '\\'));
}

TEST_CASE("where JSON ends too early is shown at its last character, with or without a line break behind it") {
  const auto column_of = [](const std::string& text) {
    SourceSet sources;
    Diagnostics diagnostics;
    parse_json_prompt(sources.add("p", text), sources, diagnostics);
    REQUIRE_FALSE(diagnostics.list().empty());
    return sources[0].locate(diagnostics.list().front().place.begin).column;
  };
  CHECK(column_of(R"({"select":["a"])") == 15);
  CHECK(column_of("{\"select\":[\"a\"]\n") == 15);
  CHECK(column_of(R"({"select":["a"]} x)") == 18);
  CHECK(column_of("{\"select\":[\"a\"]} x\n") == 18);
  CHECK(column_of(R"({"select":["a)") == 13);
}

TEST_CASE("what begins as JSON does is read as JSON, so that it is said what a prompt is") {
  for (const char* text : {"{}", " {", "\xEF\xBB\xBF{}", "[\"a\"]", "null\n"}) CHECK(looks_like_json(text));
  for (const char* text : {"", " ", "<prompt/>", "nullable", "\xEF\xBB\xBF<prompt/>"})
    CHECK_FALSE(looks_like_json(text));
}

TEST_CASE("a text that was a string of JSON is shown where it stands") {
  SourceSet sources;
  const SourceId line = sources.add_line("l.jsonl", R"({"a": "x\n\u00e9\ud83d\ude00y\\z"})", 7);
  Diagnostics diagnostics;
  const auto root = read_json(line, sources, diagnostics);
  REQUIRE(root);
  const JsonValue& value = *root->find("a");
  const SourceId text = sources.add("text", value.text);
  sources.embed(text, line, offsets_of_json_string(value.place, sources));
  const auto raw = [&](std::string_view part) {
    const auto at = static_cast<std::uint32_t>(value.text.find(part));
    const Place shown = sources.shown({text, at, at + static_cast<std::uint32_t>(part.size())});
    CHECK(shown.source == line);
    return std::string(sources.text(shown));
  };
  CHECK(raw("x") == "x");
  CHECK(raw("\n") == "\\n");
  CHECK(raw("é") == "\\u00e9");
  CHECK(raw("😀") == "\\ud83d\\ude00");
  CHECK(raw("y\\z") == "y\\\\z");
  diagnostics.add(DiagnosticKind::bad_json, {text, 0, 1}, "wrong");
  CHECK(headline(diagnostics.list().back(), sources) == "l.jsonl:7:8: error: wrong [bad-json]");
}

}  // namespace pml::grammar
