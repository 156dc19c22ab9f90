#include "compiler/characters.h"

#include <utf8proc.h>

#include <array>
#include <cstdio>

#include "grammar/written_text.h"

namespace pml::compiler {
namespace {

std::string code_point(std::string_view character) {
  utf8proc_int32_t value = 0;
  utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(character.data()),
                   static_cast<utf8proc_ssize_t>(character.size()), &value);
  std::array<char, 16> name{};
  std::snprintf(name.data(), name.size(), "U+%04X", static_cast<unsigned>(value));
  return name.data();
}

class Checker {
 public:
  Checker(const TextEncoder& encoder, const grammar::SourceSet& sources, grammar::Diagnostics& diagnostics)
      : encoder_(encoder), sources_(sources), diagnostics_(diagnostics) {}

  template <typename Node>
  void check_all(const std::vector<Node>& nodes) {
    for (const Node& node : nodes) {
      std::visit([&](const auto& value) { check(value); }, node.value);
    }
  }

  void check_all(const std::vector<ast::Argument>& arguments) {
    for (const ast::Argument& argument : arguments) check(argument.value, argument.value_place);
  }

 private:
  void check(std::string_view text, const grammar::Place& place) {
    for (const std::string& character : encoder_.unencodable(text)) {
      diagnostics_.add(grammar::DiagnosticKind::no_token, grammar::find_character(character, text, place, sources_),
                       "the model has no token for the character " + code_point(character));
    }
  }

  void check(const ast::Text& text) { check(text.text, text.place); }
  void check(const ast::Turn& turn) { check_all(turn.children); }
  void check(const ast::Module& module) { check_all(module.children); }
  void check(const ast::Slot&) {}
  void check(const ast::Union& alternatives) {
    for (const ast::Module& member : alternatives.members) check(member);
  }
  void check(const ast::Pool& pool) {
    for (const ast::Module& member : pool.members) check(member);
  }
  void check(const ast::Parameter& parameter) {
    for (const ast::ParameterValue& value : parameter.values) check(value.text, value.place);
    if (!parameter.values.empty()) return;  // the default is one of them
    for (const auto& content : {parameter.default_text, parameter.standin_text}) {
      if (content) check(*content, parameter.content_place);
    }
  }

  void check(const ast::FreeText& text) { check(text.text, text.place); }
  void check(const ast::PromptTurn& turn) { check(turn.text, turn.text_place); }
  void check(const ast::Selection& selection) {
    check_all(selection.arguments);
    check_all(selection.children);
  }

  const TextEncoder& encoder_;
  const grammar::SourceSet& sources_;
  grammar::Diagnostics& diagnostics_;
};

}  // namespace

void check_characters(const ast::Schema& schema, const TextEncoder& encoder, const grammar::SourceSet& sources,
                      grammar::Diagnostics& diagnostics) {
  Checker(encoder, sources, diagnostics).check_all(schema.children);
}

void check_characters(const ast::Prompt& prompt, const TextEncoder& encoder, const grammar::SourceSet& sources,
                      grammar::Diagnostics& diagnostics) {
  Checker checker(encoder, sources, diagnostics);
  checker.check_all(prompt.arguments);
  checker.check_all(prompt.children);
}

}  // namespace pml::compiler
