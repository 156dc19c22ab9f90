#include "cli/lsp_language.h"

#include <algorithm>
#include <set>

#include "cli/layout_chart.h"
#include "cli/lsp_cursor.h"
#include "grammar/display.h"
#include "grammar/elements.h"
#include "grammar/format.h"
#include "grammar/vocabulary.h"

namespace pml::cli {
namespace {

namespace fs = std::filesystem;
using compiler::Element;
using compiler::ElementId;
using compiler::ElementKind;
using compiler::kNone;

/// Places in the documents of an analysis, as editors have them. The sources outlive it.
class Places {
 public:
  explicit Places(const grammar::SourceSet& sources) : sources_(sources) {}

  EditorPlace operator()(const grammar::Place& place) {
    const grammar::Source& source = sources_[place.source];
    const auto lines = texts_.try_emplace(place.source, source.text()).first;
    return {source.name(), lines->second.range(place.begin, place.end)};
  }

 private:
  const grammar::SourceSet& sources_;
  std::map<grammar::SourceId, EditorText> texts_;
};

bool is_in_path(char c) {
  return c == '/' || (static_cast<unsigned char>(c) >= 0x80) || grammar::is_legal_name(std::string("x") + c);
}

/// A cursor in a document, and what the words around it mean in the schema.
class Scene {
 public:
  Scene(EditorDocuments& documents, const std::string& path, EditorPosition position)
      : documents_(documents),
        path_(path),
        text_(*documents.text(path)),
        lines_(text_),
        offset_(lines_.offset(position)),
        cursor_(find_cursor(text_, offset_)),
        is_prompt_(grammar_root() == "prompt"),
        analysis_(documents.names(path)) {}

  std::vector<Completion> complete() {
    switch (cursor_.where) {
      case Cursor::Where::element_name:
        complete_element();
        break;
      case Cursor::Where::attribute_name:
        complete_attribute();
        break;
      case Cursor::Where::attribute_value:
        complete_value();
        break;
      case Cursor::Where::end_tag:
        if (!cursor_.open.empty()) {
          const std::string name(cursor_.open.back().name);
          add(Completion::Kind::element, name, "the element that is open", name + (is_behind_word('>') ? "" : ">"));
        }
        break;
      case Cursor::Where::text:
      case Cursor::Where::nowhere:
        break;
    }
    return std::move(completions_);
  }

  std::optional<Hover> hover() {
    const std::optional<Meaning> meaning = find_meaning();
    if (meaning && meaning->element != kNone) return Hover{describe(meaning->element), range(meaning->word)};
    const grammar::ElementInfo* element = grammar::find_element(elements(), cursor_.tag.name);
    if (element == nullptr) return std::nullopt;
    if (cursor_.where == Cursor::Where::element_name) {
      return Hover{"`<" + std::string(element->name) + ">`: " + std::string(element->summary), range(cursor_.word)};
    }
    if (cursor_.where != Cursor::Where::attribute_name || cursor_.attribute >= cursor_.tag.attributes.size()) {
      return std::nullopt;
    }
    const auto* attribute = grammar::find_attribute(*element, attribute_at().name);
    if (attribute == nullptr) return std::nullopt;
    return Hover{"`" + std::string(attribute->name) + "`: " + std::string(attribute->summary), range(cursor_.word)};
  }

  std::optional<EditorPlace> definition() {
    if (cursor_.where == Cursor::Where::attribute_value) {
      const std::string_view attribute = attribute_at().name;
      const bool names_file = !is_prompt_ && attribute == "src";
      if (names_file) return file_named(attribute_at().value);
      if (is_prompt_ && cursor_.open.empty() && attribute == "schema" && !analysis_->schema_path.empty()) {
        const bool is_known = analysis_->schema.has_value();
        return is_known ? Places(analysis_->sources)(analysis_->schema->place)
                        : EditorPlace{analysis_->schema_path.string(), {}};
      }
    }
    const std::optional<Meaning> meaning = find_meaning();
    if (!meaning || meaning->element == kNone) return std::nullopt;
    return Places(analysis_->sources)(layout().elements[meaning->element].place);
  }

