// Selections and rules as expressions: what they mean, and that they are written as they are read.
#include <algorithm>
#include <catch2/catch.hpp>

#include "grammar/expression.h"

namespace pml {
namespace {

std::string read_selection(const std::string& text, std::string* written = nullptr) {
  grammar::SourceSet sources;
  grammar::Diagnostics diagnostics;
  const auto prompt = parse_selection(sources.add("select", text), sources, diagnostics);
  REQUIRE(prompt);
  CHECK_FALSE(diagnostics.has_errors());
  if (written != nullptr) *written = grammar::to_expression(*prompt);
  return dump(*prompt);
}

/// The columns of its mistakes.
std::vector<std::uint32_t> mistakes_of(const std::string& text) {
  grammar::SourceSet sources;
  grammar::Diagnostics diagnostics;
  const grammar::SourceId source = sources.add("select", text);
  parse_selection(source, sources, diagnostics);
  std::vector<std::uint32_t> columns;
  for (const auto& diagnostic : diagnostics.list())
    columns.push_back(sources[source].locate(diagnostic.place.begin).column);
  std::sort(columns.begin(), columns.end());
  return columns;
}

std::string read_rule(const std::string& text) {
  grammar::SourceSet sources;
  grammar::Diagnostics diagnostics;
  const grammar::Place place{sources.add("rule", text), 0, static_cast<std::uint32_t>(text.size())};
  const auto condition = parse_condition(place, ast::Condition::Kind::all, sources, diagnostics);
  return condition && !condition->is_broken ? to_string(*condition) : diagnostics.list().front().message;
}

}  // namespace

TEST_CASE("selections are read with all their arguments, and written as they are read") {
  std::string written;
  CHECK(read_selection("(x='0') plan ( days = \"two\" , from='Rome',to='Oslo') { sea { bali } } `user` user \"Hi\"",
                       &written) ==
        "prompt\n"
        "  argument x = \"0\"\n"
        "  select plan\n"
        "    argument days = \"two\"\n"
        "    argument from = \"Rome\"\n"
        "    argument to = \"Oslo\"\n"
        "    select sea\n"
        "      select bali\n"
        "  select user\n"
        "  turn user \"Hi\"\n");
  CHECK(written == R"((x="0") plan(days="two", from="Rome", to="Oslo") { sea { bali } } `user` user "Hi")");
}

TEST_CASE("names that are no bare words stand in backquotes") {
  std::string written;
  CHECK(read_selection("`a b` `not`", &written) == "prompt\n  select a b\n  select not\n");
  CHECK(written == "`a b` `not`");
  CHECK(read_rule("`or` and (b or c) and not (d and `e f`)") == "`or` and (b or c) and not (d and `e f`)");
}

TEST_CASE("every mistake in a selection is found, and each once") {
  using Columns = std::vector<std::uint32_t>;
  CHECK(mistakes_of(R"("\q" & "\z")") == Columns{3, 6, 10});
  CHECK(mistakes_of(R"("\u{0}\u{zz}")") == Columns{2, 8});
  CHECK(mistakes_of("a, b & c") == Columns{2, 6});
  CHECK(mistakes_of("a { & } } b") == Columns{5, 9});
  CHECK(mistakes_of("a(x=1, y, z=\"3\",) b") == Columns{5, 9, 17});
  CHECK(mistakes_of("a(x=1 y=\"2\") b") == Columns{5});
  CHECK(mistakes_of("a(x=\"1\" y=\"2\" z=\"3\")") == Columns{9, 15});
  CHECK(mistakes_of("a(,x=\"1\",,y=\"2\")") == Columns{3, 10});
  CHECK(mistakes_of("a(x=(b) c) d") == Columns{5});
  CHECK(mistakes_of("a(x=\"1\" { b") == Columns{9});
  CHECK(mistakes_of("a { b { c \"text") == Columns{16});
  CHECK(mistakes_of("a { b { c") == Columns{10});
  CHECK(mistakes_of("`a b") == Columns{5});
  CHECK(mistakes_of("`` ` `") == Columns{2});
  CHECK(mistakes_of("\"a\"(b c) { d }") == Columns{4, 7});
  CHECK(mistakes_of("a x = \"1\" b") == Columns{5});
  CHECK(mistakes_of("user a") == Columns{6});
  CHECK(mistakes_of("assistant open") == Columns{15});
  CHECK(mistakes_of("system open \"a\" user(x=\"1\")") == Columns{8, 21});
  CHECK(mistakes_of("(x=\"1\", y=\"1\", x=\"2\", x=\"3\")") == Columns{16, 23});
  CHECK(mistakes_of("user/a user.b") == Columns{});
}

}  // namespace pml
