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
using compiler::kNone;
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
  return condition && !condition->is_broken ? grouping(*condition) : "wrong";
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

TEST_CASE("a guaranteed context has what modules require that are always there") {
  const Compiled always(
      R"(<schema name="s" space="preserve"><module name="b">bb</module>)"
      R"(<module name="r" required="true" requires="b">rr</module><module name="e">e</module></schema>)",
      ContextKind::guaranteed);
  CHECK(always.context_of("e") == "bbrr");
  const Compiled inside(R"(<schema name="s" space="preserve"><module name="q">qq</module><module name="p">pp)"
                        R"(<module name="r" required="true" requires="q">rr</module></module>)"
                        R"(<module name="e" requires="p">e</module></schema>)",
                        ContextKind::guaranteed);
  CHECK(inside.context_of("e") == "qqpprr");
}

TEST_CASE("stand-ins give way to a scaffold that their rules exclude") {
  const Compiled compiled(
      R"(<schema name="s" space="preserve"><scaffold modules="a b"/><union>)"
      R"(<module name="x" excludes="b">xx</module><module name="y">yy</module></union>)"
      R"(<module name="a">aa</module><module name="b">bb</module><module name="c">c</module></schema>)",
      ContextKind::typical);
  CHECK(compiled.num_artifacts("c") == 2);
  CHECK(compiled.context_of("c", 0) == "xx");
  CHECK(compiled.context_of("c", 1) == "yyaabb");
}

TEST_CASE("no stand-in is in the context of what excludes it together with what is always there") {
  const Compiled compiled(R"(<schema name="s" space="preserve"><union><module name="x" excludes="r and c">xx</module>)"
                          R"(<module name="y">yy</module></union><module name="r" required="true">rr</module>)"
                          R"(<module name="c">c</module></schema>)",
                          ContextKind::typical);
  CHECK(compiled.context_of("r") == "xx");
  CHECK(compiled.context_of("c") == "yyrr");
}

TEST_CASE("an alternative to what a module requires is not before it") {
  const Compiled compiled(R"(<schema name="s" space="preserve"><union><module name="d">dd</module>)"
                          R"(<module name="a">aa</module></union><module name="e" requires="d">e</module></schema>)",
                          ContextKind::adjacent);
  CHECK(compiled.num_artifacts("e") == 1);
  CHECK(compiled.context_of("e") == "dd");
}

TEST_CASE("companions of a pool keep its rules") {
  const Compiled compiled(
      R"(<schema name="s" layout="pack" space="preserve"><pool><module name="p" excludes="t">pp</module>)"
      R"(<module name="q" requires="u">qq</module><module name="r">rr</module>)"
      R"(<module name="t">tt</module><module name="u">uu</module></pool></schema>)");
  CHECK(compiled.context_of("t") == "rruu");
  CHECK(compiled.context_of("r") == "ppuu");
  const Compiled two(
      R"(<schema name="s" layout="pack" space="preserve"><pool><module name="p">pp</module><module name="q">qq</module>)"
      R"(<module name="r">rr</module></pool><module name="d" excludes="p and q">d</module></schema>)");
  CHECK(two.context_of("r") == "ppqq");
  CHECK(two.context_of("d") == "pprr");
}

TEST_CASE("no stand-in is in the context of what leaves a required union only members that exclude it") {
  const Compiled compiled(
      R"(<schema name="s" space="preserve"><union><module name="x">xx</module><module name="y">yy</module></union>)"
      R"(<module name="m" excludes="a">m</module><union required="true"><module name="a" excludes="y">aa</module>)"
      R"(<module name="b" excludes="x">bb</module><module name="c" excludes="x">cc</module></union>)"
      R"(<module name="n">n</module></schema>)",
      ContextKind::typical);
  CHECK(compiled.context_of("m") == "yy");
  CHECK(compiled.context_of("b") == "yy");
  CHECK(compiled.context_of("n") == "xxaa");
}

TEST_CASE("a neighbour is not before a stand-in whose rule it breaks") {
  const Compiled compiled(
      R"(<schema name="s" space="preserve"><union><module name="a">aa</module><module name="b">bb</module></union>)"
      R"(<module name="e">e</module><union><module name="c" requires="a">cc</module><module name="d">dd</module>)"
      R"(</union><module name="f">f</module></schema>)",
      ContextKind::adjacent);
  CHECK(compiled.num_artifacts("e") == 2);
  for (std::size_t i = 0; i < compiled.num_artifacts("f"); ++i) {
    const std::string context = compiled.context_of("f", i);
    CHECK((context.find("bb") == std::string::npos || context.find("cc") == std::string::npos));
  }
}

namespace {

/// Modules a to k: three in a union, others in modules, two of them perhaps in a union there; with or without rules.
class RandomSchema {
 public:
  explicit RandomSchema(std::uint64_t seed) : random_(seed) {}

