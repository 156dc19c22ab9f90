// What every kind of diagnostic means, with an example that is wrong and its cure: what `pml check --explain` prints,
// and docs/language.md shows. A test runs every example.
#pragma once

#include <array>
#include <string_view>

#include "grammar/diagnostics.h"

namespace pml::grammar {

struct ExampleFile {
  std::string_view name = {};  // its path from the schema's folder; empty: there is none
  std::string_view text = {};
};

/// The documents `schema.pml` and `prompt.pml` of one folder, and the files that they take in. `\x` and two hexadecimal
/// digits stand for a byte that is no readable text.
struct Example {
  std::string_view schema = {};
  std::string_view prompt = {};  // empty: `pml check` is called without one
  std::array<ExampleFile, 2> files = {};
};

struct DiagnosticHelp {
  DiagnosticKind kind = {};
  std::string_view summary = {};  // what is wrong, in a few words
  std::string_view meaning = {};  // why that is a mistake, in sentences
  Example wrong = {};             // gives this diagnostic and no other
  std::string_view says = {};     // its lines, without the quoted ones
  std::string_view cure = {};     // what to do, in sentences
  Example cured = {};  // gives none; holds what is another than in `wrong`: the schema with its files, the prompt
  std::string_view model = {};  // what the command line names besides the documents; empty: no model is needed
};

const DiagnosticHelp& help_of(DiagnosticKind kind);
/// All documents of the cured example.
Example cured_example(const DiagnosticHelp& help);

}  // namespace pml::grammar
