#include "grammar/expression.h"

#include <tao/pegtl/contrib/limit_depth.hpp>
#include <tao/pegtl/contrib/parse_tree.hpp>
#include <tao/pegtl/must_if.hpp>

#include "grammar/expression_grammar.h"
#include "grammar/vocabulary.h"
#include "grammar/xml.h"
#include "grammar/xml_scan.h"

namespace pml::grammar {
namespace {

using Node = tao::pegtl::parse_tree::node;
using Input = tao::pegtl::memory_input<tao::pegtl::tracking_mode::lazy>;

/// The tree of a longer one would take too much memory.
constexpr std::size_t kMaxBytes = 1 << 20;

// --- what is expected where parsing cannot go on -------------------------------------------------------------

struct Messages {
  template <typename Rule>
  static constexpr const char* message = nullptr;
};
#define PML_EXPECTED(rule, text) \
  template <>                    \
  constexpr const char* Messages::message<rule> = text
PML_EXPECTED(expression::End, "a module's name or a text is expected here");
PML_EXPECTED(expression::QuotedPath, "a name is expected between the backquotes");
PML_EXPECTED(expression::ClosingBackquote, "the backquote that closes the name is missing");
PML_EXPECTED(expression::Escaped, "after a backslash stands \\, \", ', n, r, t or u{...} with a character's number");
PML_EXPECTED(expression::ClosingQuote<'"'>, "the quote that closes the text is missing");
PML_EXPECTED(expression::ClosingQuote<'\''>, "the quote that closes the text is missing");
PML_EXPECTED(expression::EqualsSign, "`=` and the argument's text in quotes are expected here");
PML_EXPECTED(expression::ArgumentText, "the argument's text in quotes is expected here");
PML_EXPECTED(expression::NextArgument, "another argument is expected after the comma");
PML_EXPECTED(expression::ClosingParenthesis, "`)` or another argument is expected here");
PML_EXPECTED(expression::ClosingBrace, "`}`, a module's name or a text is expected here");
PML_EXPECTED(expression::InnerTerm, "a module's name, `not` or `(` is expected here");
PML_EXPECTED(expression::ClosingTerm, "`)`, `and` or `or` is expected here");
PML_EXPECTED(expression::Operand, "a module's name, `not` or `(` is expected here");
PML_EXPECTED(expression::NextConjunction, "a module's name, `not` or `(` is expected here");
PML_EXPECTED(expression::FirstTerm, "a module's name, `not` or `(` is expected here");
PML_EXPECTED(expression::RuleEnd, "`and`, `or` or another module's name is expected here");
#undef PML_EXPECTED

template <typename Rule>
using Control = tao::pegtl::must_if<Messages, tao::pegtl::normal, false>::control<Rule>;

// --- how deep it may nest ------------------------------------------------------------------------------------

template <typename Rule>
struct Action : tao::pegtl::nothing<Rule> {};
template <>
struct Action<expression::Block> : tao::pegtl::limit_depth<kMaxDepth> {};
template <>
struct Action<expression::Negation> : tao::pegtl::limit_depth<kMaxDepth> {};

// --- the tree ------------------------------------------------------------------------------------------------

template <typename Rule>
using IsKept = tao::pegtl::parse_tree::selector<
    Rule, tao::pegtl::parse_tree::store_content::on<
              expression::BarePath, expression::QuotedPath, expression::ArgumentName, expression::Text,
              expression::ArgumentText, expression::Arguments, expression::Argument, expression::NextArgument,
              expression::Block, expression::Selection, expression::RoleName, expression::OpenMark, expression::Turn,
              expression::Module, expression::NegatedTerm, expression::Conjunction, expression::Disjunction>>;

/// Parses the text at a place, and says what is wrong with it.
template <typename Rule>
std::unique_ptr<Node> parse(const Place& place, const SourceSet& sources, Diagnostics& diagnostics) {
  const std::string_view text = sources.text(place);
  if (text.size() > kMaxBytes) {
    diagnostics.add(DiagnosticKind::bad_expression, {place.source, place.begin, place.begin},
                    "the expression is longer than " + std::to_string(kMaxBytes >> 20) + " MiB");
    return nullptr;
  }
  Input input(text.data(), text.data() + text.size(), "");
  try {
    return tao::pegtl::parse_tree::parse<Rule, Node, IsKept, Action, Control>(input);
  } catch (const tao::pegtl::parse_error& error) {
    auto at = static_cast<std::uint32_t>(error.positions().front().byte);
    const bool is_too_deep = error.message().find("depth") != std::string_view::npos;
    Place where{place.source, place.begin + at, place.begin + at};
    if (where.begin < place.end) ++where.end;
    diagnostics.add(
        DiagnosticKind::bad_expression, where,
        is_too_deep ? "the expression nests deeper than " + std::to_string(kMaxDepth) : std::string(error.message()));
    return nullptr;
  }
}

/// From a parse tree to the syntax tree.
class Reader {
 public:
  Reader(const Place& place, const SourceSet& sources, Diagnostics& diagnostics)
      : start_(sources.text(place).data()), origin_(place), diagnostics_(diagnostics) {}

