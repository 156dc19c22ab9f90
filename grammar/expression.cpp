#include "grammar/expression.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "grammar/expression_grammar.h"
#include "grammar/expression_tree.h"
#include "grammar/mended_text.h"
#include "grammar/vocabulary.h"
#include "grammar/xml.h"
#include "grammar/xml_scan.h"

namespace pml::grammar {
namespace {

using Node = ExpressionNode;
using Input = tao::pegtl::memory_input<tao::pegtl::tracking_mode::lazy>;

/// The tree of a longer one would take too much memory.
constexpr std::size_t kMaxBytes = 1 << 20;
bool is_too_long(const Place& place, Diagnostics& diagnostics) {
  if (place.end - place.begin <= kMaxBytes) return false;
  diagnostics.add(DiagnosticKind::bad_expression, {place.source, place.begin, place.begin},
                  "the expression is longer than " + std::to_string(kMaxBytes >> 20) + " MiB");
  return true;
}
/// From a parse tree to the syntax tree. After mistakes, which were said, it holds what was understood.
class Reader {
 public:
  /// `text`: that of `place`, mended.
  Reader(const Place& place, const MendedText& text, Diagnostics& diagnostics)
      : text_(text), origin_(place), diagnostics_(diagnostics), is_guessed_(text.is_changed()) {}

  ast::Prompt prompt(const Node& root) {
    ast::Prompt result;
    result.form = ast::PromptForm::expression;
    result.place = {origin_.source, origin_.begin, origin_.begin};
    if (!root.children.empty() && root.children.front()->is_type<expression::Arguments>()) {
      arguments(*root.children.front(), result);
    }
    result.children = items(root, result.has_lost_arguments);
    result.is_guessed = is_guessed_;
    return result;
  }

  ast::Condition condition(const Node& node) const {
    using Kind = ast::Condition::Kind;
    ast::Condition result;
    result.place = place(node);
    if (node.is_type<expression::Module>()) {
      result.module = path(*node.children.front());
      return result;
    }
    result.kind = node.is_type<expression::NegatedTerm>()   ? Kind::no
                  : node.is_type<expression::Conjunction>() ? Kind::all
                                                            : Kind::any;
    return join(result, node.children);
  }

  /// The terms of `nodes` in `result`; one alone stands for itself.
  ast::Condition join(ast::Condition result, const std::vector<std::unique_ptr<Node>>& nodes) const {
    for (const auto& node : nodes) result.terms.push_back(condition(*node));
    if (result.kind == ast::Condition::Kind::no || result.terms.size() > 1) return result;
    ast::Condition only = std::move(result.terms.front());
    return only;
  }

 private:
  Place place(const Node& node) const {
    const char* const start = text_.text().data();
    return {origin_.source, origin_.begin + text_.original(node.m_begin.data - start),
            origin_.begin + text_.original(node.m_end.data - start)};
  }
  bool is_changed(const Node& node, bool at_ends = true) const {
    const Place at = place(node);
    const std::uint32_t inside = at_ends ? 0 : 1;
    return text_.is_changed(at.begin - origin_.begin + inside, at.end - origin_.begin - inside);
  }
  ast::Path path(const Node& node) const { return {node.string(), place(node)}; }

  /// `has_lost_arguments`: of what the items stand in.
  std::vector<ast::PromptNode> items(const Node& parent, bool& has_lost_arguments) {
    std::vector<ast::PromptNode> result;
    for (const auto& child : parent.children) {
      const Node& node = *child;
      auto* before = result.empty() ? nullptr : std::get_if<ast::Selection>(&result.back().value);
      if (node.is_type<expression::Turn>()) {
        result.push_back({turn(node)});
      } else if (node.is_type<expression::Selection>()) {
        result.push_back({selection(node)});
      } else if (node.is_type<expression::Text>()) {
        if (node.string_view().size() == 2 && node.children.empty()) continue;  // an empty text is none
        result.push_back({ast::FreeText{place(node), text(node)}});
      } else if (node.is_type<expression::OuterArgument>()) {
        (before != nullptr ? before->has_lost_arguments : has_lost_arguments) = true;
      } else if (node.is_type<expression::Stray>()) {
        const std::string_view skipped = node.string_view();
        const bool is_mark = skipped.find_first_of("(),{}") == 0;  // that ends a name; else it was meant to be in it
        if (before != nullptr && before->module.place.end == place(node).begin && !is_mark) before->module.text.clear();
        is_guessed_ = is_guessed_ || std::ranges::any_of(skipped, [](unsigned char c) {
                        return c >= 0x80 || std::isalnum(c) != 0;  // a name
                      });
      }
    }
    return result;
  }

