#include "grammar/parse_prompt.h"

#include <algorithm>
#include <iterator>

#include "grammar/attributes.h"
#include "grammar/vocabulary.h"
#include "grammar/whitespace.h"
#include "grammar/xml.h"

namespace pml::grammar {
namespace {

class PromptReader {
 public:
  /// The diagnostics from `first` on are of the markup.
  PromptReader(const SourceSet& sources, std::size_t first, Diagnostics& diagnostics)
      : sources_(sources), diagnostics_(diagnostics) {
    for (std::size_t i = first; i < diagnostics.list().size(); ++i) {
      markup_mistakes_.push_back(diagnostics.list()[i].place.begin);
    }
    std::ranges::sort(markup_mistakes_);
  }

  std::optional<ast::Prompt> read(const XmlElement& root) {
    const bool is_meant = nearest(root.name, {"prompt"}).has_value();
    if (!is_meant && root.is_broken) return std::nullopt;  // its tag may be missing
    if (root.name != "prompt") {
      auto& diagnostic = diagnostics_.add(DiagnosticKind::wrong_root, root.place,
                                          "a prompt's root element is `<prompt>`, not `<" + root.name + ">`");
      if (root.name == "schema") {
        diagnostic.notes.push_back({std::nullopt, "this is a schema; it is named first on the command line"});
      }
      if (!is_meant) return std::nullopt;
    }
    ast::Prompt prompt;
    prompt.place = root.place;
    Attributes attributes(root, diagnostics_);
    if (const auto* schema = attributes.find("schema")) {
      prompt.schema = value(*schema);
      prompt.place = schema->value_place;
      if (schema->value.empty()) {
        diagnostics_.add(DiagnosticKind::bad_value, schema->value_place, "`schema` is the schema's name or path");
      }
    }
    space_ = attributes.space(SpaceMode::dedent);
    prompt.arguments = arguments(attributes);
    prompt.has_lost_arguments = root.is_broken;
    children(root, prompt.children, true);
    return prompt;
  }

 private:
  /// Empty if a mistake in it left open what it is.
  std::string value(const XmlAttribute& attribute) const {
    const Place& place = attribute.value_place;
    const auto mistake = std::ranges::lower_bound(markup_mistakes_, place.begin);
    const bool is_wrong = mistake != markup_mistakes_.end() && *mistake < place.end;
    return is_wrong ? "" : attribute.value;
  }

  std::vector<ast::Argument> arguments(const Attributes& attributes) const {
    std::vector<ast::Argument> result;
    for (const XmlAttribute* attribute : attributes.rest()) {
      result.push_back({attribute->name, value(*attribute), attribute->name_place, attribute->value_place});
    }
    return result;
  }

  void children(const XmlElement& parent, std::vector<ast::PromptNode>& nodes, bool at_top) {
    const std::string indentation = space_ == SpaceMode::dedent ? common_indentation(parent) : "";
    for (const XmlNode& child : parent.children) {
      if (const auto* text = std::get_if<XmlText>(&child.value)) {
        if (is_layout(*text)) continue;
        auto content = whitespace_.text(*text, space_, indentation);
        if (parent.is_broken && parent.name != "prompt") continue;  // the tag that closes it may be missing before
        if (content) nodes.push_back({ast::FreeText{sources_.trimmed(text->place), std::move(*content)}});
      } else {
        element(std::get<XmlElement>(child.value), nodes, at_top);
      }
    }
  }

  void element(const XmlElement& element, std::vector<ast::PromptNode>& nodes, bool at_top) {
    if (const auto role = role_of(element.name)) {
      turn(element, *role, nodes, at_top);
    } else if (element.name == "use" || !is_element_name(element.name)) {
      nodes.push_back({selection(element, at_top)});
    } else if (!element.is_broken) {
      diagnostics_
          .add(DiagnosticKind::misplaced_element, element.place, "`<" + element.name + ">` may not stand in a prompt")
          .notes.push_back({std::nullopt, "a module called `" + element.name + "` is selected with <use module=\"" +
                                              element.name + "\"/>"});
    }
  }

  /// In `preserve` blanks are text, but those alone between selections only set the document.
  bool is_layout(const XmlText& text) const {
    return space_ == SpaceMode::preserve &&
           std::all_of(text.pieces.begin(), text.pieces.end(), [](const XmlPiece& piece) {
             return !piece.is_literal && piece.text.find_first_not_of(" \t\r\n") == std::string::npos;
           });
  }

