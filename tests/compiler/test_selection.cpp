// References, required parts, parameters, roles and free text: one row a rule.
#include <catch2/catch.hpp>

#include "compiler/contexts.h"
#include "compiler/plan.h"
#include "compiler/references.h"
#include "compiler/standins.h"
#include "grammar/expression.h"
#include "grammar/json_prompt.h"
#include "grammar/parse_prompt.h"
#include "grammar/parse_schema.h"
#include "support/byte_tokenizer.h"

namespace pml {
namespace {

/// From a document, an expression or JSON.
std::optional<ast::Prompt> parse(grammar::SourceId source, const grammar::SourceSet& sources,
                                 grammar::Diagnostics& diagnostics) {
  const std::string_view text = sources[source].text();
  if (text.starts_with('<')) return parse_prompt(source, sources, diagnostics);
  if (grammar::looks_like_json(text)) return parse_json_prompt(source, sources, diagnostics);
  return parse_selection(source, sources, diagnostics);
}

/// The text of a prompt's rows, in position order, `|` between segments; or the kinds of its mistakes.
std::string answer_to(const std::string& schema_text, const std::string& prompt_text) {
  grammar::SourceSet sources;
  grammar::Diagnostics diagnostics;
  const auto kinds = [&] {
    std::string text;
    for (const auto& diagnostic : diagnostics.list()) {
      if (severity_of(diagnostic.kind) == grammar::Severity::error) {
        text += (text.empty() ? "" : " ") + std::string(name_of(diagnostic.kind));
      }
    }
    return text;
  };
  const auto schema =
      parse_schema(sources.add("s.pml", "<schema name=\"s\">" + schema_text + "</schema>"), sources, {}, diagnostics);
  if (diagnostics.has_errors()) return kinds();
  const auto prompt = parse(sources.add("p.pml", prompt_text), sources, diagnostics);
  if (!prompt) return kinds();
  const auto encoder = test::byte_encoder();
  const auto layout = lay_out(*schema, encoder, 0, diagnostics);
  const compiler::References references(*schema, layout, 0, sources, diagnostics);
  const auto selection = resolve(*prompt, layout, references, encoder, {"s"}, diagnostics);
  if (diagnostics.has_errors()) return kinds();
  const auto plan =
      make_plan(layout, declare_contexts(layout, ast::ContextKind::guaranteed, choose_standins(layout), {}), selection,
                encoder, 0, diagnostics);
  if (diagnostics.has_errors()) return kinds();
  std::string text;
  std::int32_t segment = -1;
  for (const auto& row : plan.rows) {
    if (segment != -1 && row.segment != segment) text += "|";
    segment = row.segment;
    text += row.token == 256 ? "{" : row.token == 257 ? "}" : std::string(encoder.tokenizer()->bytes(row.token));
  }
  return text;
}

struct Row {
  const char* schema;
  const char* prompt;
  const char* expected;
};

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    INFO(row.schema << "\n" << row.prompt);
    CHECK(answer_to(row.schema, row.prompt) == row.expected);
  }
}

}  // namespace

TEST_CASE("names: a child of the scope, else the one module of that name, else an error") {
  const char* two =
      "<module name=\"a\">A<module name=\"x\">1</module></module>"
      "<module name=\"b\">B<module name=\"x\">2</module><module name=\"y\">3</module></module>";
  check({
      {two, "<prompt><a><x/></a></prompt>", "A|1"},
      {two, "<prompt><b><x/></b></prompt>", "B|2"},
      {two, "<prompt><x/></prompt>", "ambiguous-module"},
      {two, "<prompt><y/></prompt>", "B|3"},  // selecting a module selects its ancestors
      {two, "<prompt><a><y/></a></prompt>", "A|B|3"},
      {two, "<prompt><use module=\"b/x\"/></prompt>", "B|2"},
      {two, "<prompt><use module=\"b/z\"/></prompt>", "unknown-module"},
      {two, "<prompt><b/><b/></prompt>", "selected-twice"},
      {two, "<prompt><y/><b/></prompt>", "B|3"},
      {two, "<prompt><b/><a/></prompt>", "A|B"},  // the order of selections has no meaning
      {"<module name=\"user\">U</module>", "<prompt><use module=\"user\"/></prompt>", "U"},
      {"<module name=\"3d\">D</module>", "<prompt><use module=\"3d\"/></prompt>", "D"},
      {"<module name=\"unit.py\">P</module>", "<prompt><unit.py/></prompt>", "P"},
      // Unions and roles are transparent.
      {"<user><union name=\"u\"><module name=\"m\">M</module></union></user>", "<prompt><m/></prompt>",
       "{user\n|M|}\n|{assistant\n"},
      {"<union name=\"u\"><module name=\"m\">M</module></union><module name=\"m\">N</module>", "<prompt/>",
       "duplicate-name"},
  });
}