  std::string make() {
    const bool has_pool = below(3) == 0;
    std::string text = "<schema name=\"s\" space=\"preserve\"" + std::string(has_pool ? " layout=\"pack\">" : ">");
    for (int i = 0; i < 2; ++i) {
      if (below(2) == 0) text += "<scaffold modules=\"" + name() + " " + name() + "\"/>";
    }
    const std::size_t union_at = below(3);
    for (std::size_t i = 0; i < 5; ++i) {
      if (i == union_at) {
        text += one_of(module("a", "") + module("b", below(2) == 0 ? module("h", "", below(2) == 0) : "") +
                       module("c", ""));
      } else if (i == union_at + 1 && has_pool) {
        text += "<pool>" + module("l", "") + module("m", "") + module("n", "") + "</pool>";
      } else if (i == 4) {
        std::string inner = below(2) == 0 ? module("i", "", below(2) == 0) : "";
        if (below(2) == 0) inner += one_of(module("j", "") + module("k", ""));
        text += module("g", inner, below(4) == 0);
      } else {
        text += module(std::string(1, static_cast<char>('d' + i - (i > union_at ? 1 : 0))), "", below(4) == 0);
      }
    }
    return text + "</schema>";
  }

  compiler::Standins standins(const compiler::Layout& layout) {
    compiler::Standins standins = choose_standins(layout);
    if (below(2) == 0) return standins;
    for (std::size_t id = 1; id < layout.elements.size(); ++id) {
      const compiler::Element& element = layout.elements[id];
      if (element.kind == compiler::ElementKind::module) {
        const bool is_member = layout.elements[element.parent].kind == compiler::ElementKind::alternatives;
        standins.likely[id] = !element.required && !is_member && below(2) == 0;
      } else if (element.kind == compiler::ElementKind::alternatives) {
        standins.members[id] = element.contents[below(element.contents.size())].id;
      }
    }
    return standins;
  }

 private:
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(random_() % count); }
  std::string name() { return std::string(1, "abcdefgjklmn"[below(2) == 0 ? below(7) : below(12)]); }

  std::string rule(int depth) {
    const std::size_t kind = depth > 2 ? 0 : below(4);
    if (kind == 0) return name();
    if (kind == 1) return "not " + name();
    return "(" + rule(depth + 1) + (kind == 2 ? " and " : " or ") + rule(depth + 1) + ")";
  }

  std::string one_of(const std::string& members) {
    return "<union" + std::string(below(3) == 0 ? " required=\"true\"" : "") + ">" + members + "</union>";
  }

  std::string module(const std::string& its_name, const std::string& inner, bool is_required = false) {
    std::string text = "<module name=\"" + its_name + "\"";
    if (is_required) text += " required=\"true\"";
    if (below(4) == 0) text += " requires=\"" + rule(0) + "\"";
    if (below(4) == 0) text += " excludes=\"" + rule(1) + "\"";
    return text + ">" + its_name + inner + "</module>";
  }

  std::mt19937_64 random_;
};

/// By element of the layout: is the module present?
using Present = std::vector<bool>;

/// Every prompt that the schema allows.
std::vector<Present> every_prompt(const compiler::Layout& layout, const compiler::Rules& rules) {
  std::vector<compiler::ElementId> modules;
  for (std::size_t id = 1; id < layout.elements.size(); ++id) {
    if (layout.elements[id].kind == compiler::ElementKind::module) {
      modules.push_back(static_cast<compiler::ElementId>(id));
    }
  }
  std::vector<Present> prompts;
  for (std::uint32_t bits = 0; bits < (1U << modules.size()); ++bits) {
    Present is_present(layout.elements.size(), false);
    is_present[0] = true;
    for (std::size_t i = 0; i < modules.size(); ++i) is_present[modules[i]] = (bits >> i & 1) != 0;
    bool is_legal = true;
    for (std::size_t i = 0; i < layout.elements.size() && is_legal; ++i) {
      const auto& element = layout.elements[i];
      const auto id = static_cast<compiler::ElementId>(i);
      if (element.kind == compiler::ElementKind::alternatives) {
        const auto count = std::ranges::count_if(
            element.contents, [&](const compiler::Content& member) { return bool{is_present[member.id]}; });
        is_legal = count <= 1 && (count == 1 || !element.required || !is_present[layout.scope_of(id)]);
      } else if (element.kind == compiler::ElementKind::module) {
        const bool has_to = element.required && is_present[layout.scope_of(id)];
        is_legal = is_present[i] ? is_present[layout.scope_of(id)] && rules.holds(id, is_present) : !has_to;
      }
    }
    if (is_legal) prompts.push_back(std::move(is_present));
  }
  return prompts;
}

}  // namespace

