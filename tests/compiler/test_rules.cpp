// The attributes `requires` and `excludes`: what prompts are refused, and what contexts follow.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "compiler/rules.h"
#include "compiler/standins.h"
#include "grammar/expression.h"
#include "support/compiled.h"

namespace pml {
namespace {

using ast::ContextKind;
using test::Compiled;

/// The condition as it reads with all parentheses.
std::string grouping(const ast::Condition& condition) {
  using Kind = ast::Condition::Kind;
  if (condition.kind == Kind::module) return condition.module.text;
  std::string text;
  for (const ast::Condition& term : condition.terms) {
    text += (text.empty() ? "" : condition.kind == Kind::all ? "&" : "|") + grouping(term);
  }
  return (condition.kind == Kind::no ? "!" : "") + ("(" + text + ")");
}

std::string read(const std::string& text, ast::Condition::Kind joined_by = ast::Condition::Kind::all) {
  grammar::SourceSet sources;
  grammar::Diagnostics diagnostics;
  const auto source = sources.add("rule", text);
  const auto condition =
      parse_condition({source, 0, static_cast<std::uint32_t>(text.size())}, joined_by, sources, diagnostics);
  return condition ? grouping(*condition) : "wrong";
}

}  // namespace

TEST_CASE("in rules `not` binds more than `and`, and `and` more than `or`") {
  CHECK(read("a") == "a");
  CHECK(read("a and b or c and not d") == "((a&b)|(c&!(d)))");
  CHECK(read("a and (b or c)") == "(a&(b|c))");
  CHECK(read("not not a") == "!(!(a))");
  CHECK(read("a b/c and d") == "(a&(b/c&d))");
  CHECK(read("a b", ast::Condition::Kind::any) == "(a|b)");
  CHECK(read("android or notes") == "(android|notes)");  // no words of the language
  CHECK(read("`and` and `or`") == "(and&or)");
  CHECK(read("\t( a )\n") == "a");
  CHECK(read("a and") == "wrong");
  CHECK(read(std::string(200, '(') + "a" + std::string(200, ')')) == "wrong");
}

TEST_CASE("a guaranteed context has what a module requires, and what that requires") {
  const std::string schema = R"(<schema name="s" space="preserve">A<module name="x">xx</module>)"
                             R"(<module name="o">o</module><module name="b">bb</module>)"
                             R"(<module name="e" requires="b and x">ee</module><module name="f">f</module></schema>)";
  const Compiled compiled(schema, ContextKind::guaranteed);
  CHECK(compiled.context_of("b") == "A");
  CHECK(compiled.context_of("e") == "Axxbb");
  CHECK(compiled.context_of("f") == "A");
  const Compiled chain(
      R"(<schema name="s" space="preserve">A<module name="x">xx</module>)"
      R"(<module name="b" requires="x">bb</module><module name="e" requires="b">e<module name="i">i</module>)"
      R"(</module></schema>)",
      ContextKind::guaranteed);
  CHECK(chain.context_of("b") == "Axx");
  CHECK(chain.context_of("e") == "Axxbb");
  CHECK(chain.context_of("e/i") == "Axxbbe");
}

TEST_CASE("what stands behind a module that is required has seen it") {
  const Compiled compiled(R"(<schema name="s" space="preserve">A<module name="x">xx</module>B)"
                          R"(<module name="e" requires="x">e</module></schema>)",
                          ContextKind::guaranteed);
  CHECK(compiled.context_of("e") == "AxxB");
}

TEST_CASE("what only may be there is in no guaranteed context") {
  const Compiled compiled(
      R"(<schema name="s" space="preserve">A<module name="x">xx</module><module name="y">yy</module>)"
      R"(<module name="e" requires="x or y">e</module><module name="f" requires="not x">f</module></schema>)",
      ContextKind::guaranteed);
  CHECK(compiled.context_of("e") == "A");
  CHECK(compiled.context_of("f") == "A");
}

TEST_CASE("a required member of a union is there in place of the stand-in") {
  Compiled compiled(
      R"(<schema name="s" space="preserve"><union><module name="b">bb</module><module name="c">cc</module>)"
      R"(</union><module name="e" requires="c">e</module><module name="f">f</module></schema>)");
  CHECK(compiled.context_of("e") == "cc");
  CHECK(compiled.context_of("f") == "bb");
  CHECK(test::segment_of(compiled.plan(R"(<prompt schema="s"><c/><e/><f/></prompt>)"), "e").exact);
}

TEST_CASE("no stand-in is in the context of what excludes it") {
  const std::string unions = R"(<schema name="s" space="preserve"><union><module name="b">bb</module>)"
                             R"(<module name="c">cc</module></union><union><module name="d" excludes="b">dd</module>)"
                             R"(<module name="e">ee</module></union><module name="f" excludes="b c">f</module>)"
                             R"(<module name="g" requires="not e">g</module></schema>)";
  const Compiled compiled(unions);
  CHECK(compiled.context_of("d") == "cc");
  CHECK(compiled.context_of("e") == "bb");
  CHECK(compiled.context_of("f") == "ee");  // d does not go with b, so e stands in for its union
  CHECK(compiled.context_of("g") == "bb");  // d would, if it could
  const Compiled adjacent(unions, ContextKind::adjacent);
  for (std::size_t i = 0; i < adjacent.num_artifacts("d"); ++i)
    CHECK(adjacent.context_of("d", i).find('b') == std::string::npos);
  for (std::size_t i = 0; i < adjacent.num_artifacts("g"); ++i)
    CHECK(adjacent.context_of("g", i).find('e') == std::string::npos);
}

TEST_CASE("a scaffold is left out where a rule excludes one of its modules") {
  const Compiled compiled(
      R"(<schema name="s" space="preserve"><module name="b">bb</module><module name="c">cc</module>)"
      R"(<module name="f" excludes="b">f</module><module name="g">g</module>)"
      R"(<scaffold modules="b c"/></schema>)",
      ContextKind::guaranteed);
  CHECK(compiled.num_artifacts("f") == 1);
  CHECK(compiled.num_artifacts("g") == 2);
  CHECK(compiled.context_of("g", 1) == "bbcc");
}

TEST_CASE("companions of a pool keep its rules") {
  const Compiled compiled(
      R"(<schema name="s" layout="pack" space="preserve"><pool><module name="p" excludes="t">pp</module>)"
      R"(<module name="q" requires="u">qq</module><module name="r">rr</module>)"
      R"(<module name="t">tt</module><module name="u">uu</module></pool></schema>)");
  CHECK(compiled.context_of("t") == "rruu");
  CHECK(compiled.context_of("r") == "ppuu");
}

TEST_CASE("what the solver calls impossible no prompt has, and what it calls possible some has") {
  std::mt19937_64 random(7);
  const auto below = [&](std::size_t count) { return static_cast<std::size_t>(random() % count); };
  constexpr std::size_t kModules = 7;
  const auto name = [](std::size_t i) { return std::string(1, static_cast<char>('a' + i)); };
  int num_impossible = 0;
  for (int round = 0; round < 300; ++round) {
    std::string schema = "<schema name=\"s\">";
    const auto rule = [&](const auto& self, int depth) -> std::string {
      const std::size_t kind = depth > 2 ? 0 : below(4);
      if (kind == 0) return name(below(kModules));
      if (kind == 1) return "not " + name(below(kModules));
      return "(" + self(self, depth + 1) + (kind == 2 ? " and " : " or ") + self(self, depth + 1) + ")";
    };
    for (std::size_t i = 0; i < kModules; ++i) {
      if (i == 0) schema += "<union>";
      if (i == 3) schema += "</union>";
      schema += "<module name=\"" + name(i) + "\"";
      if (i > 3 && below(4) == 0) schema += " required=\"true\"";
      if (below(2) == 0) schema += " requires=\"" + rule(rule, 0) + "\"";
      if (below(3) == 0) schema += " excludes=\"" + rule(rule, 1) + "\"";
      schema += "/>";
    }
    schema += "</schema>";

    grammar::SourceSet sources;
    grammar::Diagnostics diagnostics;
    const auto parsed = parse_schema(sources.add("schema.pml", schema), sources, {}, diagnostics);
    REQUIRE(parsed);
    const compiler::Layout layout = lay_out(*parsed, test::byte_encoder(), 0, diagnostics);
    const compiler::Names names(layout);
    const compiler::Rules rules(layout, names, diagnostics);
    REQUIRE_FALSE(diagnostics.has_errors());
    rules.check(diagnostics);

    // Every prompt there is.
    std::vector<bool> is_possible(layout.elements.size(), false);
    for (std::uint32_t bits = 0; bits < (1U << kModules); ++bits) {
      std::vector<bool> is_present(layout.elements.size(), false);
      std::size_t next = 0;
      std::size_t num_members = 0;
      bool is_legal = true;
      for (std::size_t id = 1; id < layout.elements.size(); ++id) {
        const auto& element = layout.elements[id];
        if (element.kind != compiler::ElementKind::module) continue;
        is_present[id] = (bits >> next++ & 1) != 0;
        is_legal = is_legal && (is_present[id] || !element.required);
        num_members += is_present[id] && element.parent != 0 ? 1 : 0;
      }
      is_legal = is_legal && num_members <= 1;
      for (std::size_t id = 1; id < is_present.size() && is_legal; ++id) {
        is_legal = !is_present[id] || rules.holds(static_cast<compiler::ElementId>(id), is_present);
      }
      if (!is_legal) continue;
      is_possible[0] = true;
      for (std::size_t id = 0; id < is_present.size(); ++id) is_possible[id] = is_possible[id] || is_present[id];
    }

    INFO(schema << "\n" << render(diagnostics, sources));
    std::vector<std::string> impossible;
    bool is_none = false;
    for (const auto& diagnostic : diagnostics.list()) {
      if (diagnostic.kind != grammar::DiagnosticKind::impossible_rule) continue;
      is_none = is_none || diagnostic.message.starts_with("no prompt can keep");
      impossible.push_back(std::string(sources.text(diagnostic.place)));
    }
    CHECK(is_none == !is_possible[0]);
    if (is_none) continue;
    for (std::size_t id = 1; id < layout.elements.size(); ++id) {
      const auto& element = layout.elements[id];
      if (element.kind != compiler::ElementKind::module) continue;
      const bool has_rule = element.requirement || element.exclusion;
      const bool is_named = std::ranges::find(impossible, element.name) != impossible.end();
      num_impossible += is_named ? 1 : 0;
      if (is_named || has_rule) CHECK(is_named == !is_possible[id]);
    }
  }
  CHECK(num_impossible > 20);
}

}  // namespace pml
