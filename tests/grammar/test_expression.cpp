// Selections and rules as expressions: what they mean, and that they are written as they are read.
#include <catch2/catch.hpp>

#include "grammar/expression.h"

namespace pml {
namespace {

std::string read_selection(const std::string& text, std::string* written = nullptr) {
  grammar::SourceSet sources;
  grammar::Diagnostics diagnostics;
  const auto prompt = parse_selection(sources.add("select", text), sources, diagnostics);
  if (!prompt) return diagnostics.list().front().message;
  if (written != nullptr) *written = grammar::to_expression(*prompt);
  return dump(*prompt);
}

std::string read_rule(const std::string& text) {
  grammar::SourceSet sources;
  grammar::Diagnostics diagnostics;
  const grammar::Place place{sources.add("rule", text), 0, static_cast<std::uint32_t>(text.size())};
  const auto condition = parse_condition(place, ast::Condition::Kind::all, sources, diagnostics);
  return condition ? to_string(*condition) : diagnostics.list().front().message;
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

}  // namespace pml