 private:
  struct Meaning {
    ElementId element = kNone;
    Word word;
  };

  const compiler::Layout& layout() const { return analysis_->layout; }
  bool knows_names() const { return analysis_->references.has_value(); }
  std::string_view grammar_root() const {
    return cursor_.open.empty() ? find_root(text_).name : cursor_.open.front().name;
  }
  std::span<const grammar::ElementInfo> elements() const {
    return is_prompt_ ? grammar::prompt_elements() : grammar::schema_elements();
  }
  EditorRange range(const Word& word) const { return lines_.range(word.begin, word.end); }
  const CursorTag::Attribute& attribute_at() const { return cursor_.tag.attributes[cursor_.attribute]; }
  bool is_behind_word(char c) const { return cursor_.word.end < text_.size() && text_[cursor_.word.end] == c; }

  // --- names ------------------------------------------------------------------------------------------

  std::optional<ElementId> resolve(std::string_view path, ElementId scope) const {
    grammar::Diagnostics unused;
    return analysis_->references->names.module_or_slot({std::string(path), {}}, scope, unused);
  }

  /// What a tag of a prompt selects.
  ElementId selected(const CursorTag& tag, ElementId scope) const {
    const std::string_view path = tag.name == "use" ? tag.value_of("module") : tag.name;
    if (path.empty() || grammar::role_of(tag.name)) return kNone;
    return resolve(path, scope).value_or(kNone);
  }

  /// What a tag of a schema declares.
  ElementId declared(const CursorTag& tag, ElementId scope) const {
    const std::string_view name = tag.value_of("name");
    for (std::size_t i = 1; i < layout().elements.size() && !name.empty(); ++i) {
      const Element& element = layout().elements[i];
      const auto id = static_cast<ElementId>(i);
      if (element.name == name && to_string(element.kind) == tag.name && layout().scope_of(id) == scope) return id;
    }
    return kNone;
  }

  /// The module (or schema) that the elements around the cursor lead to.
  ElementId scope() const {
    ElementId scope = 0;
    for (std::size_t i = 1; i < cursor_.open.size(); ++i) {
      const CursorTag& tag = cursor_.open[i];
      if (!is_prompt_ && tag.name != "module") continue;
      const ElementId next = is_prompt_ ? selected(tag, scope) : declared(tag, scope);
      if (next != kNone) scope = next;
    }
    return scope;
  }

  /// The word of a list of paths, or of a rule, that the cursor is in.
  Word path_word() const {
    Word word{offset_, offset_};
    while (word.begin > cursor_.word.begin && is_in_path(text_[word.begin - 1])) --word.begin;
    while (word.end < cursor_.word.end && is_in_path(text_[word.end])) ++word.end;
    return word;
  }

  static bool names_modules(std::string_view element, std::string_view attribute) {
    return (element == "module" && (attribute == "after" || attribute == "requires" || attribute == "excludes")) ||
           (element == "union" && attribute == "scaffold") || (element == "scaffold" && attribute == "modules");
  }

  std::optional<Meaning> find_meaning() const {
    if (!knows_names()) return std::nullopt;
    return is_prompt_ ? meaning_in_prompt() : meaning_in_schema();
  }

