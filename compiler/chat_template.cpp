#include "compiler/chat_template.h"

namespace pml::compiler {

std::optional<ChatTemplate> ChatTemplate::recognize(std::string_view jinja) {
  const bool has_marks = jinja.find("<|im_start|>") != std::string_view::npos &&
                         jinja.find("<|im_end|>") != std::string_view::npos;
  if (has_marks) return ChatTemplate(TemplateFamily::chatml);
  return std::nullopt;
}

MarkedText ChatTemplate::opening(ast::Role role) const {
  MarkedText text{{"<|im_start|>", true}};
  append(text, to_string(role));
  append(text, "\n");
  return text;
}

MarkedText ChatTemplate::closing(ast::Role) const {
  MarkedText text{{"<|im_end|>", true}};
  append(text, "\n");
  return text;
}

std::vector<std::string_view> ChatTemplate::end_tokens() const { return {"<|im_end|>"}; }

}  // namespace pml::compiler
