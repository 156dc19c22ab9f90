#include "grammar/parse_prompt.h"

#include <algorithm>

#include "grammar/attributes.h"
#include "grammar/vocabulary.h"
#include "grammar/whitespace.h"
#include "grammar/xml.h"

namespace pml::grammar {
namespace {

class PromptReader {
 public:
  PromptReader(const SourceSet& sources, Diagnostics& diagnostics) : sources_(sources), diagnostics_(diagnostics) {}

  std::optional<ast::Prompt> read(const XmlElement& root) {
    if (root.name != "prompt") {
      auto& diagnostic = diagnostics_.add(DiagnosticKind::wrong_root, root.place,
                                          "a prompt's root element is `<prompt>`, not `<" + root.name + ">`");
      if (root.name == "schema") {
        diagnostic.notes.push_back({std::nullopt, "this is a schema; it is named first on the command line"});
      }
      return std::nullopt;
    }
    ast::Prompt prompt;
    prompt.place = root.place;
    Attributes attributes(root, diagnostics_);
    if (const auto* schema = attributes.find("schema")) {
      prompt.schema = schema->value;
      prompt.place = schema->value_place;
      if (schema->value.empty()) {
        diagnostics_.add(DiagnosticKind::bad_value, schema->value_place, "`schema` is the schema's name or path");
      }
    }
    space_ = attributes.space(SpaceMode::dedent);
    prompt.arguments = arguments(attributes);
    children(root, prompt.children, true);
    return prompt;
  }

 private:
  static std::vector<ast::Argument> arguments(const Attributes& attributes) {
    std::vector<ast::Argument> result;
    for (const XmlAttribute* attribute : attributes.rest()) {
      result.push_back({attribute->name, attribute->value, attribute->name_place, attribute->value_place});
    }
    return result;
  }

  void children(const XmlElement& element, std::vector<ast::PromptNode>& nodes, bool at_top) {
    const std::string indentation = space_ == SpaceMode::dedent ? common_indentation(element) : "";
    for (const XmlNode& child : element.children) {
      if (const auto* text = std::get_if<XmlText>(&child.value)) {
        if (is_layout(*text)) continue;
        if (auto content = whitespace_.text(*text, space_, indentation)) {
          nodes.push_back({ast::FreeText{sources_.trimmed(text->place), std::move(*content)}});
        }
        continue;
      }
      const auto& inner = std::get<XmlElement>(child.value);
      if (const auto role = role_of(inner.name)) {
        if (auto result = turn(inner, *role, at_top)) nodes.push_back({std::move(*result)});
      } else if (inner.name == "use" || !is_element_name(inner.name)) {
        nodes.push_back({selection(inner)});
      } else {
        diagnostics_
            .add(DiagnosticKind::misplaced_element, inner.place, "`<" + inner.name + ">` may not stand in a prompt")
            .notes.push_back({std::nullopt, "a module called `" + inner.name + "` is selected with <use module=\"" +
                                                inner.name + "\"/>"});
      }
    }
  }

  /// In `preserve` blanks are text, but those alone between selections only set the document.
  bool is_layout(const XmlText& text) const {
    return space_ == SpaceMode::preserve &&
           std::all_of(text.pieces.begin(), text.pieces.end(), [](const XmlPiece& piece) {
             return !piece.is_literal && piece.text.find_first_not_of(" \t\r\n") == std::string::npos;
           });
  }

  ast::Selection selection(const XmlElement& element) {
    ast::Selection result;
    result.module = {element.name, element.place};
    Attributes attributes(element, diagnostics_);
    if (element.name == "use") {
      const XmlAttribute* module = attributes.find("module");
      if (module != nullptr) result.module = {module->value, module->value_place};
      result.by_use = true;
      if (module != nullptr && module->value.empty()) {
        diagnostics_.add(DiagnosticKind::bad_name, module->value_place, "`module` is a module's path, not empty");
      }
      if (module == nullptr) {
        result.module.text.clear();
        // Other attributes are arguments, so a misspelt one cannot be told from them.
        diagnostics_.add(DiagnosticKind::missing_attribute, element.place, "`<use>` needs the attribute `module`");
      }
    }
    for (ast::Argument& argument : arguments(attributes)) {
      if (is_reserved_parameter_name(argument.name)) {
        diagnostics_.add(DiagnosticKind::reserved_name, argument.place,
                         "`" + argument.name + "` is reserved; no parameter is called that");
      } else {
        result.arguments.push_back(std::move(argument));
      }
    }
    whitespace_.role_tag();  // what is inside goes to a slot, which has its own blank
    children(element, result.children, false);
    whitespace_.content();
    return result;
  }

  std::optional<ast::PromptTurn> turn(const XmlElement& element, ast::Role role, bool at_top) {
    ast::PromptTurn result;
    result.role = role;
    result.place = element.place;
    result.text_place = element.place;
    Attributes attributes(element, diagnostics_);
    if (role == ast::Role::assistant) result.is_open = attributes.boolean("open", false);
    attributes.finish();
    whitespace_.role_tag();
    const std::string indentation = space_ == SpaceMode::dedent ? common_indentation(element) : "";
    for (const XmlNode& child : element.children) {
      if (const auto* text = std::get_if<XmlText>(&child.value)) {
        if (auto content = whitespace_.text(*text, space_, indentation)) {
          result.text += *content;
          result.text_place = sources_.trimmed(text->place);
        }
        continue;
      }
      const auto& inner = std::get<XmlElement>(child.value);
      if (role_of(inner.name)) {
        diagnostics_.add(DiagnosticKind::nested_role, inner.place, "roles may not nest");
      } else {
        diagnostics_.add(DiagnosticKind::misplaced_element, inner.place, "in a prompt a role holds text alone")
            .notes.push_back({std::nullopt, "select modules outside of roles; they stand where the schema puts them"});
      }
    }
    whitespace_.role_tag();
    if (!at_top) {
      diagnostics_.add(DiagnosticKind::misplaced_element, element.place,
                       "a role may not stand inside a selected module");
      return std::nullopt;
    }
    return result;
  }

  const SourceSet& sources_;
  Diagnostics& diagnostics_;
  Whitespace whitespace_;
  SpaceMode space_ = SpaceMode::dedent;
};

}  // namespace

std::optional<ast::Prompt> parse_prompt(SourceId source, const SourceSet& sources, Diagnostics& diagnostics) {
  const auto document = parse_xml(source, sources, diagnostics);
  if (!document) return std::nullopt;
  auto prompt = PromptReader(sources, diagnostics).read(document->root);
  if (document->is_guessed) return std::nullopt;  // what it selects is a guess, too
  return prompt;
}

}  // namespace pml::grammar
