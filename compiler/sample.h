// Prompts that nobody wrote, for measuring a schema.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "compiler/layout.h"
#include "compiler/standins.h"
#include "compiler/text_encoder.h"
#include "grammar/ast.h"

namespace pml::compiler {

/// A random prompt, without places. Of every union a member, each as likely; of optional modules each second; of a pool
/// each second module, in any order, at least one. A parameter keeps its default or, each second time and wherever it
/// has to, takes one of its values, else its stand-in or its name, as far as that fits; a slot each second time a short
/// text. Modules that break a rule are left out. If the schema has roles, but no turn of the
/// user, the prompt ends with one.
ast::Prompt sample_prompt(const Layout& layout, const TextEncoder& encoder, std::mt19937_64& random);

/// A prompt that has most of what contexts do not have: all optional modules, of unions the longest member that does
/// not stand in, pools backwards, arguments for all parameters.
ast::Prompt worst_prompt(const Layout& layout, const TextEncoder& encoder, const Standins& standins);

}  // namespace pml::compiler
