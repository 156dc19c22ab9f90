#include "grammar/write_prompt.h"

#include <algorithm>

namespace pml::grammar {
namespace {

/// As text or as an attribute's value: nothing in it is markup, or changed when it is read.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '&':
        result += "&amp;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\n':
      case '\r':
      case '\t':
        result += "&#" + std::to_string(c) + ";";
        break;
      default:
        result += c;
    }
  }
  return result;
}

class XmlWriter {
 public:
  std::string write(const ast::Prompt& prompt) {
    text_ = "<prompt";
    if (!prompt.schema.empty()) text_ += " schema=\"" + escaped(prompt.schema) + "\"";
    text_ += " space=\"preserve\"";
    arguments(prompt.arguments);
    children(prompt.children, "prompt", 1);
    return std::move(text_) + "\n";
  }

 private:
  void arguments(const std::vector<ast::Argument>& list) {
    for (const ast::Argument& argument : list) text_ += " " + argument.name + "=\"" + escaped(argument.value) + "\"";
  }

  void new_line(int depth) { text_ += "\n" + std::string(static_cast<std::size_t>(2 * depth), ' '); }

  /// Ends the start tag, writes what is inside, and the end tag. Beside a text there are no blanks of the document's.
  void children(const std::vector<ast::PromptNode>& nodes, const std::string& name, int depth) {
    if (nodes.empty()) {
      text_ += "/>";
      return;
    }
    text_ += ">";
    const bool has_text = std::ranges::any_of(
        nodes, [](const ast::PromptNode& node) { return std::holds_alternative<ast::FreeText>(node.value); });
    for (const ast::PromptNode& node : nodes) {
      if (!has_text) new_line(depth);
      std::visit([&](const auto& value) { add(value, depth); }, node.value);
    }
    if (!has_text) new_line(depth - 1);
    text_ += "</" + name + ">";
  }

  void add(const ast::Selection& selection, int depth) {
    text_ += "<use module=\"" + escaped(selection.module.text) + "\"";
    arguments(selection.arguments);
    children(selection.children, "use", depth + 1);
  }
  void add(const ast::FreeText& text, int) { text_ += escaped(text.text); }
  void add(const ast::PromptTurn& turn, int) {
    const std::string role(to_string(turn.role));
    text_ += "<" + role + (turn.is_open ? " open=\"true\"" : "") + ">" + escaped(turn.text) + "</" + role + ">";
  }

  std::string text_;
};

}  // namespace

std::string to_xml(const ast::Prompt& prompt) { return XmlWriter().write(prompt); }

}  // namespace pml::grammar