  std::optional<Meaning> meaning_in_prompt() const {
    const ElementId around = scope();
    const bool is_root = cursor_.open.empty();
    if (cursor_.where == Cursor::Where::element_name) {
      if (is_root || cursor_.tag.name == "use") return std::nullopt;
      return Meaning{selected(cursor_.tag, around), cursor_.word};
    }
    const bool is_attribute =
        cursor_.where == Cursor::Where::attribute_name || cursor_.where == Cursor::Where::attribute_value;
    if (!is_attribute || cursor_.attribute >= cursor_.tag.attributes.size()) return std::nullopt;
    const ElementId owner = is_root ? 0 : selected(cursor_.tag, around);
    if (owner == kNone) return std::nullopt;
    if (cursor_.tag.name == "use" && attribute_at().name == "module") return Meaning{owner, cursor_.word};
    return Meaning{analysis_->references->names.parameter(owner, attribute_at().name), cursor_.word};
  }

  std::optional<Meaning> meaning_in_schema() const {
    const ElementId around = scope();
    if (cursor_.where == Cursor::Where::element_name) return Meaning{declared(cursor_.tag, around), cursor_.word};
    if (cursor_.where != Cursor::Where::attribute_value) return std::nullopt;
    if (attribute_at().name == "name") return Meaning{declared(cursor_.tag, around), cursor_.word};
    if (!names_modules(cursor_.tag.name, attribute_at().name)) return std::nullopt;
    const Word word = path_word();
    const std::string path = text_.substr(word.begin, word.end - word.begin);
    if (path.empty()) return std::nullopt;
    if (cursor_.tag.name != "union") return Meaning{resolve(path, around).value_or(kNone), word};
    const ElementId alternatives = declared(cursor_.tag, around);
    for (std::size_t i = 1; i < layout().elements.size(); ++i) {
      const Element& element = layout().elements[i];
      const bool is_member = alternatives == kNone ? layout().scope_of(static_cast<ElementId>(i)) == around
                                                   : element.parent == alternatives;
      if (is_member && element.name == path) return Meaning{static_cast<ElementId>(i), word};
    }
    return std::nullopt;
  }

  /// The first file that a `src` names.
  std::optional<EditorPlace> file_named(std::string_view src) const {
    std::error_code error;
    const fs::path folder = folder_of(path_);
    fs::path file = (folder / src).lexically_normal();
    if (!fs::is_regular_file(file, error)) file = (folder / src.substr(0, src.rfind("#L"))).lexically_normal();
    if (!fs::is_regular_file(file, error)) return std::nullopt;
    return EditorPlace{file.string(), {}};
  }

  // --- descriptions -----------------------------------------------------------------------------------

  std::string describe(ElementId id) const {
    const Element& element = layout().elements[id];
    const char* mark = layout().is_estimate ? "~" : "";
    std::string text = "**" + std::string(to_string(element.kind)) + "** ";
    const bool has_path = element.kind == ElementKind::module || element.is_hole();
    if (!element.name.empty()) text += "`" + (has_path ? compiler::path_of(element) : element.name) + "`";
    if (element.required) text += ", required";
    text += "\n\n";
    if (element.end > element.first) {
      text += "Slots " + std::string(mark) + std::to_string(element.first) + " to " + mark +
              std::to_string(element.end - 1) + ", ";
    }
    if (element.is_hole()) {
      text += "room for " + std::string(mark) + compiler::count_tokens(element.end - element.first);
    } else if (element.kind == ElementKind::alternatives || element.kind == ElementKind::pool) {
      text += std::string(mark) + compiler::count_tokens(element.end - element.first) + " at most";
    } else {
      text += std::string(mark) + compiler::count_tokens(static_cast<std::int64_t>(own_tokens(layout(), element))) +
              " of its own text";
    }
    text += describe_contents(id);
    if (layout().is_estimate) text += "\n\n~ counts characters; start the server with -m to count a model's tokens";
    return text;
  }

