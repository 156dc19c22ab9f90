// JSON from files that may hold anything.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "grammar/result.h"

namespace pml::compiler {

/// Parses one object of bounded nesting. The message goes on after the name of what was read: "is no JSON: ...".
Result<nlohmann::json> parse_json_object(std::string_view text);

}  // namespace pml::compiler
