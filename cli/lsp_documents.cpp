#include "cli/lsp_documents.h"

#include <algorithm>
#include <array>
#include <fstream>

#include "cli/lsp_cursor.h"
#include "compiler/characters.h"
#include "compiler/contexts.h"
#include "compiler/lint.h"
#include "compiler/plan.h"
#include "compiler/standins.h"
#include "grammar/parse_prompt.h"
#include "grammar/parse_schema.h"

namespace pml::cli {
namespace {

namespace fs = std::filesystem;

/// Of the folders in which a prompt's schema is looked for.
constexpr std::size_t kMostEntries = 10'000;
/// A schema's name stands in its first tag.
constexpr std::size_t kHeadBytes = 16 << 10;

std::string head_of(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return "";
  std::ifstream file(path, std::ios::binary);
  std::string head(kHeadBytes, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, file.gcount())));
  return head;
}

}  // namespace

fs::path folder_of(const fs::path& document) {
  std::error_code error;
  return document.is_absolute() ? document.parent_path() : fs::current_path(error);
}

void EditorDocuments::set(const std::string& path, std::string text) {
  documents_[path].text = grammar::without_byte_order_mark(std::move(text));
  forget_files();
}

void EditorDocuments::close(const std::string& path) {
  documents_.erase(path);
  forget_files();
}

void EditorDocuments::forget_files() {
  for (auto& [name, document] : documents_) document.analysis = nullptr;
}

const std::string* EditorDocuments::text(const std::string& path) const {
  const auto found = documents_.find(path);
  return found == documents_.end() ? nullptr : &found->second.text;
}

std::vector<std::string> EditorDocuments::paths() const {
  std::vector<std::string> list;
  for (const auto& [path, document] : documents_) list.push_back(path);
  return list;
}

std::shared_ptr<const Analysis> EditorDocuments::analysis(const std::string& path) {
  Document& document = documents_.at(path);
  if (document.analysis == nullptr) {
    document.analysis = analyse(path, document.text);
    if (document.analysis->references || document.names == nullptr) document.names = document.analysis;
  }
  return document.analysis;
}

std::shared_ptr<const Analysis> EditorDocuments::names(const std::string& path) {
  analysis(path);
  return documents_.at(path).names;
}

std::vector<std::string> EditorDocuments::schema_names(const fs::path& folder) const {
  std::vector<std::string> names;
  for (const Found& found : schemas_near(folder)) names.push_back(found.name);
  return names;
}

std::shared_ptr<const Analysis> EditorDocuments::analyse(const std::string& path, const std::string& text) const {
  auto analysis = std::make_shared<Analysis>();
  analysis->document = analysis->sources.add(path, text);
  if (find_root(text).name == "prompt") {
    read_prompt(path, *analysis);
  } else {
    read_schema(path, analysis->document, *analysis, analysis->diagnostics);
  }
  return analysis;
}

void EditorDocuments::read_schema(const fs::path& path, grammar::SourceId source, Analysis& analysis,
                                  grammar::Diagnostics& diagnostics) const {
  grammar::SchemaOptions options;
  options.folder = folder_of(path);
  analysis.schema = parse_schema(source, analysis.sources, options, diagnostics);
  if (!analysis.schema) return;
  check_characters(*analysis.schema, model_.encoder, analysis.sources, diagnostics);
  analysis.layout = lay_out(*analysis.schema, model_.encoder, model_.max_positions, diagnostics);
  analysis.references.emplace(*analysis.schema, analysis.layout, model_.max_positions, analysis.sources, diagnostics);
}

