// Files that a schema takes in with `src` and `include`: found, read and bounded.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "grammar/diagnostics.h"
#include "grammar/parse_schema.h"
#include "grammar/xml.h"

namespace pml::grammar {

/// Says what is wrong at the attribute that names a file. Folders are those of the documents that do.
class SourceFiles {
 public:
  SourceFiles(SourceSet& sources, const SchemaOptions& options, Diagnostics& diagnostics)
      : sources_(sources), options_(options), diagnostics_(diagnostics) {}

  /// The text of a file, or of the lines that `file#L10-40`, `file#L10` or `file#L10-` names, without its last line
  /// break; it may be empty. Nothing after a mistake.
  std::optional<Place> text(const XmlAttribute& src, const std::filesystem::path& folder);

  /// A file that a pattern names: the folders below the pattern's fixed part, then the file, as legal names.
  struct Match {
    std::vector<std::string> names;
    Place text;
  };
  /// Is there a `*`, `?` or `[` in it, and no file of that name?
  static bool is_pattern(const std::string& src, const std::filesystem::path& folder);
  /// The files that a pattern names, by path. `*`, `?` and `[...]` stand for parts of a name that does not begin with
  /// a dot, `**` for any folders. Nothing after a mistake.
  std::optional<std::vector<Match>> matches(const XmlAttribute& src, const std::filesystem::path& folder);

  /// A document that is included.
  struct Document {
    SourceId source = 0;
    std::filesystem::path path;  // as written, for what it takes in itself
    std::filesystem::path real;  // without symbolic links
  };
  std::optional<Document> document(const XmlAttribute& src, const std::filesystem::path& folder);

 private:
  std::optional<Document> open(const std::filesystem::path& path, const XmlAttribute& src, std::uint64_t limit);
  bool is_text(const Document& file);
  void report_outside(const XmlAttribute& src);
  bool is_allowed(const std::filesystem::path& real) const;

  SourceSet& sources_;
  const SchemaOptions& options_;
  Diagnostics& diagnostics_;
  std::uint64_t num_bytes_ = 0;
  std::set<std::filesystem::path> no_texts_;  // what that is has been said
};

}  // namespace pml::grammar
