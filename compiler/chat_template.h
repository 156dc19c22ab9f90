// What a role's tags are, in the model's own chat format.
//
// A model states its format as a Jinja program. PML needs only what stands around a turn, so the program is
// recognised by its family's mark, not run.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "compiler/marked_text.h"
#include "grammar/ast.h"

namespace pml::compiler {

enum class TemplateFamily : std::uint8_t { chatml };

class ChatTemplate {
 public:
  explicit ChatTemplate(TemplateFamily family) : family_(family) {}

  /// The family of a model's template text; nothing if it is not known.
  static std::optional<ChatTemplate> recognize(std::string_view jinja);

  TemplateFamily family() const { return family_; }
  /// What stands before a turn's text, and what after it.
  MarkedText opening(ast::Role role) const;
  MarkedText closing(ast::Role role) const;
  /// Special tokens that end an assistant's turn.
  std::vector<std::string_view> end_tokens() const;

 private:
  TemplateFamily family_;
};

}  // namespace pml::compiler