  std::string describe_contents(ElementId id) const {
    const Element& element = layout().elements[id];
    std::string text;
    if (element.is_hole()) {
      if (element.content != kNone) {
        text += std::string("\n\n") + (element.has_default ? "Default" : "Stand-in") + ": " +
                quoted(plain(layout().segments[element.content].text));
      }
      std::string values;
      for (const Element::Value& value : element.values) values += (values.empty() ? "" : ", ") + quoted(value.text);
      if (!values.empty()) text += "\n\nValues: " + values;
      return text;
    }
    if (element.requirement) text += "\n\nRequires `" + to_string(*element.requirement) + "`";
    if (element.exclusion) text += "\n\nExcludes `" + to_string(*element.exclusion) + "`";
    std::string members;
    for (std::size_t i = 1; i < layout().elements.size(); ++i) {
      const Element& child = layout().elements[i];
      if (child.parent == id && !child.name.empty()) members += (members.empty() ? "`" : ", `") + child.name + "`";
      if (members.size() > kMostShown) break;
    }
    if (!members.empty()) text += "\n\nHolds " + members + (members.size() > kMostShown ? ", ..." : "");
    for (const compiler::Content& content : element.contents) {
      if (content.is_segment) return text + "\n\n" + quoted(plain(layout().segments[content.id].text));
    }
    return text;
  }

  /// The beginning of a text, as code.
  static std::string quoted(const std::string& text) {
    std::string shown = text.substr(0, grammar::prefix_size(text, static_cast<int>(kMostShown)));
    if (shown.size() < text.size()) shown += "...";
    std::ranges::replace_if(
        shown, [](char c) { return c == '\n' || c == '\r' || c == '`'; }, ' ');
    const std::size_t first = shown.find_first_not_of(' ');
    return first == std::string::npos ? "(blank)" : "`" + shown.substr(first) + "`";
  }

  // --- completions ------------------------------------------------------------------------------------

  void add(Completion::Kind kind, std::string label, std::string_view detail, std::string text, int rank = 0) {
    if (!known_.insert(label).second || completions_.size() >= kMostCompletions) return;
    completions_.push_back({kind, std::move(label), std::string(detail), std::move(text), range(cursor_.word), rank});
  }

  void complete_element() {
    if (cursor_.open.empty()) {
      for (const std::string_view root : {"schema", "prompt"}) {
        const auto list = root == "schema" ? grammar::schema_elements() : grammar::prompt_elements();
        add(Completion::Kind::element, std::string(root), list.front().summary, std::string(root));
      }
      return;
    }
    if (!is_prompt_) {
      for (const grammar::ElementInfo& element : elements()) {
        if (!may_stand_in(element, cursor_.open.back().name)) continue;
        add(Completion::Kind::element, std::string(element.name), element.summary, std::string(element.name));
      }
      return;
    }
    if (grammar::role_of(cursor_.open.back().name)) return;
    if (knows_names()) {
      const ElementId around = scope();
      complete_modules(around, 0);
      complete_modules(kNone, 1);
    }
    for (const grammar::ElementInfo& element : elements()) {
      const bool is_turn = grammar::role_of(element.name).has_value();
      if (element.name == "prompt" || (is_turn && cursor_.open.size() > 1)) continue;
      add(Completion::Kind::element, std::string(element.name), element.summary, std::string(element.name), 2);
    }
  }

  /// Modules and slots of a scope; kNone: all that are named once.
  void complete_modules(ElementId around, int rank) {
    std::map<std::string_view, int> counts;
    for (const Element& element : layout().elements) {
      if (is_selectable(element)) ++counts[element.name];
    }
    for (std::size_t i = 1; i < layout().elements.size(); ++i) {
      const Element& element = layout().elements[i];
      if (!is_selectable(element)) continue;
      const bool is_meant =
          around == kNone ? counts[element.name] == 1 : layout().scope_of(static_cast<ElementId>(i)) == around;
      if (!is_meant) continue;
      const bool by_use = !grammar::is_legal_element_name(element.name);
      add(Completion::Kind::module, element.name, summary_of(element),
          by_use ? "use module=\"" + element.name + "\"" : element.name, rank);
    }
  }

  static bool is_selectable(const Element& element) {
    return (element.kind == ElementKind::module || element.kind == ElementKind::slot) && !element.name.empty();
  }