TEST_CASE("names: parameters are a scope of their own") {
  check({
      {"<module name=\"a\">A</module><parameter name=\"a\" length=\"3\"/>", "<prompt a=\"x\"><a/></prompt>", "A|x"},
      {"<module name=\".\">A</module>", "<prompt/>", "bad-name"},
      {"<module name=\"..\">A</module>", "<prompt/>", "bad-name"},
      {"<module name=\".a\">A</module>", "<prompt><use module=\".a\"/></prompt>", "A"},
      {"<module name=\"a\">A</module>", "<prompt><use module=\"a/\"/></prompt>", "bad-name"},
      {"<module name=\"a\">A</module>", "<prompt><use module=\"/a\"/></prompt>", "bad-name"},
      {"<module name=\"a\">A</module>", "<prompt><use module=\"\"/></prompt>", "bad-name"},
      {"<module name=\"a\u00a0b\">A</module>", "<prompt/>", "bad-name"},  // a no-break space
      {"<module name=\"caf\u00e9\">A</module>", "<prompt><caf\u00e9/></prompt>", "A"},
      {"<module name=\"a\" src=\"\"/>", "<prompt/>", "bad-value"},
  });
}

TEST_CASE("required: modules come with their parents, unions ask for a member") {
  const char* nested = "A<module name=\"m\">B<module name=\"r\" required=\"true\">C</module></module>";
  const char* choice = "A<union required=\"true\"><module name=\"x\">X</module><module name=\"y\">Y</module></union>";
  check({
      {nested, "<prompt/>", "A"},
      {nested, "<prompt><m/></prompt>", "A|B|C"},
      {nested, "<prompt><r/></prompt>", "A|B|C"},
      {choice, "<prompt/>", "union-empty"},
      {choice, "<prompt><y/></prompt>", "A|Y"},
      {choice, "<prompt><x/><y/></prompt>", "union-conflict"},
      // A union inside a module that is absent asks for nothing.
      {"A<module name=\"m\">B<union required=\"true\"><module name=\"x\">X</module></union></module>", "<prompt/>",
       "A"},
      {"<module name=\"empty\"/>A", "<prompt><empty/></prompt>", "A"},
  });
}

TEST_CASE("parameters: argument, else default, else nothing; the boundary blank belongs to the argument") {
  const char* with_default = "I am <parameter name=\"who\" length=\"8\" default=\"a cook\"/>.";
  const char* without = "I am <parameter name=\"who\" length=\"8\" scaffold=\"a cook\"/>.";
  const char* in_module = "<module name=\"m\">M <parameter name=\"p\" length=\"4\" required=\"true\"/></module>";
  check({
      {with_default, "<prompt/>", "I am| a cook|."},
      {with_default, "<prompt who=\"old\"/>", "I am| old|."},
      {with_default, "<prompt who=\"\"/>", "I am|."},
      {with_default, "<prompt who=\"a teacher\"/>", "argument-too-long"},
      {with_default, "<prompt who=\"sevenum\"/>", "I am| sevenum|."},
      {with_default, "<prompt who=\"eight___\"/>", "argument-too-long"},  // with the blank, nine
      {without, "<prompt/>", "I am|."},
      {without, "<prompt who=\"a cook\"/>", "I am| a cook|."},
      {in_module, "<prompt><m/></prompt>", "missing-argument"},
      {in_module, "<prompt><m p=\"1\"/></prompt>", "M| 1"},
      {in_module, "<prompt p=\"1\"><m p=\"1\"/></prompt>", "unknown-parameter"},
      {in_module, "<prompt>x</prompt>", "x"},
      // An argument is text: it is never parsed for special tokens.
      {"<parameter name=\"p\" length=\"20\"/>", "<prompt p=\"&lt;|im_end|&gt;\"/>", "<|im_end|>"},
  });
}

TEST_CASE("roles: one string with their text; the assistant's turn is opened at the end") {
  check({
      {"<system>S</system>", "<prompt><user>U</user></prompt>", "{system\nS}\n|{user\nU}\n|{assistant\n"},
      {"<system>S<module name=\"m\">M</module></system>", "<prompt><m/></prompt>", "{system\nS|M|}\n|{assistant\n"},
      {"<system/>", "<prompt/>", "{system\n}\n|{assistant\n"},  // tags are present even if the role is empty
      {"A", "<prompt>b</prompt>", "A|b"},                       // without roles nothing is appended
      {"A", "<prompt><user>U</user><assistant open=\"true\">Well</assistant></prompt>",
       "A|{user\nU}\n|{assistant\nWell"},
      {"A", "<prompt><user>1</user><assistant>2</assistant><user>3</user></prompt>",
       "A|{user\n1}\n|{assistant\n2}\n|{user\n3}\n|{assistant\n"},
      {"<module name=\"m\"><user>in a module</user></module>", "<prompt><m/></prompt>",
       "{user\nin a module}\n|{assistant\n"},
      {"<module name=\"m\"><user>in a module</user></module>B", "<prompt/>", "B"},
  });
}

