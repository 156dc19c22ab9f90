// Typical contexts, scaffolds and repair, on schemas whose tokens are bytes.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "compiler/exactness.h"
#include "compiler/repair.h"
#include "compiler/sample.h"
#include "compiler/standins.h"
#include "grammar/write_prompt.h"
#include "support/compiled.h"

namespace pml {
namespace {

using ast::ContextKind;
using compiler::kNone;
using compiler::Plan;
using compiler::PlannedSegment;
using test::Compiled;
using test::modules_of;
using test::segment_of;
using test::sources_of;

constexpr const char* kUnions = R"(<schema name="s" space="preserve">A<union><module name="b">bb</module>)"
                                R"(<module name="c">ccc</module></union><union scaffold="e">)"
                                R"(<module name="d">dd</module><module name="e">ee</module></union>)"
                                R"(<module name="o">oo</module><module name="last">z</module></schema>)";

}  // namespace

TEST_CASE("in a typical context a member stands in for each union, and none for its siblings") {
  const Compiled compiled(kUnions);
  CHECK(compiled.context_of("b") == "A");
  CHECK(compiled.context_of("c") == "A");
  CHECK(compiled.context_of("d") == "Abb");
  CHECK(compiled.context_of("e") == "Abb");
  CHECK(compiled.context_of("o") == "Abbee");     // the author's stand-in
  CHECK(compiled.context_of("last") == "Abbee");  // an optional module is taken for absent
}

TEST_CASE("a module may promise that no unselected text touches it") {
  const Compiled compiled(R"(<schema name="s" space="preserve">A<union><module name="b">bb</module></union>)"
                          R"(<module name="g" context="guaranteed">gg</module>)"
                          R"(<module name="i" context="isolated">ii</module><module name="t">tt</module></schema>)");
  CHECK(compiled.context_of("g") == "A");
  CHECK(compiled.context_of("i") == "");
  CHECK(compiled.context_of("t") == "Abb");
}

TEST_CASE("stand-ins in nested unions are those of the member that they are in") {
  const Compiled compiled(R"(<schema name="s" space="preserve"><union><module name="b">b<union>)"
                          R"(<module name="x">x</module><module name="y">y</module></union>!</module>)"
                          R"(<module name="c">c<union><module name="u">u</module></union>?</module></union>)"
                          R"(<module name="z">z</module></schema>)");
  CHECK(compiled.context_of("b/y") == "b");
  CHECK(compiled.context_of("c/u") == "c");
  CHECK(compiled.context_of("z") == "bx!");
}

TEST_CASE("modules of a pool are encoded after companions") {
  const Compiled compiled(R"(<schema name="s" layout="pack" space="preserve">A<pool><module name="p">pp</module>)"
                          R"(<module name="q">qq</module><module name="r">rr</module><module name="t">tt</module>)"
                          R"(<module name="u">uu</module>)"
                          R"(</pool><module name="z">z</module></schema>)");
  CHECK(compiled.context_of("p") == "Aqqrrtt");
  CHECK(compiled.context_of("q") == "Apprrtt");
  CHECK(compiled.context_of("r") == "Appqqtt");
  CHECK(compiled.context_of("t") == "Appqqrr");
  CHECK(compiled.context_of("u") == "Appqqrr");
  CHECK(compiled.context_of("z") == "Appqqrr");
}

TEST_CASE("companions keep the order that a pool prescribes") {
  const Compiled compiled(
      R"(<schema name="s" layout="pack" space="preserve">A<pool><module name="p" after="t">pp</module>)"
      R"(<module name="q" after="u">qq</module><module name="r">rr</module>)"
      R"(<module name="t">tt</module><module name="u">uu</module></pool></schema>)");
  CHECK(compiled.context_of("p") == "Aqqrrtt");  // of q and u only one, in the order of the schema
  CHECK(compiled.context_of("q") == "Apprruu");  // no t behind p
  CHECK(compiled.context_of("t") == "Aqqrr");    // neither p nor u
  CHECK(compiled.context_of("u") == "Apprr");
}

TEST_CASE("in adjacent contexts there is one artifact for every member of the union right before") {
  Compiled compiled(R"(<schema name="s" space="preserve">A<union><module name="b">bb</module>)"
                    R"(<module name="c">cc<union><module name="u">u</module><module name="v">v</module></union>?)"
                    R"(</module></union>;<union><module name="d">dd</module><module name="e">ee</module></union>)"
                    R"(<module name="z">zz</module></schema>)",
                    ContextKind::adjacent);
  CHECK(compiled.context_of("b") == "A");
  CHECK(compiled.context_of("d", 0) == "Abb;");
  CHECK(compiled.context_of("d", 1) == "Accu?;");
  CHECK(compiled.context_of("z", 0) == "Abb;dd");
  CHECK(compiled.context_of("z", 1) == "Abb;ee");
  const Plan plan = compiled.plan(R"(<prompt schema="s"><c><u/></c><e/><z/></prompt>)");
  CHECK(segment_of(plan, "e").exact);  // after its own neighbour
  CHECK(modules_of(plan, segment_of(plan, "z").ghosts) == std::vector<std::string>{"b"});
  CHECK_FALSE(segment_of(compiled.plan(R"(<prompt schema="s"><c><v/></c><e/></prompt>)"), "e").exact);
}

TEST_CASE("a companion that stands behind a module is at another distance, not lost") {
  Compiled compiled(R"(<schema name="s" layout="pack" space="preserve">A<pool><module name="p">pp</module>)"
                    R"(<module name="q">qq</module><module name="r">rr</module></pool></schema>)");
  const Plan plan = compiled.plan(R"(<prompt schema="s"><r/><q/><p/></prompt>)");
  const PlannedSegment& r = segment_of(plan, "r");
  CHECK(modules_of(plan, r.moved) == std::vector<std::string>{"", "p", "q"});  // the text before them is nearer
  CHECK(r.ghosts.empty());
  CHECK(r.dropped.empty());
  const PlannedSegment& p = segment_of(plan, "p");
  CHECK(modules_of(plan, p.moved) == std::vector<std::string>{"q", "r"});  // they have changed places
}

TEST_CASE("a prompt of stand-ins is exact") {
  Compiled compiled(kUnions);
  const Plan plan = compiled.plan(R"(<prompt schema="s"><b/><e/><last/></prompt>)");
  for (const PlannedSegment& segment : plan.segments) CHECK(segment.exact);
  const Plan other = compiled.plan(R"(<prompt schema="s"><c/><e/><last/></prompt>)");
  CHECK(segment_of(other, "c").exact);
  CHECK_FALSE(segment_of(other, "e").exact);
  CHECK(modules_of(other, segment_of(other, "e").ghosts) == std::vector<std::string>{"b"});
  CHECK(modules_of(other, segment_of(other, "e").dropped) == std::vector<std::string>{"c"});
}

TEST_CASE("prompts that were asked choose the stand-ins") {
  Compiled compiled(kUnions);
  const std::vector<compiler::Selection> asked{compiled.select(R"(<prompt schema="s"><c/><d/><o/></prompt>)"),
                                               compiled.select(R"(<prompt schema="s"><c/><o/></prompt>)"),
                                               compiled.select(R"(<prompt schema="s"><b/></prompt>)")};
  const compiler::Standins standins = choose_standins(compiled.layout(), asked);
  compiled.contexts = declare_contexts(compiled.layout(), ContextKind::typical, standins, {});
  CHECK(compiled.context_of("last") ==
        "Acccee"
        "oo");
  const auto choices = describe_standins(compiled.layout(), standins);
  CHECK(recall_standins(compiled.layout(), choices).members == standins.members);
  CHECK(recall_standins(compiled.layout(), choices).likely == standins.likely);
  const auto is_open = [&](const compiler::Standins& chosen) {
    return open_unions(compiled.layout(), chosen, ContextKind::typical).size();
  };
  CHECK(is_open(standins) == 1);  // of the other its author names a member
  CHECK(open_unions(compiled.layout(), standins, ContextKind::guaranteed).empty());
  auto measured = choices;
  measured[0].is_measured = true;
  CHECK(is_open(recall_standins(compiled.layout(), measured)) == 0);  // what was measured stays
  CHECK(describe_standins(compiled.layout(), recall_standins(compiled.layout(), measured)) == measured);

  // Another text elsewhere changes nothing; one in the union forgets the choice.
  std::string edited = kUnions;
  edited.replace(edited.find(">z<"), 3, ">zzz<");
  const Compiled elsewhere(edited);
  CHECK(recall_standins(elsewhere.layout(), choices).members == standins.members);
  edited.replace(edited.find(">bb<"), 4, ">bbb<");
  const Compiled inside(edited);
  CHECK(recall_standins(inside.layout(), choices).members == choose_standins(inside.layout()).members);
}

TEST_CASE("a scaffold serves prompts that have its modules, and the one with most in common is taken") {
  Compiled compiled(R"(<schema name="s" space="preserve">A<union><module name="b">bb</module>)"
                    R"(<module name="c">cc</module></union><union><module name="d">dd</module>)"
                    R"(<module name="e">ee</module></union><module name="z">zz</module>)"
                    R"(<scaffold name="one" modules="c d"/><scaffold name="both" modules="c e"/></schema>)");
  const auto scaffold_of = [&](const Plan& plan) {
    const auto scaffold = segment_of(plan, "z").scaffold;
    return scaffold == kNone ? "" : compiled.contexts.scaffolds[scaffold].name;
  };
  CHECK(scaffold_of(compiled.plan(R"(<prompt schema="s"><b/><e/><z/></prompt>)")) == "");
  CHECK(scaffold_of(compiled.plan(R"(<prompt schema="s"><c/><e/><z/></prompt>)")) == "both");
  CHECK(segment_of(compiled.plan(R"(<prompt schema="s"><c/><e/><z/></prompt>)"), "z").exact);
}

TEST_CASE("joints are short texts between modules") {
  Compiled compiled(R"(<schema name="s" space="preserve"><union><module name="b">bb</module>)"
                    R"(<module name="c">cc</module></union>joint<module name="z">zz</module>)"
                    R"(<module name="end">e</module></schema>)");
  const Plan plan = compiled.plan(R"(<prompt schema="s"><c/><z/><end/></prompt>)", "joints");
  CHECK(sources_of(plan) == "ccrrrrrccl");
  const PlannedSegment& joint = segment_of(plan, "");
  CHECK(joint.exact);
  CHECK(joint.artifact == kNone);
  CHECK(joint.context.empty());
  CHECK_FALSE(segment_of(plan, "z").exact);
  // What is exact is never repaired.
  CHECK(sources_of(compiled.plan(R"(<prompt schema="s"><b/><z/><end/></prompt>)", "joints")) == "cccccccccl");
}

TEST_CASE("link recomputes the first tokens, and the rest of the segment does not see their old rows") {
  Compiled compiled(kUnions);
  const Plan plan = compiled.plan(R"(<prompt schema="s"><c/><e/><last/></prompt>)", "link:1");
  CHECK(sources_of(plan) == "ccccrcl");
  CHECK(segment_of(plan, "e").repaired == std::vector<std::int32_t>{0});
  CHECK(plan.num_repaired == 1);
  const Plan whole = compiled.plan(R"(<prompt schema="s"><c/><e/><last/></prompt>)", "link:9");
  CHECK(sources_of(whole) == "ccccrrl");
  CHECK(segment_of(whole, "e").artifact == kNone);
  CHECK(std::ranges::none_of(whole.segments, [](const PlannedSegment& segment) { return !segment.present; }));
}

TEST_CASE("ratio takes so many tokens of all, the best ones") {
  Compiled compiled(kUnions);
  const std::string prompt = R"(<prompt schema="s"><c/><e/><o/><last/></prompt>)";
  CHECK(compiled.plan(prompt, "ratio:0.25").num_repaired == 2);  // of 8
  CHECK(sources_of(compiled.plan(prompt, "ratio:0.25")) == "ccccrcrcl");
  compiler::Ranking ranking(compiled.contexts.nodes.size());
  ranking[segment_of(compiled.plan(prompt), "e").artifact] = {1.0F, 2.0F};
  ranking[segment_of(compiled.plan(prompt), "o").artifact] = {0.5F, 0.25F};
  const auto policy = *grammar::parse_repair_policy("ratio:0.25");
  CHECK(sources_of(repair(compiled.plan(prompt), compiled.layout(), policy, ranking)) == "ccccrrccl");
  CHECK(compiled.plan(prompt, "ratio:1").num_repaired == 4);
}

TEST_CASE("exact leaves nothing that is not, with and without a store") {
  for (const ContextKind kind : {ContextKind::isolated, ContextKind::guaranteed, ContextKind::typical}) {
    Compiled compiled(kUnions, kind);
    const std::string prompt = R"(<prompt schema="s"><c/><e/><o/><last/></prompt>)";
    const Plan computed = compiled.plan(prompt, "exact");
    for (const PlannedSegment& segment : computed.segments) CHECK((!segment.present || segment.exact));
    const auto num_declared = compiled.contexts.nodes.size();
    const Plan stored = serve_exactly(compiled.plan(prompt), compiled.layout(), compiled.contexts);
    for (const PlannedSegment& segment : stored.segments) CHECK((!segment.present || segment.exact));
    CHECK(stored.num_cached == static_cast<std::int32_t>(stored.rows.size()) - 1);
    // The same prompt again, and one that begins in the same way, find what is there.
    const auto num_nodes = compiled.contexts.nodes.size();
    CHECK(num_nodes > num_declared);
    serve_exactly(compiled.plan(prompt), compiled.layout(), compiled.contexts);
    serve_exactly(compiled.plan(R"(<prompt schema="s"><c/><e/></prompt>)"), compiled.layout(), compiled.contexts);
    CHECK(compiled.contexts.nodes.size() == num_nodes);
  }
}

TEST_CASE("a request's own text is in no stored context") {
  Compiled compiled(R"(<schema name="s" space="preserve">A<parameter name="p" length="4" default="x"/>)"
                    R"(<module name="z">zz</module><module name="end">e</module></schema>)");
  const Plan plan = serve_exactly(compiled.plan(R"(<prompt schema="s" p="y"><z/><end/></prompt>)"), compiled.layout(),
                                  compiled.contexts);
  CHECK(sources_of(plan) == "clrrl");
  for (const PlannedSegment& segment : plan.segments) CHECK((!segment.present || segment.exact));
  const Plan same =
      serve_exactly(compiled.plan(R"(<prompt schema="s"><z/><end/></prompt>)"), compiled.layout(), compiled.contexts);
  CHECK(sources_of(same) == "ccccl");
}

TEST_CASE("what is exact in every prompt is known without one") {
  const Compiled compiled(kUnions, ContextKind::guaranteed);
  const auto is_exact = find_always_exact(compiled.layout(), compiled.contexts);
  std::map<std::string, bool> by_module;
  for (std::size_t id = 0; id < is_exact.size(); ++id) {
    by_module[compiled.layout().elements[compiled.layout().segments[id].element].path] = is_exact[id];
  }
  CHECK(by_module ==
        std::map<std::string, bool>{
            {"", true}, {"b", true}, {"c", true}, {"d", false}, {"e", false}, {"last", false}, {"o", false}});
}

TEST_CASE("sampled prompts are right, and so is the worst one") {
  Compiled compiled(R"(<schema name="s" space="preserve">A<parameter name="p" length="4"/><union required="true">)"
                    R"(<module name="b">bb<parameter name="q" length="3" required="true"/></module>)"
                    R"(<module name="c">ccc<module name="o">o</module></module></union>)"
                    R"(<module name="r" required="true">r<module name="o">o</module></module></schema>)");
  std::mt19937_64 random(7);
  for (int i = 0; i < 50; ++i) {
    compiled.plan(grammar::to_xml(compiler::sample_prompt(compiled.layout(), compiled.encoder(), random)), "exact");
  }
  const Plan worst = compiled.plan(
      grammar::to_xml(worst_prompt(compiled.layout(), compiled.encoder(), choose_standins(compiled.layout()))));
  CHECK_FALSE(segment_of(worst, "r").exact);
}

}  // namespace pml
