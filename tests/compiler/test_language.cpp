// Slots, values, roles on modules, reserved room, files: from the document to the plan, with bytes as tokens.
#include <catch2/catch.hpp>
#include <fstream>

#include "compiler/recipe.h"
#include "support/compiled.h"
#include "support/golden.h"
#include "support/temporary_folder.h"

namespace pml {
namespace {

using ast::ContextKind;
using compiler::kNone;
using compiler::Plan;
using compiler::SegmentKind;
using test::Compiled;
using test::segment_of;
using test::text_of;

void write(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

/// Digests of everything that the schema declares.
std::vector<compiler::Digest> digests_of(const Compiled& compiled) {
  return chain_digests(compiled.layout(), compiled.contexts, compiler::Recipe());
}

}  // namespace

TEST_CASE("a slot is room for text in the middle") {
  Compiled compiled(R"(<schema name="s">Notes: <slot name="notes" length="10"/> End.</schema>)");
  const Plan empty = compiled.plan(R"(<prompt schema="s"/>)");
  CHECK(text_of(empty) == "Notes: End.");
  CHECK(empty.rows.back().position == 6 + 10 + 5 - 1);  // the room stays
  const Plan filled = compiled.plan(R"(<prompt schema="s"><notes>it rains</notes></prompt>)");
  CHECK(text_of(filled) == "Notes: it rains End.");
  const auto& text = filled.segments[1];
  CHECK(text.kind == SegmentKind::text);
  CHECK(text.first == 6);
  CHECK(text.artifact == kNone);
  CHECK(compiled.plan(R"(<prompt schema="s"><notes>it rains</notes></prompt>)").num_live == 9 + 1);
}

TEST_CASE("text in a selected module goes to its slot, blanks around it aside") {
  Compiled compiled(R"(<schema name="s"><module name="m">A <slot name="n" length="20"/> B</module></schema>)");
  CHECK(text_of(compiled.plan("<prompt schema=\"s\">\n  <m>\n    one\n    two\n  </m>\n</prompt>")) == "A one\ntwo B");
  CHECK(text_of(compiled.plan(R"(<prompt schema="s"><n>x</n></prompt>)")) == "A x B");  // brings its module
  CHECK(text_of(compiled.plan(R"(<prompt schema="s"><use module="m/n">x</use></prompt>)")) == "A x B");
}

TEST_CASE("a slot in a role holds text of that turn") {
  Compiled compiled(R"(<schema name="s"><user>Say: <slot name="n" length="9"/></user></schema>)");
  CHECK(text_of(compiled.plan(R"(<prompt schema="s"><n>hi</n></prompt>)")) == "[user\nSay: hi]\n[assistant\n");
}

TEST_CASE("each value of a parameter is compiled, as a union's member is") {
  Compiled compiled(
      R"(<schema name="s">Be <parameter name="tone" values="warm|brisk|cool" default="brisk"/>.</schema>)",
      ContextKind::adjacent);
  const auto& tone = compiled.layout().elements[1];
  CHECK(tone.end - tone.first == 6);  // of the longest, its blank included
  const Plan other = compiled.plan(R"(<prompt schema="s" tone="cool"/>)");
  CHECK(text_of(other) == "Be cool.");
  CHECK(other.segments[1].kind == SegmentKind::value);
  CHECK(other.segments[1].exact);
  CHECK(test::sources_of(other) == "cccccccl");
  CHECK(other.segments[2].exact);  // the text behind has seen that value, too
  CHECK(text_of(compiled.plan(R"(<prompt schema="s"/>)")) == "Be brisk.");
}

TEST_CASE("a parameter with values and no default may be left empty, and stands in with its first value") {
  Compiled compiled(R"(<schema name="s">Be <parameter name="tone" values="warm|cool" length="9"/>.</schema>)");
  CHECK(text_of(compiled.plan(R"(<prompt schema="s"/>)")) == "Be.");
  CHECK(compiled.plan(R"(<prompt schema="s" tone="warm"/>)").segments[2].exact);
  Compiled promised(R"(<schema name="s">Be <parameter name="tone" values="warm|cool"/>.</schema>)",
                    ContextKind::guaranteed);
  CHECK(promised.plan(R"(<prompt schema="s"/>)").segments[1].exact);
}

TEST_CASE("a module may be a turn of its own") {
  Compiled compiled(R"(<schema name="s"><module name="a" role="system">Be kind.</module>)"
                    R"(<module name="b" role="user">Hi.</module></schema>)");
  CHECK(text_of(compiled.plan(R"(<prompt schema="s"><a/><b/></prompt>)")) ==
        "[system\nBe kind.]\n[user\nHi.]\n[assistant\n");
  CHECK(text_of(compiled.plan(R"(<prompt schema="s"><b/></prompt>)")) == "[user\nHi.]\n[assistant\n");
}

TEST_CASE("reserved room lies behind the module's text") {
  const Compiled compiled(
      R"(<schema name="s"><module name="a" reserve="7">abc</module><module name="b">b</module></schema>)");
  CHECK(compiled.layout().elements[1].end == 10);
  CHECK(compiled.layout().elements[2].first == 10);
}

TEST_CASE("parameters may stand in running text") {
  Compiled compiled(R"(<schema name="s"><module name="m" params="inline">)"
                    "\n    Go to {city:9=Rome}, {{not {day:4} of {who:8=A &amp; B}}}.\n  </module></schema>");
  CHECK(text_of(compiled.plan(R"(<prompt schema="s"><m/></prompt>)")) == "Go to Rome, {not of A & B}.");
  CHECK(text_of(compiled.plan(R"(<prompt schema="s"><m city="Oslo" day="May"/></prompt>)")) ==
        "Go to Oslo, {not May of A & B}.");
  CHECK(compiled.mistakes(R"(<prompt schema="s"><m town="x"/></prompt>)").find("no parameter `town`") !=
        std::string::npos);
}

TEST_CASE("inline parameters of a file have their places there") {
  const test::TemporaryFolder folder;
  write(folder.path() / "letter.txt", "Dear {name:12},\r\nyours, {me:5=Al}\r\n");
  test::CompileOptions options;
  options.schema.folder = folder.path();
  Compiled compiled(R"(<schema name="s"><module name="m" src="letter.txt" params="inline"/></schema>)", options);
  CHECK(text_of(compiled.plan(R"(<prompt schema="s"><m name="Bo"/></prompt>)")) == "Dear Bo,\r\nyours, Al");
}

TEST_CASE("lines of a file, and the files that a pattern names") {
  const test::TemporaryFolder folder;
  write(folder.path() / "src/a.py", "one\ntwo\nthree\n");
  write(folder.path() / "src/pkg/deep/b c.py", "b");
  write(folder.path() / "src/pkg/__init__.py", "");
  write(folder.path() / "src/pkg/notes.txt", "n");
  write(folder.path() / "src/.hidden/c.py", "c");
  test::CompileOptions options;
  options.schema.folder = folder.path();
  Compiled compiled(R"(<schema name="s"><module name="l" src="src/a.py#L2-3"/><module name="r" src="src/a.py#L3-"/>)"
                    R"(<module name="code" src="src/**/*.py"/></schema>)",
                    options);
  CHECK(text_of(compiled.plan(R"(<prompt schema="s"><l/></prompt>)")) == "two\nthree");
  CHECK(text_of(compiled.plan(R"(<prompt schema="s"><r/></prompt>)")) == "three");
  std::vector<std::string> paths;
  for (const auto& element : compiled.layout().elements) paths.push_back(element.path);
  CHECK(paths == std::vector<std::string>{"", "l", "r", "code", "code/a.py", "code/pkg", "code/pkg/__init__.py",
                                          "code/pkg/deep", "code/pkg/deep/b_c.py"});
  CHECK(text_of(compiled.plan(R"(<prompt schema="s"><l/><use module="b_c.py"/><a.py/></prompt>)")) ==
        "two\nthree\none\ntwo\nthree\nb");
}

TEST_CASE("a pattern of many parts finds each file once, and ends") {
  const test::TemporaryFolder folder;
  write(folder.path() / "a/b/c/d.txt", "d");
  std::string any;
  for (int i = 0; i < 50'000; ++i) any += "**/";
  std::string both;
  for (int i = 0; i < 1'000; ++i) both += "**/*/";
  test::CompileOptions options;
  options.schema.folder = folder.path();
  const Compiled compiled(R"(<schema name="s"><module name="m" src=")" + any + R"(*.txt"/></schema>)", options);
  CHECK(compiled.layout().elements.back().path == "m/a/b/c/d.txt");

  grammar::SourceSet sources;
  grammar::Diagnostics diagnostics;
  const grammar::SourceId source =
      sources.add("s.pml", R"(<schema name="s"><module name="m" src=")" + both + R"(*.txt"/></schema>)");
  parse_schema(source, sources, options.schema, diagnostics);
  REQUIRE(diagnostics.list().size() == 1);
  CHECK(diagnostics.list().front().kind == grammar::DiagnosticKind::src_pattern);
}

TEST_CASE("a document that is included reads as if it stood there") {
  const test::TemporaryFolder folder;
  write(folder.path() / "parts/base.pml",
        "<schema name=\"base\" context=\"isolated\">\n  <include src=\"deep.pml\"/>\n  <module name=\"b\">B\n     "
        "b</module>\n"
        "</schema>\n");
  write(folder.path() / "parts/deep.pml",
        "<schema name=\"deep\" space=\"preserve\"><module name=\"a\"> A </module></schema>");
  test::CompileOptions options;
  options.schema.folder = folder.path();
  Compiled compiled(
      "<schema name=\"s\">\n  Start.\n  <include src=\"parts/base.pml\"/>\n  <module name=\"z\">Z</module>\n"
      "</schema>",
      options);
  CHECK(text_of(compiled.plan(R"(<prompt schema="s"><a/><b/><z/></prompt>)")) == "Start.\n A \nB\nb\nZ");
  CHECK(compiled.context_of("b") == "");  // what the document says of itself holds in it
  CHECK(compiled.context_of("z") == "Start.");
}

TEST_CASE("a schema that includes another and goes on keeps its positions and artifacts") {
  const test::TemporaryFolder folder;
  const std::string base =
      "<schema name=\"base\">\n  <system>Rules.</system>\n  <union>\n    <module name=\"a\">A</module>\n"
      "    <module name=\"b\">BB</module>\n  </union>\n  <module name=\"c\">C</module>\n</schema>\n";
  write(folder.path() / "base.pml", base);
  test::CompileOptions options;
  options.schema.folder = folder.path();
  const Compiled before(base, options);
  const Compiled after(
      "<schema name=\"grown\">\n  <include src=\"base.pml\"/>\n  <module name=\"d\">D</module>\n</schema>\n", options);
  const auto old_digests = digests_of(before);
  const auto new_digests = digests_of(after);
  REQUIRE(new_digests.size() == old_digests.size() + 1);
  CHECK(std::vector(new_digests.begin(), new_digests.end() - 1) == old_digests);
  CHECK(after.layout().elements.back().first == before.layout().end);
}

}  // namespace pml