  ast::Selection selection(const XmlElement& element, bool at_top) {
    ast::Selection result;
    result.module = {element.name, element.place};
    result.is_broken = result.has_lost_arguments = element.is_broken;
    Attributes attributes(element, diagnostics_);
    const bool is_misspelt_use = element.name != "use" && element.attribute("module") != nullptr;
    if (is_misspelt_use && !element.is_broken) {
      diagnostics_.add(DiagnosticKind::reserved_name, element.attribute("module")->name_place,
                       "`module` is an attribute of `<use>`; no parameter is called that");
    }
    if (element.name == "use" || is_misspelt_use) {
      const XmlAttribute* module = attributes.find("module");
      if (module != nullptr) result.module = {value(*module), module->value_place};
      result.by_use = true;
      if (module != nullptr && module->value.empty()) {
        diagnostics_.add(DiagnosticKind::bad_name, module->value_place, "`module` is a module's path, not empty");
      }
      if (module == nullptr) {
        result.module.text.clear();
        // Other attributes are arguments, so a misspelt one cannot be told from them.
        if (!element.is_broken) {
          diagnostics_.add(DiagnosticKind::missing_attribute, element.place, "`<use>` needs the attribute `module`");
        }
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
    children(element, result.children, at_top && element.is_broken);
    whitespace_.content();
    return result;
  }

  void turn(const XmlElement& element, ast::Role role, std::vector<ast::PromptNode>& nodes, bool at_top) {
    ast::PromptTurn result;
    result.role = role;
    result.place = element.place;
    result.text_place = element.place;
    Attributes attributes(element, diagnostics_);
    if (role == ast::Role::assistant) result.is_open = attributes.boolean("open", false);
    attributes.finish();
    whitespace_.role_tag();
    const std::string indentation = space_ == SpaceMode::dedent ? common_indentation(element) : "";
    std::vector<ast::PromptNode> behind;
    for (const XmlNode& child : element.children) {
      if (const auto* text = std::get_if<XmlText>(&child.value)) {
        if (auto content = whitespace_.text(*text, space_, indentation)) {
          result.text += *content;
          result.text_place = sources_.trimmed(text->place);
        }
        continue;
      }
      const auto& inner = std::get<XmlElement>(child.value);
      if (element.is_broken) {  // the tag that closes it may be missing before
        this->element(inner, behind, at_top);
      } else {
        misplaced_in_role(inner);
      }
    }
    whitespace_.role_tag();
    if (at_top) {
      nodes.push_back({std::move(result)});
    } else {
      diagnostics_.add(DiagnosticKind::misplaced_element, element.place,
                       "a role may not stand inside a selected module");
    }
    std::ranges::move(behind, std::back_inserter(nodes));
  }

  void misplaced_in_role(const XmlElement& element) {
    if (element.is_broken) {
      // What follows stands in it only because it is not closed.
      for (const XmlNode& child : element.children) {
        if (const auto* inner = std::get_if<XmlElement>(&child.value)) misplaced_in_role(*inner);
      }
    } else if (role_of(element.name)) {
      diagnostics_.add(DiagnosticKind::nested_role, element.place, "roles may not nest");
    } else {
      diagnostics_.add(DiagnosticKind::misplaced_element, element.place, "in a prompt a role holds text alone")
          .notes.push_back({std::nullopt,
                            "modules are selected outside of roles, and stand where the schema puts them; "
                            "text that holds `<` goes into <![CDATA[...]]>"});
    }
  }

  const SourceSet& sources_;
  Diagnostics& diagnostics_;
  std::vector<std::uint32_t> markup_mistakes_;  // where they begin
  Whitespace whitespace_;
  SpaceMode space_ = SpaceMode::dedent;
};

}  // namespace

std::optional<ast::Prompt> parse_prompt(SourceId source, const SourceSet& sources, Diagnostics& diagnostics) {
  const std::size_t num_before = diagnostics.list().size();
  const auto document = parse_xml(source, sources, diagnostics);
  if (!document) return std::nullopt;
  auto prompt = PromptReader(sources, num_before, diagnostics).read(document->root);
  if (prompt) prompt->is_guessed = document->is_guessed;
  return prompt;
}

}  // namespace pml::grammar
