// What a role's tags are, in the model's own chat format.
//
// A model states its format as a Jinja program. PML needs only what stands around a turn, so the program is
// recognised by its family's marks, not run. What a program adds by itself (a default system text, the date,
// tools) is never added.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/marked_text.h"
#include "grammar/ast.h"

namespace pml::compiler {

/// `chatml` is the format of SmolLM2, Qwen2, Qwen2.5, Qwen3 and many others.
enum class TemplateFamily : std::uint8_t { chatml, llama3 };

/// What stands before a turn's text, and what after it.
struct RoleTags {
  MarkedText opening;
  MarkedText closing;
};

/// Everything that a format says, as tags files (chat_template_tags.h) and families state it.
struct TemplateTags {
  RoleTags system;
  RoleTags user;
  RoleTags assistant;
  MarkedText generation;                ///< what an answer follows; mostly the assistant's opening
  std::vector<std::string> end_tokens;  ///< special tokens that end an assistant's turn
};

class ChatTemplate {
 public:
  explicit ChatTemplate(TemplateFamily family);
  explicit ChatTemplate(TemplateTags tags) : tags_(std::move(tags)) {}

  /// The format of a model's template text; nothing if it is of no known family, or has marks that contradict
  /// it: tokens of another format, or an answer that may begin with a thought.
  static std::optional<ChatTemplate> recognize(std::string_view jinja);

  const MarkedText& opening(ast::Role role) const { return of(role).opening; }
  const MarkedText& closing(ast::Role role) const { return of(role).closing; }
  /// What is appended to a prompt whose last turn is closed.
  const MarkedText& generation() const { return tags_.generation; }
  const std::vector<std::string>& end_tokens() const { return tags_.end_tokens; }

 private:
  const RoleTags& of(ast::Role role) const;

  TemplateTags tags_;
};

/// By the name that the command line uses: "chatml", "llama3", or "qwen", which is ChatML.
std::optional<TemplateFamily> template_family(std::string_view name);

}  // namespace pml::compiler