  std::string summary_of(const Element& element) const {
    const char* mark = layout().is_estimate ? "~" : "";
    const std::int64_t count =
        element.is_hole() ? element.end - element.first : static_cast<std::int64_t>(own_tokens(layout(), element));
    std::string text(to_string(element.kind));
    if (!element.path.empty()) text += " " + element.path;
    return text + ", " + mark + compiler::count_tokens(count);
  }

  void complete_attribute() {
    const auto is_there = [&](std::string_view name) {
      const auto found = std::ranges::find(cursor_.tag.attributes, name, &CursorTag::Attribute::name);
      return found != cursor_.tag.attributes.end() &&
             static_cast<std::size_t>(found - cursor_.tag.attributes.begin()) != cursor_.attribute;
    };
    const auto add_attribute = [&](Completion::Kind kind, const std::string& name, std::string_view detail, int rank) {
      const bool has_value = is_behind_word('=');
      if (!is_there(name)) add(kind, name, detail, has_value ? name : name + "=\"\"", rank);
    };
    if (is_prompt_ && knows_names()) {
      const bool is_root = cursor_.open.empty();
      const ElementId owner = is_root ? 0 : selected(cursor_.tag, scope());
      for (std::size_t i = 1; owner != kNone && i < layout().elements.size(); ++i) {
        const Element& element = layout().elements[i];
        if (element.kind != ElementKind::parameter || layout().scope_of(static_cast<ElementId>(i)) != owner) continue;
        add_attribute(Completion::Kind::parameter, element.name, summary_of(element), is_root ? 1 : 0);
      }
    }
    const grammar::ElementInfo* element = grammar::find_element(elements(), cursor_.tag.name);
    if (element == nullptr) return;
    for (const grammar::AttributeInfo& attribute : element->attributes) {
      add_attribute(Completion::Kind::attribute, std::string(attribute.name), attribute.summary,
                    attribute.is_needed ? 0 : 1);
    }
  }

  void complete_value() {
    const std::string_view name = attribute_at().name;
    const std::string_view tag = cursor_.tag.name;
    if (const auto* element = grammar::find_element(elements(), tag)) {
      if (const auto* attribute = grammar::find_attribute(*element, name)) {
        for (const std::string_view value : attribute->values) {
          add(Completion::Kind::value, std::string(value), "", std::string(value));
        }
      }
    }
    if (tag == "schema" && name == "repair") {
      for (const char* value : {"none", "joints", "link:16", "ratio:0.1", "exact"}) {
        add(Completion::Kind::value, value, "", value);
      }
    }
    if (is_prompt_) return complete_value_in_prompt(name);
    if (!knows_names() || !names_modules(tag, name)) return;
    cursor_.word = path_word();
    const ElementId around = scope();
    const ElementId owner = tag == "union" ? declared(cursor_.tag, around) : kNone;
    for (std::size_t i = 1; i < layout().elements.size(); ++i) {
      const Element& element = layout().elements[i];
      if (element.kind != ElementKind::module || element.name.empty()) continue;
      const bool is_near = layout().scope_of(static_cast<ElementId>(i)) == around;
      if (tag == "union" && !(owner == kNone ? is_near : element.parent == owner)) continue;
      const std::string& path = is_near ? element.name : element.path;
      add(Completion::Kind::module, path, summary_of(element), path, is_near ? 0 : 1);
    }
  }

