// Whitespace rules, one row a rule: what stands in a schema, and what its texts become.
#include <catch2/catch.hpp>

#include "grammar/ast.h"
#include "grammar/parse_schema.h"

namespace pml {
namespace {

/// The children of the schema, as the syntax tree prints them.
std::string tree_of(const std::string& inside, const std::string& attributes = "") {
  grammar::SourceSet sources;
  grammar::Diagnostics diagnostics;
  const auto source = sources.add("t.pml", "<schema name=\"t\"" + attributes + ">" + inside + "</schema>");
  const auto schema = parse_schema(source, sources, {}, diagnostics);
  INFO(render(diagnostics, sources));
  REQUIRE(schema);
  REQUIRE_FALSE(diagnostics.has_errors());
  const std::string text = dump(*schema);
  return text.substr(text.find('\n') + 1);
}

}  // namespace

TEST_CASE("dedent: common indentation and outer blank lines go, inner line breaks stay") {
  CHECK(tree_of("\n\n    one\n      two\n\n    three\n  ") == "  text \"one\\n  two\\n\\nthree\"\n");
  CHECK(tree_of("one\n    two\n    three") == "  text \"one\\ntwo\\nthree\"\n");
  CHECK(tree_of("\n\tone\n\t\ttwo") == "  text \"one\\n\\ttwo\"\n");
  // Blank lines do not count for indentation.
  CHECK(tree_of("\n    one\n \n    two") == "  text \"one\\n\\ntwo\"\n");
  // Nor do lines that begin with a module's tag, or with the end tag.
  CHECK(tree_of("\n    one\n  <module name=\"m\"/>\n    two\n") == "  text \"one\"\n  module m\n  text \"\\ntwo\"\n");
  CHECK(tree_of("\n    one\n    two\n  <module name=\"m\"/>") == "  text \"one\\ntwo\"\n  module m\n");
  // A line that begins with a parameter does.
  CHECK(tree_of("\n    <parameter name=\"p\" length=\"2\"/> one\n      two\n") ==
        "  parameter p length=2\n  text \" one\\n  two\"\n");
}

TEST_CASE("comments vanish first") {
  CHECK(tree_of("one <!-- two --> three") == "  text \"one  three\"\n");
  CHECK(tree_of("\n    one\n<!-- two -->\n    three") == "  text \"one\\n\\nthree\"\n");
}

TEST_CASE("blanks at a boundary go to the front of what follows") {
  CHECK(tree_of("one <module name=\"m\">two</module> three") ==
        "  text \"one\"\n  module m\n    text \" two\"\n  text \" three\"\n");
  CHECK(tree_of("one\n\n  <module name=\"m\">\n    two\n  </module>\n\n\n  three") ==
        "  text \"one\"\n  module m\n    text \"\\ntwo\"\n  text \"\\nthree\"\n");
  CHECK(tree_of("one<module name=\"m\">two</module>three") ==
        "  text \"one\"\n  module m\n    text \"two\"\n  text \"three\"\n");
  CHECK(tree_of("one <parameter name=\"p\" length=\"2\"/>, two") ==
        "  text \"one\"\n  parameter p length=2 lead=\" \"\n  text \", two\"\n");
  // An empty module takes nothing.
  CHECK(tree_of("one <module name=\"m\"/>two") == "  text \"one\"\n  module m\n  text \" two\"\n");
}

TEST_CASE("each member of a union gets the blank before the union") {
  CHECK(tree_of("one <union><module name=\"a\">A</module><module name=\"b\">B</module></union> two") ==
        "  text \"one\"\n  union\n    module a\n      text \" A\"\n    module b\n      text \" B\"\n"
        "  text \" two\"\n");
  CHECK(tree_of("one\n<union>\n<module name=\"a\">A</module>\n<module name=\"b\">B</module>\n</union>\ntwo") ==
        "  text \"one\"\n  union\n    module a\n      text \"\\nA\"\n    module b\n      text \"\\nB\"\n"
        "  text \"\\ntwo\"\n");
}

TEST_CASE("the modules of a pool all begin alike, since any may follow any other") {
  const std::string pack = " layout=\"pack\"";
  const std::string two = "<pool><module name=\"a\">A</module>\n<module name=\"b\">B </module></pool>";
  const std::string tree = "pool\n%module a\n%  text \"\\nA\"\n%module b\n%  text \"\\nB\"\n";
  const auto indented = [&](const std::string& by) {
    std::string text = by + tree;
    for (std::size_t at; (at = text.find('%')) != std::string::npos;) text.replace(at, 1, by + "  ");
    return text;
  };
  CHECK(tree_of("one " + two + "two", pack) == "  text \"one\"\n" + indented("  ") + "  text \"\\ntwo\"\n");
  CHECK(tree_of(two, pack) == indented("  "));
  CHECK(tree_of("<user> " + two + " </user>", pack) == "  turn user\n" + indented("    "));
}

TEST_CASE("blanks are dropped beside a role's tag, and at the document's ends") {
  CHECK(tree_of("\n <system>\n one\n </system>\n <user>\n two\n </user>\n ") ==
        "  turn system\n    text \"one\"\n  turn user\n    text \"two\"\n");
  CHECK(tree_of("<user>\n<union>\n<module name=\"a\">A</module>\n<module name=\"b\">B</module></union></user>") ==
        "  turn user\n    union\n      module a\n        text \"A\"\n      module b\n        text \"B\"\n");
  CHECK(tree_of("  <module name=\"m\"> one </module>  ") == "  module m\n    text \"one\"\n");
}

TEST_CASE("collapse: every run becomes one blank; beside a parameter always a blank") {
  const std::string collapse = " space=\"collapse\"";
  CHECK(tree_of("\n one\n\n two\t three ", collapse) == "  text \"one two three\"\n");
  CHECK(tree_of("one\n<module name=\"m\">two</module>\nthree", collapse) ==
        "  text \"one\"\n  module m\n    text \"\\ntwo\"\n  text \"\\nthree\"\n");
  CHECK(tree_of("one\n<parameter name=\"p\" length=\"2\"/>\ntwo", collapse) ==
        "  text \"one\"\n  parameter p length=2 lead=\" \"\n  text \" two\"\n");
}

TEST_CASE("preserve: as written") {
  const std::string preserve = " space=\"preserve\"";
  CHECK(tree_of("\n  one\n ", preserve) == "  text \"\\n  one\\n \"\n");
  CHECK(tree_of("one <module name=\"m\" space=\"preserve\"> two\n</module> three") ==
        "  text \"one\"\n  module m\n    text \"  two\\n\"\n  text \" three\"\n");
  CHECK(tree_of("one\n<module name=\"m\"> two </module>", preserve) ==
        "  text \"one\\n\"\n  module m\n    text \" two \"\n");
}

TEST_CASE("CDATA and character references are exempt") {
  CHECK(tree_of("\n  <![CDATA[  a < b\n ]]>\n") == "  text \"  a < b\\n \"\n");
  CHECK(tree_of(" &#32;one&#10; ") == "  text \" one\\n\"\n");
  CHECK(tree_of("<module name=\"m\"><![CDATA[ ]]></module>") == "  module m\n    text \" \"\n");
  CHECK(tree_of("one &amp; two &lt;three&gt;") == "  text \"one & two <three>\"\n");
}

TEST_CASE("line ends are normalised") {
  CHECK(tree_of("\r\n  one\r\n  two\r  three") == "  text \"one\\ntwo\\nthree\"\n");
}

TEST_CASE("a run of blanks alone makes no text") {
  CHECK(tree_of("<module name=\"a\">A</module>\n\n<module name=\"b\">B</module>") ==
        "  module a\n    text \"A\"\n  module b\n    text \"\\nB\"\n");
}

}  // namespace pml
