// Layouts, contexts and plans against golden files. Tokens are bytes, so positions can be counted by hand.
#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>

#include "compiler/contexts.h"
#include "compiler/plan.h"
#include "compiler/recipe.h"
#include "compiler/standins.h"
#include "support/compiled.h"
#include "support/golden.h"

namespace pml {
namespace {

namespace fs = std::filesystem;

using test::Compiled;
using test::segment_of;

/// In contexts that have what every prompt has.
Compiled guaranteed(const std::string& schema_text, bool with_bos = false) {
  return Compiled(schema_text, {ast::ContextKind::guaranteed, with_bos});
}

}  // namespace

TEST_CASE("layouts and plans are those of the golden files") {
  for (const fs::path& input : test::golden_inputs("plan")) {
    Compiled planned = guaranteed(test::read_file(input), input.filename().string().find("bos") != std::string::npos);
    std::string output = dump(planned.layout());
    if (const fs::path beside = test::prompt_beside(input); !beside.empty()) {
      output += "---\n" + dump(planned.plan(test::read_file(beside)));
    }
    test::check_golden(input, output);
  }
}

TEST_CASE("text after an optional module is exact without it, and not exact with it") {
  Compiled planned = guaranteed("<schema name=\"s\">A<module name=\"x\">X</module>B</schema>");
  CHECK(planned.plan("<prompt>?</prompt>").segments[1].exact);
  const auto plan = planned.plan("<prompt><x/>?</prompt>");
  CHECK(plan.segments[1].exact);        // X: A is before it, and in its context
  CHECK_FALSE(plan.segments[2].exact);  // B
  CHECK(plan.segments[2].dropped == std::vector<std::int32_t>{1});
  CHECK(plan.segments[2].ghosts.empty());
  CHECK_FALSE(plan.segments[3].exact);  // the live text sees a row that is not exact
}

TEST_CASE("text after a required module has seen it") {
  Compiled planned = guaranteed("<schema name=\"s\">A<module name=\"x\" required=\"true\">X</module>B</schema>");
  const auto plan = planned.plan("<prompt>?</prompt>");
  CHECK(plan.segments[2].context == std::vector<std::int32_t>{0, 1});
  CHECK(plan.segments[3].exact);
}

TEST_CASE("an argument that differs from the default leaves the default as a ghost") {
  Compiled planned = guaranteed("<schema name=\"s\">A <parameter name=\"p\" length=\"9\" default=\"red\"/> B</schema>");
  const auto same = planned.plan("<prompt p=\"red\">?</prompt>");
  CHECK(same.segments[1].kind == compiler::SegmentKind::default_text);
  CHECK(same.segments[2].exact);
  CHECK(same.num_live == 1);
  const auto other = planned.plan("<prompt p=\"blue\">?</prompt>");
  REQUIRE(other.segments.size() == 5);  // A, the ghost, the argument, B, the text
  const auto& ghost = other.segments[1].present ? other.segments[2] : other.segments[1];
  const auto& argument = other.segments[1].present ? other.segments[1] : other.segments[2];
  CHECK_FALSE(ghost.present);
  CHECK(argument.kind == compiler::SegmentKind::argument);
  CHECK(argument.exact);
  CHECK(other.segments[3].ghosts.size() == 1);
  CHECK(other.segments[3].dropped.size() == 1);
  CHECK(other.num_live == 5 + 1);
  const auto empty = planned.plan("<prompt p=\"\">?</prompt>");
  CHECK(empty.num_live == 1);
  CHECK(empty.segments[2].ghosts.size() == 1);
  CHECK(empty.segments[2].dropped.empty());
}

TEST_CASE("stand-ins live inside contexts alone") {
  Compiled planned =
      guaranteed("<schema name=\"s\">A <parameter name=\"p\" length=\"9\" scaffold=\"red\"/> B</schema>");
  const auto plan = planned.plan("<prompt>?</prompt>");
  REQUIRE(plan.segments.size() == 4);
  CHECK(plan.segments[1].kind == compiler::SegmentKind::standin);
  CHECK_FALSE(plan.segments[1].present);
  CHECK(plan.segments[2].ghosts == std::vector<std::int32_t>{1});
  // An argument of the same tokens is what the later text has seen.
  const auto same = planned.plan("<prompt p=\"red\">?</prompt>");
  REQUIRE(same.segments.size() == 4);
  CHECK(same.segments[1].kind == compiler::SegmentKind::argument);
  CHECK(same.segments[1].num_cached == 0);
  CHECK(same.segments[2].context == std::vector<std::int32_t>{0, 1});
  CHECK(same.segments[2].exact);
}

TEST_CASE("an isolated segment has seen the BOS alone") {
  Compiled planned =
      guaranteed("<schema name=\"s\">A<module name=\"x\" context=\"isolated\">X</module>B</schema>", true);
  const auto plan = planned.plan("<prompt><x/>?</prompt>");
  CHECK(plan.segments[0].kind == compiler::SegmentKind::bos);
  CHECK(segment_of(plan, "x").context == std::vector<std::int32_t>{0});
  CHECK(segment_of(plan, "x").dropped == std::vector<std::int32_t>{1});
}

TEST_CASE("a module that is not cached is live, and in no context") {
  Compiled planned =
      guaranteed("<schema name=\"s\">A<module name=\"x\" cache=\"false\" required=\"true\">X</module>B</schema>");
  const auto plan = planned.plan("<prompt>?</prompt>");
  CHECK(segment_of(plan, "x").num_cached == 0);
  CHECK(segment_of(plan, "x").exact);
  CHECK(plan.segments[2].context == std::vector<std::int32_t>{0});
  CHECK(plan.segments[2].dropped == std::vector<std::int32_t>{1});
}

TEST_CASE("the last row of a prompt is computed live") {
  Compiled planned = guaranteed("<schema name=\"s\">AB</schema>");
  const auto plan = planned.plan("<prompt/>");
  CHECK(plan.num_cached == 1);
  CHECK(plan.num_live == 1);
  CHECK(plan.rows.back().source == compiler::RowSource::live);
  CHECK(plan.segments[0].exact);
}

TEST_CASE("no cache: the same rows, all live") {
  Compiled planned = guaranteed("<schema name=\"s\">A<module name=\"x\">X</module>B</schema>");
  const auto plan = planned.plan("<prompt><x/>?</prompt>");
  const auto full = without_cache(plan);
  REQUIRE(full.rows.size() == plan.rows.size());
  CHECK(full.num_live == static_cast<std::int32_t>(plan.rows.size()));
  for (std::size_t i = 0; i < plan.rows.size(); ++i) {
    CHECK(full.rows[i].position == plan.rows[i].position);
    CHECK(full.rows[i].token == plan.rows[i].token);
    CHECK(full.rows[i].source == compiler::RowSource::live);
  }
  for (const auto& segment : full.segments) CHECK(segment.exact);
}

TEST_CASE("packed: any modules of a pool, in any order, stand without gaps") {
  const std::vector<std::string> texts{"a", "bb", "ccc", "dddd"};
  Compiled planned = guaranteed(
      "<schema name=\"s\" layout=\"pack\">Start<pool>"
      "<module name=\"m0\">a</module><module name=\"m1\">bb</module>"
      "<module name=\"m2\">ccc</module><module name=\"m3\">dddd</module></pool>End</schema>");
  std::vector<int> order{0, 1, 2, 3};
  do {
    for (std::size_t count = 0; count <= order.size(); ++count) {
      std::string prompt = "<prompt>";
      std::string expected = "Start";
      for (std::size_t i = 0; i < count; ++i) {
        prompt += "<m" + std::to_string(order[i]) + "/>" + (i == 1 ? "free" : "");
        expected += texts[order[i]] + (i == 1 ? std::string("free") : "");
      }
      const bool is_free_last = count == 2;  // text behind the last selection stands behind the schema's
      if (is_free_last) expected.erase(expected.size() - 4);
      expected += std::string("End") + (is_free_last ? "free" : "");
      INFO(expected);
      const auto plan = planned.plan(prompt + "</prompt>");
      std::string text;
      for (const auto& row : plan.rows) {
        CHECK(row.position == static_cast<compiler::Slot>(text.size()));
        text += static_cast<char>(row.token);
      }
      CHECK(text == expected);
      for (const auto& segment : plan.segments) {
        if (segment.module.empty()) continue;
        const bool is_first = segment.first == 5;
        CHECK(segment.shift == segment.first - 5);  // encoded right behind "Start"
        CHECK(segment.exact == is_first);
        CHECK(segment.moved.empty() == is_first);
        CHECK(segment.ghosts.empty());
      }
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("packed: an argument of another length moves what follows, and no gap stays") {
  Compiled planned = guaranteed(
      "<schema name=\"s\" layout=\"pack\">A<parameter name=\"p\" length=\"9\" default=\"red\"/>B"
      "<parameter name=\"q\" length=\"9\"/>C</schema>");
  const auto same = planned.plan("<prompt/>");
  for (const auto& segment : same.segments) CHECK(segment.exact);
  CHECK(same.rows.size() == 6);  // A, red, B, C
  const auto other = planned.plan("<prompt p=\"blue\" q=\"!\">?</prompt>");
  CHECK(other.rows.back().position == 8);  // A, blue, B, !, C, ?
  for (const auto& segment : other.segments) {
    if (segment.num_cached == 0 || segment.first == 0) continue;
    const bool is_behind_both = segment.first == 7;
    CHECK(segment.shift == (is_behind_both ? 2 : 1));
    // A and B were encoded at one distance from C, and stand at another; B keeps its own to A's neighbour alone.
    CHECK(segment.moved.size() == (is_behind_both ? 2 : 1));
    CHECK(segment.ghosts.size() == 1);
  }
}

TEST_CASE("packed: a chain begins at 0, and has the digest of the same text after the same context anywhere") {
  const auto digests_of = [](const std::string& before) {
    Compiled planned = guaranteed("<schema name=\"s\" layout=\"pack\">" + before +
                                  "<module name=\"x\" context=\"isolated\">X</module></schema>");
    const auto contexts =
        declare_contexts(planned.layout(), ast::ContextKind::guaranteed, choose_standins(planned.layout()), {});
    return chain_digests(planned.layout(), contexts, {})[contexts.artifacts.back().front().node];
  };
  CHECK(digests_of("A") == digests_of("Another text"));
  CHECK(digests_of("A") == digests_of(""));
}

TEST_CASE("packed: a schema may be longer than the model's context") {
  grammar::SourceSet sources;
  grammar::Diagnostics diagnostics;
  std::string text = "<schema name=\"s\" layout=\"pack\">S<pool>";
  for (int i = 0; i < 30; ++i) text += "<module name=\"m" + std::to_string(i) + "\">0123456789</module>";
  const auto schema = parse_schema(sources.add("s.pml", text + "</pool></schema>"), sources, {}, diagnostics);
  REQUIRE(schema);
  const auto encoder = test::byte_encoder();
  const auto fits = [&](compiler::Slot max_positions) {
    grammar::Diagnostics said;
    lay_out(*schema, encoder, max_positions, said);
    return !said.has_errors();
  };
  CHECK(fits(11));
  CHECK_FALSE(fits(10));  // no module fits any prompt
}

TEST_CASE("contexts share their prefixes: nodes grow with the segments, not with their square") {
  std::string text = "<schema name=\"s\">";
  for (int i = 0; i < 500; ++i) {
    text += "t<module name=\"m" + std::to_string(i) + "\" required=\"true\">x</module>";
  }
  Compiled planned = guaranteed(text + "</schema>");
  const auto contexts =
      declare_contexts(planned.layout(), ast::ContextKind::guaranteed, choose_standins(planned.layout()), {});
  CHECK(contexts.nodes.size() == planned.layout().segments.size());
}

TEST_CASE("scaffolds and rules that each change the contexts of many modules are bounded") {
  constexpr std::size_t kCount = 8'000;
  const auto compiled = [&](const std::function<std::string(std::size_t)>& attributes, const std::string& scaffolds) {
    std::string text = "<schema name=\"s\">";
    for (std::size_t i = 0; i < kCount; ++i) {
      text += "<module name=\"m" + std::to_string(i) + "\"" + attributes(i) + ">x</module>";
    }
    return Compiled(text + scaffolds + "</schema>");
  };
  SECTION("scaffolds") {
    const auto none = [](std::size_t) { return std::string(); };
    CHECK_FALSE(compiled(none, "<scaffold modules=\"m1 m2\"/>").contexts.is_cut);
    std::string scaffolds;
    for (std::size_t i = 1; i < kCount; i += 2) {
      scaffolds += "<scaffold modules=\"m" + std::to_string(i - 1) + " m" + std::to_string(i) + "\"/>";
    }
    CHECK(compiled(none, scaffolds).contexts.is_cut);
  }
  SECTION("rules") {
    // The last third needs the first one, module by module; between them stands what is always there.
    constexpr std::size_t kThird = kCount / 3;
    const auto far = [](std::size_t i) -> std::string {
      if (i >= 2 * kThird) return " requires=\"m" + std::to_string(i % kThird) + "\"";
      return i >= kThird ? " required=\"true\"" : "";
    };
    CHECK(compiled(far, "").contexts.is_cut);
  }
}

}  // namespace pml