  ast::Selection selection(const Node& node) {
    ast::Selection result;
    result.module = path(*node.children.front());  // empty if there is none between the backquotes
    result.by_use = true;                          // no element stands for a word of the language
    result.has_lost_arguments = is_changed(node);
    result.is_broken = is_changed(*node.children.front());
    if (result.module.text.find(kSomeName) != std::string::npos) result.module.text.clear();
    for (std::size_t i = 1; i < node.children.size(); ++i) {
      const Node& child = *node.children[i];
      if (child.is_type<expression::Arguments>()) {
        arguments(child, result);
      } else if (child.is_type<expression::Block>()) {
        result.children = block(child, result.has_lost_arguments);
      } else {  // the rest was taken for the name
        result.module.text.clear();
        is_guessed_ = true;
      }
    }
    return result;
  }

  std::vector<ast::PromptNode> block(const Node& node, bool& has_lost_arguments) {
    const bool is_closed = node.children.empty() || !is_missing<expression::ClosingBrace>(*node.children.back());
    is_guessed_ = is_guessed_ || !is_closed;
    std::vector<ast::PromptNode> result = items(node, has_lost_arguments);
    std::erase_if(result, [&](const ast::PromptNode& item) {
      // It may have been meant for outside.
      return std::holds_alternative<ast::PromptTurn>(item.value) ||
             (std::holds_alternative<ast::FreeText>(item.value) && !is_closed);
    });
    return result;
  }

  ast::PromptTurn turn(const Node& node) {
    ast::PromptTurn result;
    result.role = *role_of(node.children.front()->string());
    result.place = place(*node.children.front());
    for (const auto& child : node.children) {
      if (child->is_type<expression::OpenMark>()) {
        result.is_open = result.role == ast::Role::assistant;
        if (result.is_open) continue;
        diagnostics_.add(DiagnosticKind::bad_expression, place(*child), "only a turn of the assistant can be open");
      } else if (child->is_type<expression::TurnText>()) {
        result.text = text(*child);
      } else if (is_missing<expression::TurnText>(*child)) {
        is_guessed_ = true;  // it may be a module
      }
    }
    result.text_place = place(*node.children.back());
    return result;
  }

  /// Into the selection or prompt that they are of.
  template <typename Owner>
  void arguments(const Node& node, Owner& owner) {
    std::map<std::string_view, Place> known;
    for (const auto& child : node.children) {
      if (is_missing<expression::ClosingParenthesis>(*child)) {
        // What follows may have been taken for arguments.
        is_guessed_ = is_guessed_ || child == node.children.back();
      } else if (child->is_type<expression::Skipped>() || std::ranges::any_of(child->children, [](const auto& part) {
                   return is_missing<expression::EqualsSign>(*part);
                 })) {
        owner.has_lost_arguments = true;
        is_guessed_ = true;  // it may be no argument at all
      } else {
        const Node& name = *child->children.front();
        const Node& last = *child->children.back();
        const bool has_lost_part = name.string_view().find(kSomeName) != std::string_view::npos ||
                                   place(last).begin == place(last).end || is_changed(*child, /*at_ends=*/false);
        if (has_lost_part) {
          owner.has_lost_arguments = true;
          continue;
        }
        if (last.is_type<expression::Skipped>() && last.string_view().find('=') != std::string_view::npos) {
          owner.has_lost_arguments = true;
        }
        const auto [first, is_new] = known.emplace(name.string_view(), place(name));
        if (!is_new) {
          diagnostics_
              .add(DiagnosticKind::duplicate_attribute, place(name),
                   "the argument `" + name.string() + "` stands twice")
              .notes.push_back({first->second, "it stands here first"});
          continue;
        }
        const bool has_text = last.is_type<expression::ArgumentText>();
        owner.arguments.push_back(
            {name.string(), has_text ? text(last) : "", place(name), has_text ? inside(place(last)) : place(name)});
      }
    }
  }

  static Place inside(Place quoted) {
    ++quoted.begin;
    quoted.end = std::max(quoted.begin, quoted.end - 1);
    return quoted;
  }

  template <typename Rule>
  static bool is_missing(const Node& node) {
    return node.is_type<expression::Missing<Rule>>();
  }

