// The documents of an editor, and what is known of each: the same phases as `pml check` goes through.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/layout.h"
#include "compiler/references.h"
#include "compiler/text_encoder.h"
#include "grammar/ast.h"
#include "grammar/diagnostics.h"

namespace pml::cli {

/// What lengths and roles are counted with.
struct EditorModel {
  compiler::TextEncoder encoder;
  compiler::Slot max_positions = 0;  // 0: no limit is known
};

/// A schema, or a prompt with its schema. Holds on to everything that it points into; does not move.
struct Analysis {
  Analysis() = default;
  Analysis(const Analysis&) = delete;
  Analysis& operator=(const Analysis&) = delete;

  grammar::SourceSet sources;
  grammar::Diagnostics diagnostics;  // of the document itself
  grammar::SourceId document = 0;
  std::optional<ast::Schema> schema;
  compiler::Layout layout;
  std::optional<compiler::References> references;  // if there is a schema
  std::filesystem::path schema_path;               // of a prompt: empty if there is no schema
  std::string remark;                              // what keeps a prompt from being checked; empty: nothing
};

/// The folder of a document; of one that is no file yet, the one in which the server was started.
std::filesystem::path folder_of(const std::filesystem::path& document);

/// Not thread-safe. Paths are absolute, but for what is no file, such as `untitled:1`.
class EditorDocuments {
 public:
  explicit EditorDocuments(EditorModel model) : model_(std::move(model)) {}

  void set(const std::string& path, std::string text);
  void close(const std::string& path);
  /// Files that are not open may have changed.
  void forget_files();
  /// Null if it is not open.
  const std::string* text(const std::string& path) const;
  std::vector<std::string> paths() const;
  /// Of an open document. Files that are not open are read anew when any document has changed.
  std::shared_ptr<const Analysis> analysis(const std::string& path);
  /// The last analysis of an open document that knew the schema, for what is asked while it is being typed.
  std::shared_ptr<const Analysis> names(const std::string& path);
  /// Names of the schemas that a prompt in this folder may mean.
  std::vector<std::string> schema_names(const std::filesystem::path& folder) const;

 private:
  struct Document {
    std::string text;
    std::shared_ptr<const Analysis> analysis;  // null: it has changed since
    std::shared_ptr<const Analysis> names;
  };

  struct Found {
    std::filesystem::path path;
    std::string name;
  };

  std::shared_ptr<const Analysis> analyse(const std::string& path, const std::string& text) const;
  void read_schema(const std::filesystem::path& path, grammar::SourceId source, Analysis& analysis,
                   grammar::Diagnostics& diagnostics) const;
  void read_prompt(const std::filesystem::path& path, Analysis& analysis) const;
  /// Of the schema that a prompt names; empty if it is not found.
  std::filesystem::path find_schema(const std::filesystem::path& folder, const std::string& name) const;
  std::vector<Found> schemas_near(const std::filesystem::path& folder) const;
  std::optional<std::string> read(const std::filesystem::path& path) const;

  EditorModel model_;
  std::map<std::string, Document> documents_;
};

}  // namespace pml::cli
