// Goldens of the grammar: syntax trees and diagnostics.
#include <catch2/catch.hpp>
#include <set>

#include "compiler/characters.h"
#include "compiler/contexts.h"
#include "compiler/lint.h"
#include "compiler/plan.h"
#include "compiler/references.h"
#include "compiler/standins.h"
#include "grammar/ast.h"
#include "grammar/json_prompt.h"
#include "grammar/parse_prompt.h"
#include "grammar/parse_schema.h"
#include "support/byte_tokenizer.h"
#include "support/golden.h"

namespace pml {
namespace {

namespace fs = std::filesystem;

/// Positions that the test model reads.
constexpr compiler::Slot kMaxPositions = 2000;

grammar::SourceId add(grammar::SourceSet& sources, const fs::path& path) {
  return sources.add(path.filename().string(), test::read_file(path));
}

grammar::SchemaOptions options_for(const fs::path& path) {
  grammar::SchemaOptions options;
  options.folder = path.parent_path();
  return options;
}

/// All diagnostics of a schema and of the prompt beside it, through every phase.
grammar::Diagnostics diagnose(const fs::path& input, grammar::SourceSet& sources) {
  grammar::Diagnostics diagnostics;
  const auto schema = parse_schema(add(sources, input), sources, options_for(input), diagnostics);
  if (!schema) return diagnostics;
  const bool knows_roles = input.filename().string().find("no_chat_template") == std::string::npos;
  static const compiler::Tokenizer tokenizer = test::byte_tokenizer();
  const compiler::TextEncoder encoder =
      knows_roles ? test::byte_encoder()
                  : compiler::TextEncoder(tokenizer, fail("the model has no chat template that is known"));
  check_characters(*schema, encoder, sources, diagnostics);
  const compiler::Layout layout = lay_out(*schema, encoder, kMaxPositions, diagnostics);
  const compiler::References references(*schema, layout, kMaxPositions, sources, diagnostics);
  if (diagnostics.has_errors()) return diagnostics;
  const fs::path beside = test::prompt_beside(input);
  if (beside.empty()) return diagnostics;
  const grammar::SourceId source = add(sources, beside);
  const bool is_json = grammar::looks_like_json(sources[source].text());
  const auto prompt =
      is_json ? parse_json_prompt(source, sources, diagnostics) : parse_prompt(source, sources, diagnostics);
  if (!prompt) return diagnostics;
  check_characters(*prompt, encoder, sources, diagnostics);
  const auto selection = resolve(*prompt, layout, references, encoder, {schema->name}, diagnostics);
  if (diagnostics.has_errors()) {
    check_lengths(layout, selection, encoder, diagnostics);
    return diagnostics;
  }
  const auto contexts = declare_contexts(layout, ast::ContextKind::guaranteed, choose_standins(layout), {});
  make_plan(layout, contexts, selection, encoder, kMaxPositions, diagnostics);
  if (!diagnostics.has_errors()) lint(selection, layout, encoder, diagnostics);
  return diagnostics;
}

/// As somebody reads it in the folder of the inputs.
std::string seen_from_its_folder(std::string text, const fs::path& input) {
  const std::string folder = input.parent_path().string() + "/";
  for (std::size_t at = text.find(folder); at != std::string::npos; at = text.find(folder))
    text.erase(at, folder.size());
  return text;
}

}  // namespace

TEST_CASE("syntax trees are those of the golden files") {
  for (const fs::path& input : test::golden_inputs("ast")) {
    grammar::SourceSet sources;
    grammar::Diagnostics diagnostics;
    std::string output;
    if (const auto schema = parse_schema(add(sources, input), sources, options_for(input), diagnostics)) {
      output += dump(*schema);
    }
    if (const fs::path beside = test::prompt_beside(input); !beside.empty()) {
      if (const auto prompt = parse_prompt(add(sources, beside), sources, diagnostics)) output += dump(*prompt);
    }
    test::check_golden(input, seen_from_its_folder(output + render(diagnostics, sources), input));
  }
}

TEST_CASE("diagnostics are those of the golden files, and every kind is among them") {
  std::set<grammar::DiagnosticKind> seen;
  for (const fs::path& input : test::golden_inputs("diagnostics")) {
    grammar::SourceSet sources;
    grammar::Diagnostics diagnostics = diagnose(input, sources);
    for (const auto& diagnostic : diagnostics.list()) seen.insert(diagnostic.kind);
    test::check_golden(input, seen_from_its_folder(render(diagnostics, sources), input));
  }
  for (const grammar::DiagnosticKind kind : grammar::all_diagnostic_kinds()) {
    INFO(name_of(kind));
    CHECK(seen.contains(kind));
  }
}

}  // namespace pml
