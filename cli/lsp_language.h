// What an editor asks of a document of PML, without the protocol.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/lsp_documents.h"
#include "cli/lsp_text.h"

namespace pml::cli {

struct EditorPlace {
  std::string path;
  EditorRange range;
};

struct EditorNote {
  EditorPlace place;
  std::string message;
};

enum class EditorSeverity : std::uint8_t { error = 1, warning = 2, information = 3 };  // as the protocol numbers them

struct EditorDiagnostic {
  EditorRange range;
  EditorSeverity severity = EditorSeverity::error;
  std::string kind;  // empty: none of the program's
  std::string message;
  std::vector<EditorNote> notes;
};

struct Completion {
  enum class Kind : std::uint8_t { element, attribute, value, module, parameter } kind = Kind::element;
  std::string label;
  std::string detail;
  std::string text;  // replaces `range`
  EditorRange range;
  int rank = 0;  // lower ones first
};

struct Hover {
  std::string markdown;
  EditorRange range;
};

/// All of an open document; `path` must be open.
std::vector<EditorDiagnostic> diagnostics_of(EditorDocuments& documents, const std::string& path);
std::vector<Completion> complete(EditorDocuments& documents, const std::string& path, EditorPosition position);
std::optional<Hover> hover(EditorDocuments& documents, const std::string& path, EditorPosition position);
std::optional<EditorPlace> find_definition(EditorDocuments& documents, const std::string& path,
                                           EditorPosition position);
/// Nothing if the document is not well-formed.
std::optional<std::string> canonical_text(const EditorDocuments& documents, const std::string& path);

}  // namespace pml::cli