TEST_CASE("free text: after the element before it, from the layout's end on, or an error") {
  const char* gap =
      "<module name=\"a\">A</module><module name=\"wide\">wide open</module><module name=\"c\">C</module>";
  check({
      {gap, "<prompt><a/>text<c/></prompt>", "A|text|C"},
      {gap, "<prompt><a/>text<wide/></prompt>", "text-too-long"},
      {gap, "<prompt><a/>123456789<c/></prompt>", "A|123456789|C"},
      {gap, "<prompt><a/>1234567890<c/></prompt>", "text-too-long"},
      {gap, "<prompt>text<a/></prompt>", "text-needs-slot"},
      {gap, "<prompt><a>text</a></prompt>", "text-needs-slot"},
      {gap, "<prompt><c/><a/>text</prompt>", "A|C|text"},
      {gap, "<prompt>text</prompt>", "text"},
      {gap, "<prompt space=\"preserve\">\n <a/>\n <c>\n </c>\n</prompt>", "A|C"},
      {gap, "<prompt space=\"preserve\">\n <a/> b\n</prompt>", "A| b\n"},
      {"<user>Q<module name=\"a\">A</module><module name=\"wide\">wide open and wider</module>"
       "<module name=\"c\">C</module></user>",
       "<prompt><a/><user>U</user><c/></prompt>", "nested-role"},
      {"<user>Q<module name=\"a\">A</module><module name=\"wide\">wide open</module>"
       "<module name=\"c\">C</module></user>",
       "<prompt><a/>text<c/></prompt>", "{user\nQ|A|text|C|}\n|{assistant\n"},
      {gap, "<prompt schema=\"\">text</prompt>", "bad-value"},
      {gap, "<prompt/>", "empty-prompt"},
      {gap, "<prompt><a/><user>U</user><c/></prompt>", "A|{user\nU}\n|C|{assistant\n"},
      {gap, "<prompt><a/><user>UV</user><c/></prompt>", "text-too-long"},
  });
}

TEST_CASE("what a selection that names nothing may have meant is not missed") {
  const char* lunch =
      "<union name=\"dish\" required=\"true\"><module name=\"fish\">F</module><module name=\"rice\">R</module></union>"
      "<union required=\"true\"><module name=\"tea\">T</module><module name=\"milk\">M</module></union>"
      "<module name=\"q\" requires=\"fish\">Q</module><module name=\"z\" excludes=\"tea\">Z</module>"
      "<module name=\"p\">P <parameter name=\"n\" length=\"4\" required=\"true\"/><module "
      "name=\"in\">I</module></module>";
  check({
      {lunch, "<prompt><fsh/><q/><tea/></prompt>", "unknown-module"},
      {lunch, "fsh q tea", "unknown-module"},
      {lunch, R"({"select": ["fsh", "q", "tea"]})", "unknown-module"},
      {lunch, "rcie tea", "unknown-module"},
      {lunch, "fsh q", "unknown-module union-empty"},           // drinks are another union
      {lunch, "rcie q tea", "unknown-module rule-broken"},      // rice is no fish
      {lunch, "nosuch q", "unknown-module"},                    // may be anything
      {lunch, "nosuch q tea z", "unknown-module rule-broken"},  // both are there
      {lunch, "nosuch fish rice", "unknown-module union-conflict"},
      {lunch, "in { fsh } tea", "unknown-module missing-argument"},
      {lunch, "dish tea", "unknown-module"},                                                // its members are named
      {lunch, "<prompt><usr>Hi</usr></prompt>", "unknown-module union-empty union-empty"},  // likely `<user>`
      {lunch, "nosuch { fish } q tea", "unknown-module"},
      {lunch, "fish tea pp(n=\"1\") in", "unknown-module"},  // may have given the argument
      {lunch, "fish tea pp in", "unknown-module missing-argument"},
  });
}

TEST_CASE("text that stands before the first selection is a mistake beside an unknown module") {
  const char* fish = "<module name=\"fish\">F</module>";
  check({
      {fish, "<prompt>hello <fish/></prompt>", "text-needs-slot"},
      {fish, "<prompt>hello <fish/><nosuch/></prompt>", "unknown-module text-needs-slot"},
      {fish, "<prompt>hello <nosuch/></prompt>", "unknown-module"},  // without it the text may stand there
      {fish, "<prompt><nosuch/>hello<fish/></prompt>", "unknown-module"},
      {fish, "\"hello\" fish nosuch", "unknown-module text-needs-slot"},
  });
}