TEST_CASE("what is called impossible no prompt has, and contexts hold what some prompt has") {
  int num_impossible = 0;
  int num_scaffolds = 0;
  int num_contexts = 0;
  for (int round = 0; round < 5000; ++round) {
    RandomSchema random_schema(static_cast<std::uint64_t>(round));
    const std::string schema = random_schema.make();
    grammar::SourceSet sources;
    grammar::Diagnostics diagnostics;
    const auto parsed = parse_schema(sources.add("schema.pml", schema), sources, {}, diagnostics);
    REQUIRE(parsed);
    const compiler::Layout layout = lay_out(*parsed, test::byte_encoder(), 0, diagnostics);
    const compiler::Names names(layout);
    const auto scaffolds = resolve_scaffolds(*parsed, layout, names, diagnostics);
    const compiler::Rules rules(layout, names, diagnostics);
    const std::size_t num_said = diagnostics.list().size();  // alternatives in a scaffold, a module named twice
    const std::vector<Present> prompts = every_prompt(layout, rules);
    const auto some_prompt_has = [&](const std::vector<compiler::ElementId>& modules) {
      return std::ranges::any_of(prompts, [&](const Present& is_present) {
        return std::ranges::all_of(modules, [&](compiler::ElementId id) { return bool{is_present[id]}; });
      });
    };
    rules.check(scaffolds, diagnostics);
    INFO("round " << round << ": " << schema << "\n" << render(diagnostics, sources));

    bool is_none = false;
    std::vector<std::string> named;
    std::vector<grammar::Place> impossible_scaffolds;
    for (std::size_t i = num_said; i < diagnostics.list().size(); ++i) {
      const auto& diagnostic = diagnostics.list()[i];
      if (diagnostic.kind == grammar::DiagnosticKind::scaffold_conflict) {
        impossible_scaffolds.push_back(diagnostic.place);
      }
      if (diagnostic.kind != grammar::DiagnosticKind::impossible_rule) continue;
      is_none = is_none || diagnostic.message.starts_with("no prompt can keep");
      named.push_back(std::string(sources.text(diagnostic.place)));
    }
    CHECK(is_none == prompts.empty());
    if (prompts.empty()) continue;
    bool is_any_impossible = false;
    for (std::size_t id = 1; id < layout.elements.size(); ++id) {
      const auto& element = layout.elements[id];
      if (element.kind != compiler::ElementKind::module) continue;
      const bool is_possible = some_prompt_has({static_cast<compiler::ElementId>(id)});
      const bool is_named = std::ranges::find(named, element.name) != named.end();
      is_any_impossible = is_any_impossible || !is_possible;
      num_impossible += is_named ? 1 : 0;
      INFO("module " << element.path);
      // One that stands in another or requires one need not be named beside it.
      if (is_named ||
          (!element.requirement && !element.exclusion && layout.scope_of(static_cast<compiler::ElementId>(id)) == 0)) {
        CHECK(is_named == !is_possible);
      }
    }
    CHECK(is_any_impossible == !named.empty());
    if (is_any_impossible) continue;

    for (const compiler::Scaffold& scaffold : scaffolds) {
      if (num_said > 0) break;
      const bool is_said = std::ranges::find(impossible_scaffolds, scaffold.place) != impossible_scaffolds.end();
      CHECK(is_said == !some_prompt_has(scaffold.modules));
      num_scaffolds += is_said ? 1 : 0;
    }
    if (diagnostics.has_errors()) continue;

    const compiler::Standins standins = random_schema.standins(layout);
    for (const ContextKind kind : {ContextKind::guaranteed, ContextKind::typical, ContextKind::adjacent}) {
      const auto contexts = declare_contexts(layout, kind, standins, scaffolds);
      for (std::size_t segment = 0; segment < layout.segments.size(); ++segment) {
        const compiler::ElementId owner = layout.segments[segment].element;
        REQUIRE((contexts.artifacts[segment].size() > 0 || owner == kNone));
        for (const compiler::DeclaredArtifact& artifact : contexts.artifacts[segment]) {
          std::vector<compiler::ElementId> modules;
          for (const auto node : contexts.chain(artifact.node)) {
            modules.push_back(layout.segments[contexts.nodes[node].segment].element);
          }
          ++num_contexts;
          std::string chain;
          for (const auto module : modules) chain += layout.elements[module].path + " ";
          INFO(to_string(kind) << ": " << chain);
          CHECK(some_prompt_has(modules));
          if (kind != ContextKind::guaranteed || artifact.scaffold != kNone) continue;
          for (const Present& is_present : prompts) {
            if (!is_present[owner]) continue;
            CHECK(std::ranges::all_of(modules, [&](compiler::ElementId id) { return bool{is_present[id]}; }));
          }
        }
      }
    }
  }
  CHECK(num_impossible > 100);
  CHECK(num_scaffolds > 10);
  CHECK(num_contexts > 5'000);
}

}  // namespace pml
