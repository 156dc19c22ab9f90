// What becomes of a diagnostic that is added, and what is known of its kind.
#include <catch2/catch.hpp>

#include "grammar/diagnostic_help.h"
#include "grammar/diagnostics.h"

namespace pml::grammar {

TEST_CASE("ignored warnings are dropped, with their notes; errors never are") {
  Diagnostics diagnostics({DiagnosticKind::missing_blank, DiagnosticKind::union_conflict});
  diagnostics.add(DiagnosticKind::missing_blank, {}, "ignored").notes.push_back({std::nullopt, "so is this"});
  diagnostics.add(DiagnosticKind::uneven_union, {}, "another warning");
  diagnostics.add(DiagnosticKind::union_conflict, {}, "an error");
  REQUIRE(diagnostics.list().size() == 2);
  CHECK(diagnostics.list()[0].message == "another warning");
  CHECK(diagnostics.list()[1].message == "an error");
  CHECK(diagnostics.num_errors() == 1);
}

TEST_CASE("kinds have names, and every one is explained") {
  for (const DiagnosticKind kind : all_diagnostic_kinds()) {
    INFO(name_of(kind));
    CHECK(diagnostic_kind(name_of(kind)) == kind);
    const DiagnosticHelp& help = help_of(kind);
    CHECK(help.kind == kind);
    CHECK_FALSE(help.summary.empty());
    CHECK_FALSE(help.wrong.schema.empty());
    CHECK(help.says.find("[" + std::string(name_of(kind)) + "]") != std::string_view::npos);
    CHECK_FALSE(help.cure.empty());
    CHECK_FALSE(cured_example(help).schema.empty());
  }
  CHECK_FALSE(diagnostic_kind("no-such-kind").has_value());
}

}  // namespace pml::grammar
