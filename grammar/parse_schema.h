// PML text -> ast::Schema.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "grammar/ast.h"
#include "grammar/diagnostics.h"

namespace pml::grammar {

struct SchemaOptions {
  /// Where `src` is resolved: the schema's folder.
  std::filesystem::path folder;
  /// Further folders that `src` may read from (`--allow`).
  std::vector<std::filesystem::path> allowed;
  ReadLimits limits;
};

/// Reads a schema. Adds a diagnostic for every mistake; the result is meant for further checks even then, and
/// for use only if there is no error. Nothing if the text holds no schema at all.
std::optional<ast::Schema> parse_schema(SourceId source, SourceSet& sources, const SchemaOptions& options,
                                        Diagnostics& diagnostics);

}  // namespace pml::grammar
