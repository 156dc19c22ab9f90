// The input is a selection, and a rule. What was understood of it, written down, reads as the same.
#include "grammar/expression.h"

#include "fuzz/target.h"
#include "grammar/check.h"
#include "grammar/xml.h"

namespace pml::fuzz {
namespace {

using ast::Condition;
using grammar::Diagnostics;
using grammar::Place;
using grammar::SourceId;
using grammar::SourceSet;

Place whole(SourceId source, const SourceSet& sources) {
  return {source, 0, static_cast<std::uint32_t>(sources[source].text().size())};
}

void check_selection(SourceId source, SourceSet& sources) {
  Diagnostics diagnostics;
  const auto prompt = parse_selection(source, sources, diagnostics);
  PML_CHECK(prompt || diagnostics.has_errors(), "what is no selection is a mistake");
  if (prompt) dump(*prompt);
  if (prompt && !diagnostics.has_errors()) {
    const auto again = parse_selection(sources.add("written", grammar::to_expression(*prompt)), sources, diagnostics);
    PML_CHECK(again && dump(*prompt) == dump(*again), "a selection that is written down reads as the same");
  }
  render(diagnostics, sources);
}

void check_condition(SourceId source, Condition::Kind joined_by, SourceSet& sources) {
  Diagnostics diagnostics;
  const auto condition = parse_condition(whole(source, sources), joined_by, sources, diagnostics);
  const bool is_rule = condition && !condition->is_broken;
  PML_CHECK(is_rule != diagnostics.has_errors(), "what is no rule is a mistake");
  if (is_rule) {
    const SourceId written = sources.add("written", to_string(*condition));
    const auto again = parse_condition(whole(written, sources), joined_by, sources, diagnostics);
    PML_CHECK(again && to_string(*condition) == to_string(*again), "a rule that is written down reads as the same");
  }
  render(diagnostics, sources);
}

}  // namespace

void run(std::string_view input) {
  SourceSet sources;
  const SourceId source = sources.add("input", std::string(input));
  check_selection(source, sources);
  // Rules stand in documents, whose encoding is known to be right.
  Diagnostics said;
  if (!check_encoding(source, sources, said)) return;
  check_condition(source, Condition::Kind::all, sources);
  check_condition(source, Condition::Kind::any, sources);
}

}  // namespace pml::fuzz
