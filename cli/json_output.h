// JSON for machines: one object on standard output.
#pragma once

#include <nlohmann/json.hpp>

#include "compiler/plan.h"
#include "grammar/diagnostics.h"

namespace pml::cli {

using Json = nlohmann::ordered_json;

/// Writes the object and a line break to standard output. Text that is not UTF-8 (a cut character) is replaced.
void print(const Json& object);

/// The object of a command that failed for another reason than its documents.
void print_error(const std::string& message);

Json to_json(const grammar::Diagnostics& diagnostics, const grammar::SourceSet& sources);

/// Adds the entries of an array to another one.
void add_all(const Json& entries, Json& list);

}  // namespace pml::cli
