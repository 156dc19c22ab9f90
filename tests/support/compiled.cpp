#include "support/compiled.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "compiler/repair.h"
#include "compiler/standins.h"
#include "grammar/parse_prompt.h"

namespace pml::test {

Compiled::Compiled(const std::string& schema_text, const CompileOptions& options)
    : encoder_(byte_encoder(options.with_bos)) {
  const auto schema = parse_schema(sources_.add("schema.pml", schema_text), sources_, options.schema, diagnostics_);
  REQUIRE(schema);
  layout_ = lay_out(*schema, encoder_, 0, diagnostics_);
  references_.emplace(*schema, layout_, 0, sources_, diagnostics_);
  contexts = declare_contexts(layout_, options.kind, choose_standins(layout_), references_->scaffolds);
  expect_no_errors();
}

compiler::Selection Compiled::select(const std::string& prompt_text) {
  const auto prompt = parse_prompt(sources_.add("prompt.pml", prompt_text), sources_, diagnostics_);
  REQUIRE(prompt);
  auto selection = resolve(*prompt, layout_, *references_, encoder_, {layout_.schema}, diagnostics_);
  expect_no_errors();
  return selection;
}

compiler::Plan Compiled::plan(const std::string& prompt_text, const std::string& policy) {
  auto plan = make_plan(layout_, contexts, select(prompt_text), encoder_, 0, diagnostics_);
  expect_no_errors();
  const auto parsed = grammar::parse_repair_policy(policy);
  REQUIRE(parsed);
  return repair(std::move(plan), layout_, *parsed, {});
}

std::string Compiled::mistakes(const std::string& prompt_text) {
  grammar::Diagnostics diagnostics;
  const auto prompt = parse_prompt(sources_.add("prompt.pml", prompt_text), sources_, diagnostics);
  if (prompt) resolve(*prompt, layout_, *references_, encoder_, {layout_.schema}, diagnostics);
  return render(diagnostics, sources_);
}

compiler::SegmentId Compiled::first_segment(const std::string& module) const {
  for (std::size_t id = 0; id < layout_.segments.size(); ++id) {
    const compiler::Element& element = layout_.elements[layout_.segments[id].element];
    if (element.path == module && !element.is_hole()) return static_cast<compiler::SegmentId>(id);
  }
  FAIL("no text of " << module);
  return compiler::kNone;
}

std::string Compiled::context_of(const std::string& module, std::size_t artifact) const {
  std::string text;
  const auto& artifacts = contexts.artifacts[first_segment(module)];
  for (const auto node : contexts.chain(contexts.nodes[artifacts.at(artifact).node].parent)) {
    text += plain(layout_.segments[contexts.nodes[node].segment].text);
  }
  return text;
}

std::size_t Compiled::num_artifacts(const std::string& module) const {
  return contexts.artifacts[first_segment(module)].size();
}

void Compiled::expect_no_errors() const {
  INFO(render(diagnostics_, sources_));
  REQUIRE_FALSE(diagnostics_.has_errors());
}

const compiler::PlannedSegment& segment_of(const compiler::Plan& plan, const std::string& module) {
  const auto found = std::ranges::find_if(plan.segments, [&](const compiler::PlannedSegment& segment) {
    return segment.present && segment.module == module;
  });
  REQUIRE(found != plan.segments.end());
  return *found;
}

std::vector<std::string> modules_of(const compiler::Plan& plan, const std::vector<std::int32_t>& segments) {
  std::vector<std::string> names;
  for (const std::int32_t id : segments) names.push_back(plan.segments[id].module);
  return names;
}

std::string sources_of(const compiler::Plan& plan) {
  std::string text;
  for (const auto& row : plan.rows) text += to_string(row.source).front();
  return text;
}

std::string text_of(const compiler::Plan& plan) {
  std::string text;
  for (const auto& row : plan.rows) {
    text += row.token < 256 ? std::string(1, static_cast<char>(row.token)) : std::string(row.token == 256 ? "[" : "]");
  }
  return text;
}

}  // namespace pml::test