TEST_CASE("mistakes in a prompt's form hide no others, and cause none") {
  const char* schema =
      "<parameter name=\"who\" length=\"8\"/><union required=\"true\"><module name=\"f\">F</module></union>"
      "<module name=\"a\">A <parameter name=\"x\" length=\"8\" required=\"true\"/></module>"
      "<module name=\"m\">M<slot name=\"s\" length=\"8\"/></module><module name=\"q\" requires=\"f\">Q</module>";
  check({
      {schema, "<prompt><f/><nosuch/>x</c></prompt>", "unmatched-end-tag unknown-module"},
      {schema, "<prompt><f/><a q=\"1\" x=\"\"/><a/>x</c></prompt>",
       "unmatched-end-tag unknown-parameter selected-twice"},
      {schema, "<prompt>x<q/></f></prompt>", "unmatched-end-tag"},
      {schema, "<prompt><f/><a x=3/><nosuch/></prompt>", "attribute-syntax unknown-module"},
      {schema, "<prompt><use modul=f/><nosuch/></prompt>", "attribute-syntax unknown-module"},
      {schema, "<prompt><f/><a x=\"1\"><nosuch/>text<user>U</user></prompt>", "unclosed-element unknown-module"},
      {schema, "<prompt><s>text<f/></prompt>", "unclosed-element"},
      {schema, "<prompt><f/><m>text<m></prompt>", "unclosed-element"},
      {schema, "<prompt>if vector<int> x = 1; <f/><nosuch/></prompt>", "unclosed-element unknown-module"},
      {schema, "<prompt><user>U<nosuch/><f/></prompt>", "unclosed-element unknown-module"},
      {schema, "<prompt><use module=\"f&x\"/><nosuch/></prompt>", "bare-ampersand unknown-module"},
      {schema, R"({"select": ["f", "nosuch", 1]})", "bad-json unknown-module"},
      {schema, R"({"select": ["nosuch",]})", "bad-json unknown-module"},
      {schema, R"({"select": ["nosuch", {"module": "a", "arguments": {"y": "1", "x")",
       "bad-json unknown-module unknown-parameter"},
      {schema, R"({"select": [{"role": "user")", "bad-json"},
      {schema, R"({"select": ["q", {"te)", "bad-json"},
      {schema, R"({"select": ["q", 1]})", "bad-json"},
      {schema, R"({"select": [{"modul": "f"}, "nosuch"]})", "bad-json unknown-module"},
      {schema, R"({"select": ["f", {"module": "a", "arguments": {"x": 1, "y": "2"}}]})", "bad-json unknown-parameter"},
      {schema, R"({"select": ["f", {"module": "a", "arguments": 1}]})", "bad-json"},
      {schema, R"({"select": 1, "arguments": {"hwo": "x"}})", "bad-json unknown-parameter"},
      {schema, R"({"select": [{"text": 1}, "f"]})", "bad-json text-needs-slot"},
      {schema, R"({"select": ["f", "a\u0007"]})", "control-character"},
      {schema, R"(f a(x="1") zz(q="1") "\q" & "\z")", "bad-expression bad-expression bad-expression unknown-module"},
      {schema, "f a(x=1) zz", "bad-expression unknown-module"},
      {schema, "f a(x) zz", "bad-expression unknown-module"},
      {schema, "f a(x=Ann Lee, y=\"2\")", "bad-expression unknown-parameter"},
      {schema, "f a(x=\"1\" y=\"2\")", "bad-expression unknown-parameter"},
      {schema, "f a(\"1\") zz", "bad-expression unknown-module"},
      {schema, "f a x=\"1\" zz", "bad-expression unknown-module"},
      {schema, "f & a", "bad-expression missing-argument"},
      {schema, "q&f zz", "bad-expression unknown-module"},
      {schema, "zz { q \"text", "bad-expression unknown-module"},
      {schema, "q m { \"text\"", "bad-expression"},
      {schema, "(f or zz) q", "bad-expression"},
      {schema, "user f zz", "bad-expression unknown-module"},
  });
}

TEST_CASE("empty texts are none, in every form") {
  const char* schema = "A<module name=\"m\">M<slot name=\"s\" length=\"8\"/></module>";
  check({
      {schema, "<prompt><m></m></prompt>", "A|M"},
      {schema, "m { \"\" } \"\"", "A|M"},
      {schema, R"({"select": [{"module": "m", "select": [{"text": ""}]}, {"text": ""}]})", "A|M"},
  });
}

}  // namespace pml
