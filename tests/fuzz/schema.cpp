// The input is a schema. What is read of it goes through every phase that needs no prompt, and a prompt that selects
// all it can through the others.
#include "compiler/characters.h"
#include "compiler/contexts.h"
#include "compiler/exactness.h"
#include "compiler/plan.h"
#include "compiler/references.h"
#include "compiler/sample.h"
#include "compiler/selection.h"
#include "compiler/standins.h"
#include "fuzz/format_check.h"
#include "fuzz/target.h"
#include "grammar/check.h"
#include "grammar/parse_prompt.h"
#include "grammar/parse_schema.h"
#include "grammar/write_prompt.h"
#include "support/byte_tokenizer.h"
#include "support/temporary_folder.h"

namespace pml::fuzz {
namespace {

/// Positions that the model reads.
constexpr compiler::Slot kMaxPositions = 100'000;

/// An empty one, so that `src` and `include` find nothing.
grammar::SchemaOptions options() {
  static const test::TemporaryFolder folder;
  grammar::SchemaOptions options;
  options.folder = folder.path();
  return options;
}

void ask(const compiler::Layout& layout, const compiler::Contexts& contexts, const compiler::References& references,
         const compiler::TextEncoder& encoder, const compiler::Standins& standins, grammar::SourceSet& sources) {
  grammar::Diagnostics diagnostics;
  const std::string text = grammar::to_xml(worst_prompt(layout, encoder, standins));
  const auto prompt = parse_prompt(sources.add("prompt.pml", text), sources, diagnostics);
  if (prompt) {
    const auto selection = resolve(*prompt, layout, references, encoder, {layout.schema}, diagnostics);
    if (!diagnostics.has_errors()) {
      const auto plan = make_plan(layout, contexts, selection, encoder, kMaxPositions, diagnostics);
      if (!diagnostics.has_errors()) dump(plan);
    }
  }
  render(diagnostics, sources);
}

}  // namespace

void run(std::string_view input) {
  grammar::SourceSet sources;
  grammar::Diagnostics diagnostics;
  const auto schema = parse_schema(sources.add("schema.pml", std::string(input)), sources, options(), diagnostics);
  PML_CHECK(schema || diagnostics.has_errors(), "what is no schema is a mistake");
  if (schema) {
    dump(*schema);
    const compiler::TextEncoder encoder = test::byte_encoder();
    check_characters(*schema, encoder, sources, diagnostics);
    const compiler::Layout layout = lay_out(*schema, encoder, kMaxPositions, diagnostics);
    const compiler::References references(*schema, layout, kMaxPositions, sources, diagnostics);
    dump(layout);
    if (!diagnostics.has_errors()) {
      const auto standins = choose_standins(layout);
      for (const ast::ContextKind kind : {ast::ContextKind::guaranteed, ast::ContextKind::adjacent}) {
        const auto contexts = declare_contexts(layout, kind, standins, references.scaffolds);
        find_always_exact(layout, contexts);
        ask(layout, contexts, references, encoder, standins, sources);
      }
    }
  }
  check_format(input);
  render(diagnostics, sources);
}

}  // namespace pml::fuzz
