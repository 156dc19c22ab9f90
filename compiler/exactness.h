// What can be said of all prompts of a schema.
#pragma once

#include <vector>

#include "compiler/contexts.h"

namespace pml::compiler {

/// By segment of the layout: is it exact in every prompt that has it? Only if nothing that stands before it depends on
/// the prompt. False for what is never cached.
std::vector<bool> find_always_exact(const Layout& layout, const Contexts& contexts);

}  // namespace pml::compiler
