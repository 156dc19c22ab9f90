// The input is a prompt in any form, for a schema that has every element of the language.
#include "compiler/characters.h"
#include "compiler/contexts.h"
#include "compiler/plan.h"
#include "compiler/references.h"
#include "compiler/repair.h"
#include "compiler/selection.h"
#include "compiler/standins.h"
#include "fuzz/target.h"
#include "grammar/check.h"
#include "grammar/expression.h"
#include "grammar/json_prompt.h"
#include "grammar/parse_prompt.h"
#include "grammar/parse_schema.h"
#include "support/byte_tokenizer.h"

namespace pml::fuzz {
namespace {

constexpr compiler::Slot kMaxPositions = 4'000;

constexpr const char* kPreserve = R"pml(<schema name="rich" version="1" context="adjacent" repair="joints">
  <system>
    You plan journeys.
    <module name="rules" required="true">Be brief. <parameter name="tone" length="8" default="polite"/></module>
    <module name="inline" params="inline">Stay {days:12=three days} in {place:8}.</module>
    <union name="place" required="true" scaffold="rome">
      <module name="rome" excludes="winter">Rome <module name="forum">has a forum</module>.</module>
      <module name="oslo" requires="coat or (winter and not inline)">Oslo.</module>
      <module name="nowhere"/>
    </union>
    <module name="coat" reserve="4">Take a coat.</module>
    <module name="winter" cache="false" after="coat">In winter <slot name="note" length="40"/>.</module>
    Class: <parameter name="class" values="first|second|third" default="second"/>.
  </system>
  <module name="example" context="isolated">
    <user>Is it far?</user>
    <assistant>No.</assistant>
  </module>
  <module name="told" role="user" space="collapse">As   told. <parameter name="by" length="5" required="true"/></module>
  <module name="two"><slot name="one" length="10"/><slot name="other" length="10"/></module>
  <slot name="between" length="64"/>
  <module name="user">A user.</module>
  <module name="45l-pack"><module name="forum">Another.</module></module>
  <scaffold name="pair" modules="rome/forum coat"/>
</schema>)pml";

constexpr const char* kPack = R"pml(<schema name="rich" layout="pack" context="typical">
  Answer from these notes, <parameter name="tone" length="9" default="politely"/>.
  <pool name="notes">
    <module name="atlas">The atlas stands in room 7.</module>
    <module name="lift" excludes="atlas">The lift is <parameter name="state" length="9" default="broken"/>.</module>
    <module name="news" after="lift">The lift is repaired. <module name="detail">By night.</module></module>
  </pool>
  <union><module name="rome">Rome.</module><module name="oslo">Oslo.</module></union>
  <module name="coat" requires="oslo">A coat. <slot name="note" length="20"/></module>
  Be brief.
</schema>)pml";

/// A schema, taken through its phases once.
struct Schema {
  explicit Schema(const char* text) {
    grammar::Diagnostics diagnostics;
    const auto schema = parse_schema(sources.add("schema.pml", text), sources, {}, diagnostics);
    if (schema) {
      layout = lay_out(*schema, encoder, kMaxPositions, diagnostics);
      references.emplace(*schema, layout, kMaxPositions, sources, diagnostics);
      contexts = declare_contexts(layout, compiler::kDefaultContext, choose_standins(layout), references->scaffolds);
    }
    PML_CHECK(!diagnostics.has_errors(), render(diagnostics, sources).c_str());
  }

  compiler::TextEncoder encoder = test::byte_encoder(/*with_bos=*/true);
  grammar::SourceSet sources;
  compiler::Layout layout;
  std::optional<compiler::References> references;
  compiler::Contexts contexts;
};

void check(const compiler::Plan& plan) {
  for (std::size_t i = 1; i < plan.rows.size(); ++i) {
    PML_CHECK(plan.rows[i - 1].position < plan.rows[i].position, "no two rows share a position");
  }
}

using Parser = std::optional<ast::Prompt>(grammar::SourceId, const grammar::SourceSet&, grammar::Diagnostics&);

void ask(Schema& schema, Parser& parse, std::string_view input) {
  const std::size_t num_sources = schema.sources.size();
  grammar::Diagnostics diagnostics;
  const auto prompt = parse(schema.sources.add("prompt.pml", std::string(input)), schema.sources, diagnostics);
  PML_CHECK(prompt || diagnostics.has_errors(), "what is no prompt is a mistake");
  if (prompt) {
    dump(*prompt);
    const auto selection =
        resolve(*prompt, schema.layout, *schema.references, schema.encoder, {schema.layout.schema}, diagnostics);
    check_characters(*prompt, schema.encoder, schema.sources, diagnostics);
    if (diagnostics.has_errors()) {
      check_lengths(schema.layout, selection, schema.encoder, diagnostics);
    } else {
      const auto plan =
          make_plan(schema.layout, schema.contexts, selection, schema.encoder, kMaxPositions, diagnostics);
      if (!diagnostics.has_errors()) {
        check(plan);
        check(repair(plan, schema.layout, compiler::kDefaultRepair, {}));
        compiler::Contexts contexts = schema.contexts;
        const compiler::Plan exact = serve_exactly(plan, schema.layout, contexts);
        check(exact);
        dump(exact);
      }
    }
  }
  render(diagnostics, schema.sources);
  schema.sources.shrink(num_sources);
}

}  // namespace

void run(std::string_view input) {
  static Schema preserve(kPreserve);
  static Schema pack(kPack);
  for (Schema* schema : {&preserve, &pack}) {
    ask(*schema, grammar::parse_prompt, input);
    ask(*schema, grammar::parse_selection, input);
    ask(*schema, grammar::parse_json_prompt, input);
  }
}

}  // namespace pml::fuzz
