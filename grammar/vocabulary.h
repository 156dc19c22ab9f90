// The words of PML: element names, and what a name may be.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "grammar/ast.h"

namespace pml::grammar {

/// Elements of the language; a module of such a name is selected with `use`.
const std::vector<std::string_view>& element_names();
bool is_element_name(std::string_view name);

std::optional<ast::Role> role_of(std::string_view element);

/// Letters, digits, `.`, `-`, `_` and every visible character beyond ASCII; at least one, and not dots alone.
bool is_legal_name(std::string_view name);
/// Can the (legal) name be written as `<name/>` in a prompt? If not, it is selected with `use`.
bool is_legal_element_name(std::string_view name);
/// Attributes of a selection that are no arguments: module, schema, space, xml:*.
bool is_reserved_parameter_name(std::string_view name);

}  // namespace pml::grammar
