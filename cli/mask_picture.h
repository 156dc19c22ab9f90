// The attention mask of a prompt as a picture: which rows have seen which.
#pragma once

#include <string>

#include "compiler/plan.h"

namespace pml::cli {

/// An SVG document: a block for every pair of segments, queries downwards, keys to the right, both in position order
/// and as wide as they have tokens. Ghosts are columns; hover says what a block is.
std::string draw_mask(const compiler::Plan& plan, const std::string& title);

}  // namespace pml::cli