void EditorDocuments::read_prompt(const fs::path& path, Analysis& analysis) const {
  const std::string named(find_root(analysis.sources[analysis.document].text()).value_of("schema"));
  grammar::Diagnostics of_schema;
  if (named.empty()) {
    analysis.remark = "this prompt names no schema, so only its markup is checked";
  } else if (analysis.schema_path = find_schema(folder_of(path), named); analysis.schema_path.empty()) {
    analysis.remark = "there is no schema " + ast::in_quotes(named) +
                      " in this folder, the one above, or a folder `schemas` beside it";
  } else if (const auto text = read(analysis.schema_path); !text) {
    analysis.remark = "the schema " + analysis.schema_path.string() + " cannot be read";
  } else {
    read_schema(analysis.schema_path, analysis.sources.add(analysis.schema_path.string(), *text), analysis, of_schema);
    if (of_schema.has_errors()) analysis.remark = "the schema has mistakes; until then only the markup is checked";
  }
  const auto prompt = parse_prompt(analysis.document, analysis.sources, analysis.diagnostics);
  if (!prompt || !analysis.references || of_schema.has_errors()) return;
  check_characters(*prompt, model_.encoder, analysis.sources, analysis.diagnostics);
  const std::vector<std::string> names{analysis.schema->name, named};
  const auto selection =
      resolve(*prompt, analysis.layout, *analysis.references, model_.encoder, names, analysis.diagnostics);
  if (analysis.diagnostics.has_errors()) {
    check_lengths(analysis.layout, selection, model_.encoder, analysis.diagnostics);
    return;
  }
  // Whatever cached text has seen, it stands at the same places.
  const auto contexts =
      declare_contexts(analysis.layout, ast::ContextKind::isolated, compiler::choose_standins(analysis.layout), {});
  make_plan(analysis.layout, contexts, selection, model_.encoder, model_.max_positions, analysis.diagnostics);
  if (!analysis.diagnostics.has_errors()) lint(selection, analysis.layout, model_.encoder, analysis.diagnostics);
}

fs::path EditorDocuments::find_schema(const fs::path& folder, const std::string& name) const {
  std::error_code error;
  const fs::path path = (folder / name).lexically_normal();
  if (documents_.contains(path.string()) || fs::is_regular_file(path, error)) return path;
  for (const Found& found : schemas_near(folder)) {
    if (found.name == name) return found.path;
  }
  return {};
}

std::vector<EditorDocuments::Found> EditorDocuments::schemas_near(const fs::path& folder) const {
  std::vector<fs::path> folders{folder, folder.parent_path(), folder / "schemas", folder.parent_path() / "schemas"};
  std::size_t num_entries = 0;
  // A schema that takes in files has a folder of its own.
  for (const fs::path& base : {folders[2], folders[3]}) {
    std::error_code error;
    for (fs::directory_iterator entry(base, error), end; !error && entry != end; entry.increment(error)) {
      if (++num_entries > kMostEntries) break;
      if (entry->is_directory(error)) folders.push_back(entry->path());
    }
  }
  std::vector<fs::path> files;
  for (const fs::path& base : folders) {
    std::vector<fs::path> inside;
    std::error_code error;
    for (fs::directory_iterator entry(base, error), end; !error && entry != end; entry.increment(error)) {
      if (++num_entries > kMostEntries) break;
      if (entry->path().extension() == ".pml") inside.push_back(entry->path().lexically_normal());
    }
    for (const auto& [path, document] : documents_) {
      if (folder_of(path) == base) inside.emplace_back(path);
    }
    std::ranges::sort(inside);
    for (const fs::path& file : inside) {
      if (std::ranges::find(files, file) == files.end()) files.push_back(file);
    }
  }
  std::vector<Found> found;
  for (const fs::path& file : files) {
    const std::string* open = text(file.string());
    const std::string content = open != nullptr ? *open : head_of(file);
    const CursorTag root = find_root(content);
    if (root.name == "schema") found.push_back({file, std::string(root.value_of("name"))});
  }
  return found;
}

std::optional<std::string> EditorDocuments::read(const fs::path& path) const {
  if (const std::string* open = text(path.string())) return *open;
  auto content = grammar::read_text_file(path, grammar::ReadLimits{}.document_bytes);
  if (!content) return std::nullopt;
  return std::move(*content);
}

}  // namespace pml::cli
