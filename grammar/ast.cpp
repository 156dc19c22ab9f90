#include "grammar/ast.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace pml::ast {
namespace {

constexpr std::array<std::string_view, 3> kRoles{"system", "user", "assistant"};
constexpr std::array<std::string_view, 4> kContexts{"isolated", "guaranteed", "typical", "adjacent"};
constexpr std::array<std::string_view, 2> kLayouts{"preserve", "pack"};

class Dumper {
 public:
  std::string take() { return std::move(text_); }

  void line(int depth, const std::string& what) { text_ += std::string(2 * depth, ' ') + what + "\n"; }

  void nodes(const std::vector<Node>& list, int depth) {
    for (const Node& node : list) std::visit([&](const auto& value) { add(value, depth); }, node.value);
  }
  void nodes(const std::vector<PromptNode>& list, int depth) {
    for (const PromptNode& node : list) std::visit([&](const auto& value) { add(value, depth); }, node.value);
  }
  void add(const Argument& argument, int depth) {
    line(depth, "argument " + argument.name + " = " + in_quotes(argument.value));
  }

  static std::string flags(const Inherited& inherited) {
    std::string text = inherited.cache ? "" : " cache=false";
    if (inherited.context) text += " context=" + std::string(to_string(*inherited.context));
    return text;
  }

 private:
  void add(const Text& text, int depth) { line(depth, "text " + in_quotes(text.text)); }
  void add(const Parameter& parameter, int depth) {
    std::string what = "parameter " + parameter.name;
    if (parameter.length) what += " length=" + std::to_string(*parameter.length);
    if (parameter.required) what += " required";
    if (parameter.default_text) what += " default=" + in_quotes(*parameter.default_text);
    if (parameter.standin_text) what += " standin=" + in_quotes(*parameter.standin_text);
    for (const ParameterValue& value : parameter.values) {
      what += (&value == parameter.values.data() ? " values=" : "|") + in_quotes(value.text);
    }
    if (!parameter.lead.empty()) what += " lead=" + in_quotes(parameter.lead);
    line(depth, what);
  }
  void add(const Slot& slot, int depth) {
    line(depth, "slot " + slot.name + " length=" + std::to_string(slot.length) +
                    (slot.lead.empty() ? "" : " lead=" + in_quotes(slot.lead)));
  }
  void add(const Turn& turn, int depth) {
    line(depth, "turn " + std::string(to_string(turn.role)));
    nodes(turn.children, depth + 1);
  }
  void add(const Module& module, int depth) {
    std::string what = "module " + module.name + (module.required ? " required" : "") + flags(module.inherited);
    if (module.reserve > 0) what += " reserve=" + std::to_string(module.reserve);
    for (const Path& path : module.after) what += (&path == module.after.data() ? " after=" : ",") + path.text;
    if (module.requirement) what += " requires=" + in_quotes(to_string(*module.requirement));
    if (module.exclusion) what += " excludes=" + in_quotes(to_string(*module.exclusion));
    line(depth, what);
    nodes(module.children, depth + 1);
  }
  void add(const Union& alternatives, int depth) {
    line(depth, "union" + (alternatives.name.empty() ? "" : " " + alternatives.name) +
                    (alternatives.required ? " required" : "") +
                    (alternatives.scaffold.empty() ? "" : " scaffold=" + alternatives.scaffold));
    for (const Module& member : alternatives.members) add(member, depth + 1);
  }
  void add(const Pool& pool, int depth) {
    line(depth, "pool" + (pool.name.empty() ? "" : " " + pool.name));
    for (const Module& member : pool.members) add(member, depth + 1);
  }
  void add(const Selection& selection, int depth) {
    line(depth, "select " + selection.module.text);
    for (const Argument& argument : selection.arguments) add(argument, depth + 1);
    nodes(selection.children, depth + 1);
  }
  void add(const FreeText& text, int depth) { line(depth, "text " + in_quotes(text.text)); }
  void add(const PromptTurn& turn, int depth) {
    line(depth, "turn " + std::string(to_string(turn.role)) + (turn.is_open ? " open " : " ") + in_quotes(turn.text));
  }

  std::string text_;
};

}  // namespace

std::string_view to_string(Role role) { return kRoles[static_cast<std::size_t>(role)]; }
std::string_view to_string(ContextKind kind) { return kContexts[static_cast<std::size_t>(kind)]; }
std::optional<ContextKind> context_kind(std::string_view name) {
  for (const ContextKind kind : kContextKinds) {
    if (name == to_string(kind)) return kind;
  }
  return std::nullopt;
}
std::string_view to_string(LayoutKind kind) { return kLayouts[static_cast<std::size_t>(kind)]; }

std::string to_string(const Condition& condition) {
  using Kind = Condition::Kind;
  if (condition.kind == Kind::module) return in_rule(condition.module.text);
  if (condition.kind == Kind::no) {
    const Condition& term = condition.terms.front();
    const bool is_atom = term.kind == Kind::module || term.kind == Kind::no;
    return is_atom ? "not " + to_string(term) : "not (" + to_string(term) + ")";
  }
  std::string text;
  for (const Condition& term : condition.terms) {
    if (!text.empty()) text += condition.kind == Kind::all ? " and " : " or ";
    const bool binds_less = condition.kind == Kind::all && term.kind == Kind::any;
    text += binds_less ? "(" + to_string(term) + ")" : to_string(term);
  }
  return text;
}

std::string in_rule(std::string_view path) {
  constexpr std::array<std::string_view, 3> kWords{"and", "or", "not"};
  const bool is_bare = !path.empty() && std::ranges::find(kWords, path) == kWords.end() &&
                       std::ranges::all_of(path, [](unsigned char c) {
                         return c >= 0x80 || std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == '/';
                       });
  return is_bare ? std::string(path) : "`" + std::string(path) + "`";
}

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    switch (c) {
      case '\n':
        result += "\\n";
        break;
      case '\r':
        result += "\\r";
        break;
      case '\t':
        result += "\\t";
        break;
      case '"':
        result += "\\\"";
        break;
      case '\\':
        result += "\\\\";
        break;
      default:
        result += c;
    }
  }
  return result + "\"";
}

std::string dump(const Schema& schema) {
  Dumper dumper;
  dumper.line(0, "schema " + schema.name + (schema.version.empty() ? "" : " version=" + in_quotes(schema.version)) +
                     (schema.layout == LayoutKind::pack ? " layout=pack" : "") + Dumper::flags(schema.inherited) +
                     (schema.repair ? " repair=" + to_string(*schema.repair) : ""));
  dumper.nodes(schema.children, 1);
  for (const Scaffold& scaffold : schema.scaffolds) {
    std::string what = "scaffold" + (scaffold.name.empty() ? "" : " " + scaffold.name) + ":";
    for (const Path& path : scaffold.modules) what += " " + path.text;
    dumper.line(1, what);
  }
  return dumper.take();
}

std::string dump(const Prompt& prompt) {
  Dumper dumper;
  dumper.line(0, "prompt" + (prompt.schema.empty() ? "" : " schema=" + in_quotes(prompt.schema)));
  for (const Argument& argument : prompt.arguments) dumper.add(argument, 1);
  dumper.nodes(prompt.children, 1);
  return dumper.take();
}

}  // namespace pml::ast
