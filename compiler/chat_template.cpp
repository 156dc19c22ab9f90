#include "compiler/chat_template.h"

#include <algorithm>
#include <iterator>

#include "grammar/check.h"

namespace pml::compiler {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

bool contains(std::string_view text, std::string_view part) { return text.find(part) != kNone; }

RoleTags chatml_tags(ast::Role role) {
  RoleTags tags{{{"<|im_start|>", true}}, {{"<|im_end|>", true}}};
  append(tags.opening, std::string(to_string(role)) + "\n");
  append(tags.closing, "\n");
  return tags;
}

RoleTags llama3_tags(ast::Role role) {
  RoleTags tags{{{"<|start_header_id|>", true}}, {{"<|eot_id|>", true}}};
  append(tags.opening, to_string(role));
  tags.opening.push_back({"<|end_header_id|>", true});
  append(tags.opening, "\n\n");
  return tags;
}

TemplateTags tags_of(TemplateFamily family) {
  const auto role_tags = family == TemplateFamily::chatml ? chatml_tags : llama3_tags;
  TemplateTags tags{role_tags(ast::Role::system), role_tags(ast::Role::user), role_tags(ast::Role::assistant), {}, {}};
  tags.generation = tags.assistant.opening;
  if (family == TemplateFamily::chatml) {
    tags.end_tokens = {"<|im_end|>", "<|endoftext|>"};
  } else {
    tags.end_tokens = {"<|eot_id|>", "<|eom_id|>", "<|end_of_text|>"};
  }
  return tags;
}

/// Marks of a format; all of them have to be in its templates.
struct FamilyMarks {
  TemplateFamily family;
  std::vector<std::string_view> marks;
};
const FamilyMarks kFamilies[] = {
    {TemplateFamily::chatml, {"<|im_start|>", "<|im_end|>"}},
    {TemplateFamily::llama3, {"<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"}},
};

/// How the tokens begin that stand around no turn: ends of texts, tools, pictures.
constexpr std::string_view kNeutralTokens[] = {
    "<|begin_of_text|>", "<|end_of_text|>", "<|startoftext|>", "<|endoftext|>", "<|eom_id|>", "<|python_tag|>",
    "<|function_",       "<|tool_",         "<|vision_",       "<|image",       "<|video",    "<|audio",
    "<|object_ref_",     "<|box_",          "<|quad_",         "<|fim_",        "<|file_sep", "<|repo_name",
};

/// Parts of formats that are not written with <|...|>.
constexpr std::string_view kForeignMarks[] = {
    "[INST]", "[/INST]", "<<SYS>>", "[SYSTEM_PROMPT]", "<start_of_turn>", "<end_of_turn>", "<|turn>", "<\uff5c",
};

/// Whether an answer may begin with a thought that the program opens: right behind "assistant", or by a
/// string that is printed alone. Thoughts of past turns are printed together with their text.
bool opens_thought(std::string_view jinja) {
  if (contains(jinja, R"(assistant\n<think>)") || contains(jinja, "assistant\n<think>")) return true;
  for (const std::string_view text : {R"('<think>\n')", R"("<think>\n")", "'<think>'", "\"<think>\""}) {
    for (std::size_t at = jinja.find(text); at != kNone; at = jinja.find(text, at + 1)) {
      const std::size_t behind = jinja.find_first_not_of(" -", at + text.size());
      const std::size_t before = jinja.find_last_not_of(" -", at - 1);
      const bool is_alone = at > 0 && before != kNone && jinja.substr(0, before + 1).ends_with("{{") &&
                            behind != kNone && jinja.substr(behind).starts_with("}}");
      if (is_alone) return true;
    }
  }
  return false;
}

bool is_neutral(std::string_view token) {
  return std::any_of(std::begin(kNeutralTokens), std::end(kNeutralTokens),
                     [&](std::string_view start) { return token.starts_with(start); });
}

/// Whether every <|...|> of the template is one of `marks`, or stands around no turn.
bool has_no_other_tokens(std::string_view jinja, const std::vector<std::string_view>& marks) {
  for (std::size_t at = jinja.find("<|"); at != kNone; at = jinja.find("<|", at + 1)) {
    const std::size_t end = jinja.find("|>", at + 2);
    if (end == kNone) return true;
    const std::string_view token = jinja.substr(at, end + 2 - at);
    if (std::ranges::find(marks, token) == marks.end() && !is_neutral(token)) return false;
  }
  return true;
}

}  // namespace

ChatTemplate::ChatTemplate(TemplateFamily family) : tags_(tags_of(family)) {}

std::optional<ChatTemplate> ChatTemplate::recognize(std::string_view jinja) {
  const auto is_there = [&](std::string_view mark) { return contains(jinja, mark); };
  if (std::any_of(std::begin(kForeignMarks), std::end(kForeignMarks), is_there)) return std::nullopt;
  if (opens_thought(jinja)) return std::nullopt;
  for (const FamilyMarks& family : kFamilies) {
    if (!std::ranges::all_of(family.marks, is_there)) continue;
    if (has_no_other_tokens(jinja, family.marks)) return ChatTemplate(family.family);
  }
  return std::nullopt;
}

const RoleTags& ChatTemplate::of(ast::Role role) const {
  switch (role) {
    case ast::Role::system:
      return tags_.system;
    case ast::Role::user:
      return tags_.user;
    case ast::Role::assistant:
      return tags_.assistant;
  }
  PML_CHECK(false, "a role is one of three");
}

std::optional<TemplateFamily> template_family(std::string_view name) {
  if (name == "chatml" || name == "qwen") return TemplateFamily::chatml;
  if (name == "llama3") return TemplateFamily::llama3;
  return std::nullopt;
}

}  // namespace pml::compiler