  /// The text of quotes and what is between them; empty if there are mistakes in it.
  std::string text(const Node& node) {
    bool is_whole = node.children.empty();
    const bool is_closed = is_whole || is_missing<expression::Escaped>(*node.children.back());
    is_guessed_ = is_guessed_ || !is_closed;
    std::string_view raw = node.string_view().substr(1);
    if (is_closed) raw.remove_suffix(1);
    std::string result;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] != '\\') {
        result.push_back(raw[i]);
        continue;
      }
      if (++i == raw.size()) break;
      const char escaped = raw[i];
      if (escaped == 'u') {
        Input number(raw.data() + i, raw.data() + raw.size(), "");
        if (!tao::pegtl::parse<expression::CharacterNumber>(number)) continue;
        const std::size_t end = raw.find('}', i);
        const std::string digits(raw.substr(i + 2, end - i - 2));
        const std::string character = decode_reference("&#x" + digits + ";");
        if (character.empty()) {
          is_whole = false;
          Place where = place(node);
          where.begin += static_cast<std::uint32_t>(i);
          where.end = where.begin + static_cast<std::uint32_t>(end - i + 2);
          diagnostics_.add(DiagnosticKind::bad_expression, where,
                           "no character that may stand in a text has the number " + digits);
        }
        result += character;
        i = end;
      } else {
        result.push_back(escaped == 'n' ? '\n' : escaped == 'r' ? '\r' : escaped == 't' ? '\t' : escaped);
      }
    }
    return is_whole ? result : "";
  }

  const MendedText& text_;
  Place origin_;
  Diagnostics& diagnostics_;
  bool is_guessed_;  // see ast::Prompt
};

// --- writing ---------------------------------------------------------------------------------------------------

class Writer {
 public:
  std::string write(const ast::Prompt& prompt) {
    arguments(prompt.arguments);
    items(prompt.children);
    return std::move(text_);
  }

 private:
  void separate() {
    if (!text_.empty() && text_.back() != ' ') text_ += ' ';
  }

  void items(const std::vector<ast::PromptNode>& nodes) {
    for (const ast::PromptNode& node : nodes) {
      separate();
      std::visit([&](const auto& value) { item(value); }, node.value);
    }
  }

  void item(const ast::Selection& selection) {
    const std::string& path = selection.module.text;
    text_ += role_of(path) ? "`" + path + "`" : ast::in_rule(path);
    arguments(selection.arguments);
    if (selection.children.empty()) return;
    text_ += " {";
    items(selection.children);
    text_ += " }";
  }
  void item(const ast::FreeText& text) { quote(text.text); }
  void item(const ast::PromptTurn& turn) {
    text_ += std::string(to_string(turn.role)) + (turn.is_open ? " open " : " ");
    quote(turn.text);
  }

  void arguments(const std::vector<ast::Argument>& list) {
    if (list.empty()) return;
    for (std::size_t i = 0; i < list.size(); ++i) {
      text_ += (i == 0 ? "(" : ", ") + list[i].name + "=";
      quote(list[i].value);
    }
    text_ += ")";
  }

  void quote(const std::string& text) { text_ += ast::in_quotes(text); }

  std::string text_;
};

}  // namespace

std::optional<ast::Prompt> parse_selection(SourceId source, const SourceSet& sources, Diagnostics& diagnostics) {
  if (!check_encoding(source, sources, diagnostics)) return std::nullopt;
  const Place whole{source, 0, static_cast<std::uint32_t>(sources[source].text().size())};
  if (is_too_long(whole, diagnostics)) return std::nullopt;
  MendedText text(sources.text(whole));
  const auto tree = parse_prompt_tree(whole, text, diagnostics);
  if (tree == nullptr) return std::nullopt;
  return Reader(whole, text, diagnostics).prompt(*tree);
}

namespace {

/// Of a rule that is none: its names can still be looked up.
std::optional<ast::Condition> names_alone(const Place& place, const SourceSet& sources) {
  const std::string_view text = sources.text(place);
  ast::Condition names;
  names.kind = ast::Condition::Kind::all;
  names.place = place;
  names.is_broken = true;
  const auto tree = parse_names(text);
  for (const auto& node : tree->children) {
    const std::string_view name = node->string_view();
    const bool is_word = node->is_type<expression::BarePath>() && (name == "and" || name == "or" || name == "not");
    if (is_word) continue;
    const auto begin = place.begin + static_cast<std::uint32_t>(name.data() - text.data());
    ast::Condition term;
    term.place = {place.source, begin, begin + static_cast<std::uint32_t>(name.size())};
    term.module = {std::string(name), term.place};
    names.terms.push_back(std::move(term));
  }
  return names;
}

}  // namespace

std::optional<ast::Condition> parse_condition(const Place& place, ast::Condition::Kind joined_by,
                                              const SourceSet& sources, Diagnostics& diagnostics) {
  if (is_too_long(place, diagnostics)) return std::nullopt;
  const std::size_t errors_before = diagnostics.num_errors();
  MendedText text(sources.text(place));
  const auto tree = parse_rule_tree(place, text, diagnostics);
  if (diagnostics.num_errors() > errors_before) return names_alone(place, sources);
  ast::Condition joined;
  joined.kind = joined_by;
  joined.place = place;
  return Reader(place, text, diagnostics).join(std::move(joined), tree->children);
}

std::string to_expression(const ast::Prompt& prompt) { return Writer().write(prompt); }

}  // namespace pml::grammar