  ast::Prompt prompt(const Node& root) const {
    ast::Prompt result;
    result.place = {origin_.source, origin_.begin, origin_.begin};
    for (const auto& child : root.children) {
      if (child->is_type<expression::Arguments>()) {
        result.arguments = arguments(*child);
      } else {
        result.children.push_back(item(*child));
      }
    }
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
    return {origin_.source, origin_.begin + static_cast<std::uint32_t>(node.m_begin.data - start_),
            origin_.begin + static_cast<std::uint32_t>(node.m_end.data - start_)};
  }
  ast::Path path(const Node& node) const { return {node.string(), place(node)}; }

  ast::PromptNode item(const Node& node) const {
    if (node.is_type<expression::Turn>()) return {turn(node)};
    if (node.is_type<expression::Text>()) return {ast::FreeText{place(node), text(node)}};
    return {selection(node)};
  }

  ast::Selection selection(const Node& node) const {
    ast::Selection result;
    result.module = path(*node.children.front());
    result.by_use = true;  // no element stands for a word of the language
    for (std::size_t i = 1; i < node.children.size(); ++i) {
      const Node& child = *node.children[i];
      if (child.is_type<expression::Arguments>()) {
        result.arguments = arguments(child);
      } else {
        for (const auto& inner : child.children) result.children.push_back(item(*inner));
      }
    }
    return result;
  }

  ast::PromptTurn turn(const Node& node) const {
    ast::PromptTurn result;
    result.role = *role_of(node.children.front()->string());
    result.place = place(*node.children.front());
    result.is_open = node.children[1]->is_type<expression::OpenMark>();
    result.text = text(*node.children.back());
    result.text_place = place(*node.children.back());
    return result;
  }

  std::vector<ast::Argument> arguments(const Node& node) const {
    std::vector<ast::Argument> result;
    for (const auto& child : node.children) {
      const Node& name = *child->children.front();
      const Node& value = *child->children.back();
      result.push_back({name.string(), text(value), place(name), inside(place(value))});
    }
    return result;
  }

  static Place inside(Place quoted) {
    ++quoted.begin;
    --quoted.end;
    return quoted;
  }

  /// The text of quotes and what is between them.
  std::string text(const Node& node) const {
    const std::string_view quoted = node.string_view();
    const std::string_view raw = quoted.substr(1, quoted.size() - 2);
    std::string result;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] != '\\') {
        result.push_back(raw[i]);
        continue;
      }
      const char escaped = raw[++i];
      if (escaped == 'u') {
        const std::size_t end = raw.find('}', i);
        const std::string digits(raw.substr(i + 2, end - i - 2));
        const std::string character = decode_reference("&#x" + digits + ";");
        if (character.empty()) {
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
    return result;
  }

  const char* start_;
  Place origin_;
  Diagnostics& diagnostics_;
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
  const auto tree = parse<expression::Prompt>(whole, sources, diagnostics);
  if (tree == nullptr) return std::nullopt;
  const std::size_t errors_before = diagnostics.num_errors();
  ast::Prompt prompt = Reader(whole, sources, diagnostics).prompt(*tree);
  if (diagnostics.num_errors() > errors_before) return std::nullopt;
  return prompt;
}

std::optional<ast::Condition> parse_condition(const Place& place, ast::Condition::Kind joined_by,
                                              const SourceSet& sources, Diagnostics& diagnostics) {
  const auto tree = parse<expression::Rule>(place, sources, diagnostics);
  if (tree == nullptr) return std::nullopt;
  ast::Condition joined;
  joined.kind = joined_by;
  joined.place = place;
  return Reader(place, sources, diagnostics).join(std::move(joined), tree->children);
}

std::string to_expression(const ast::Prompt& prompt) { return Writer().write(prompt); }

}  // namespace pml::grammar