  void complete_value_in_prompt(std::string_view name) {
    const bool is_root = cursor_.open.empty();
    if (is_root && name == "schema") {
      for (const std::string& schema : documents_.schema_names(folder_of(path_))) {
        add(Completion::Kind::value, schema, "schema", schema);
      }
      return;
    }
    if (!knows_names()) return;
    if (cursor_.tag.name == "use" && name == "module") {
      const ElementId around = scope();
      for (std::size_t i = 1; i < layout().elements.size(); ++i) {
        const Element& element = layout().elements[i];
        if (!is_selectable(element)) continue;
        const bool is_near = layout().scope_of(static_cast<ElementId>(i)) == around;
        const std::string path = is_near ? element.name : compiler::path_of(element);
        add(Completion::Kind::module, path, summary_of(element), path, is_near ? 0 : 1);
      }
      return;
    }
    const std::optional<Meaning> meaning = find_meaning();
    if (!meaning || meaning->element == kNone) return;
    const Element& parameter = layout().elements[meaning->element];
    for (const Element::Value& value : parameter.values) {
      if (value.text.find_first_of("<>&\"'") == std::string::npos) {
        add(Completion::Kind::value, value.text, "", value.text);
      }
    }
  }

  static constexpr std::size_t kMostShown = 200;
  static constexpr std::size_t kMostCompletions = 2000;

  EditorDocuments& documents_;
  const std::string& path_;
  const std::string& text_;
  EditorText lines_;
  std::size_t offset_;
  Cursor cursor_;
  bool is_prompt_;
  std::shared_ptr<const Analysis> analysis_;
  std::vector<Completion> completions_;
  std::set<std::string> known_;
};

}  // namespace

std::vector<EditorDiagnostic> diagnostics_of(EditorDocuments& documents, const std::string& path) {
  constexpr std::size_t kMostDiagnostics = 1000;
  const auto analysis = documents.analysis(path);
  const EditorText lines(*documents.text(path));
  Places places(analysis->sources);
  std::vector<EditorDiagnostic> list;
  for (const grammar::Diagnostic& diagnostic : analysis->diagnostics.list()) {
    if (list.size() >= kMostDiagnostics) break;
    EditorDiagnostic entry;
    entry.severity =
        severity_of(diagnostic.kind) == grammar::Severity::error ? EditorSeverity::error : EditorSeverity::warning;
    entry.kind = name_of(diagnostic.kind);
    entry.message = diagnostic.message;
    // A mistake in a file that the document takes in is shown where it does.
    std::optional<grammar::Place> at = diagnostic.place;
    while (at && at->source != analysis->document) at = analysis->sources[at->source].taken_in_at();
    if (at) entry.range = lines.range(at->begin, at->end);
    if (diagnostic.place.source != analysis->document) {
      entry.notes.push_back({places(diagnostic.place), diagnostic.message});
    }
    for (const grammar::Note& note : notes_of(diagnostic, analysis->sources)) {
      if (note.place) {
        entry.notes.push_back({places(*note.place), note.message});
      } else {
        entry.message += "\n" + note.message;
      }
    }
    list.push_back(std::move(entry));
  }
  if (!analysis->remark.empty()) {
    const CursorTag root = find_root(*documents.text(path));
    Word word = root.word;
    for (const CursorTag::Attribute& attribute : root.attributes) {
      if (attribute.name == "schema" && attribute.has_value) word = attribute.value_word;
    }
    list.push_back({lines.range(word.begin, word.end), EditorSeverity::information, "", analysis->remark, {}});
  }
  return list;
}

std::vector<Completion> complete(EditorDocuments& documents, const std::string& path, EditorPosition position) {
  return Scene(documents, path, position).complete();
}

std::optional<Hover> hover(EditorDocuments& documents, const std::string& path, EditorPosition position) {
  return Scene(documents, path, position).hover();
}

std::optional<EditorPlace> find_definition(EditorDocuments& documents, const std::string& path,
                                           EditorPosition position) {
  return Scene(documents, path, position).definition();
}

std::optional<std::string> canonical_text(const EditorDocuments& documents, const std::string& path) {
  grammar::SourceSet sources;
  grammar::Diagnostics unused;
  std::string text = *documents.text(path);
  return format(sources.add(path, std::move(text)), sources, unused);
}

}  // namespace pml::cli
