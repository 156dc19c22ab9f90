#include "grammar/expression_tree.h"

#include <tao/pegtl/contrib/limit_depth.hpp>
#include <tao/pegtl/must_if.hpp>

#include "grammar/expression_grammar.h"
#include "grammar/xml_scan.h"

namespace pml::grammar {
namespace {

using Node = ExpressionNode;
using Input = tao::pegtl::memory_input<tao::pegtl::tracking_mode::lazy>;

// --- what is expected where parsing cannot go on -------------------------------------------------------------

struct Messages {
  template <typename Rule>
  static constexpr const char* message = nullptr;
};
#define PML_EXPECTED(rule, text) \
  template <>                    \
  constexpr const char* Messages::message<rule> = text
PML_EXPECTED(expression::InnerTerm, "a module's name, `not` or `(` is expected here");
PML_EXPECTED(expression::ClosingTerm, "`)`, `and` or `or` is expected here");
PML_EXPECTED(expression::Operand, "a module's name, `not` or `(` is expected here");
PML_EXPECTED(expression::NextConjunction, "a module's name, `not` or `(` is expected here");
PML_EXPECTED(expression::FirstTerm, "a module's name, `not` or `(` is expected here");
PML_EXPECTED(expression::RuleEnd, "`and`, `or` or another module's name is expected here");
#undef PML_EXPECTED

template <typename Rule>
using Control = tao::pegtl::must_if<Messages, tao::pegtl::normal, false>::control<Rule>;

// --- what is missing where parsing goes on -------------------------------------------------------------------

template <typename Rule>
constexpr const char* kMissing = nullptr;
#define PML_MISSING(rule, text) \
  template <>                   \
  constexpr const char* kMissing<rule> = text
PML_MISSING(expression::End, "a module's name or a text is expected here");
PML_MISSING(expression::QuotedPath, "a name is expected between the backquotes");
PML_MISSING(expression::ClosingBackquote, "the backquote that closes the name is missing");
PML_MISSING(expression::Escaped, "after a backslash stands \\, \", ', n, r, t or u{...} with a character's number");
PML_MISSING(expression::ClosingQuote<'"'>, "the quote that closes the text is missing");
PML_MISSING(expression::ClosingQuote<'\''>, "the quote that closes the text is missing");
PML_MISSING(expression::EqualsSign, "`=` and the argument's text in quotes are expected here");
PML_MISSING(expression::ArgumentText, "the argument's text in quotes is expected here");
PML_MISSING(expression::NextArgument, "another argument is expected after the comma");
PML_MISSING(expression::ClosingParenthesis, "`)` or another argument is expected here");
PML_MISSING(expression::OpeningParenthesis, "arguments stand in parentheses: module(name=\"text\")");
PML_MISSING(expression::ClosingBrace, "`}`, a module's name or a text is expected here");
PML_MISSING(expression::TurnText,
            "the turn's text in quotes is expected here; a module that is called like a role stands in backquotes");
PML_MISSING(expression::OutsideOfBlock,
            "a role may not stand inside a selected module; a `}` may be missing before it");
#undef PML_MISSING

template <typename Rule>
constexpr DiagnosticKind kKind = DiagnosticKind::bad_expression;
template <>
constexpr DiagnosticKind kKind<expression::OutsideOfBlock> = DiagnosticKind::misplaced_element;

/// Of several at one place the first is the mistake, and the others follow from it.
class Mistakes {
 public:
  struct Mistake {
    DiagnosticKind kind;
    const char* at;
    std::string what;
  };

  void add(DiagnosticKind kind, const char* at, std::string what) {
    constexpr std::size_t kMost = 200;  // of more nobody reads all
    const bool is_same = !list_.empty() && list_.back().at == at;
    if (!is_same && list_.size() < kMost) list_.push_back({kind, at, std::move(what)});
  }
  const std::vector<Mistake>& list() const { return list_; }

 private:
  std::vector<Mistake> list_;
};

// --- how deep it may nest ------------------------------------------------------------------------------------

template <typename Rule>
struct Action : tao::pegtl::nothing<Rule> {};
template <>
struct Action<expression::Block> : tao::pegtl::limit_depth<kMaxDepth> {};
template <>
struct Action<expression::Negation> : tao::pegtl::limit_depth<kMaxDepth> {};
template <typename Rule>
struct Action<expression::Missing<Rule>> {
  template <typename ActionInput>
  static void apply(const ActionInput& input, Mistakes& mistakes) {
    mistakes.add(kKind<Rule>, input.begin(), kMissing<Rule>);
  }
};

// --- the tree ------------------------------------------------------------------------------------------------

template <typename Rule>
using IsKept = tao::pegtl::parse_tree::selector<
    Rule, tao::pegtl::parse_tree::store_content::on<
              expression::BarePath, expression::QuotedPath, expression::ArgumentName, expression::Text,
              expression::ArgumentText, expression::Arguments, expression::Argument, expression::NextArgument,
              expression::Block, expression::Selection, expression::RoleName, expression::OpenMark,
              expression::TurnText, expression::Turn, expression::OuterArgument, expression::Skipped, expression::Stray,
              expression::Module, expression::NegatedTerm, expression::Conjunction, expression::Disjunction,
              expression::Missing<expression::QuotedPath>, expression::Missing<expression::ClosingBackquote>,
              expression::Missing<expression::Escaped>, expression::Missing<expression::ClosingQuote<'"'>>,
              expression::Missing<expression::ClosingQuote<'\''>>, expression::Missing<expression::ClosingParenthesis>,
              expression::Missing<expression::EqualsSign>, expression::Missing<expression::ClosingBrace>,
              expression::Missing<expression::TurnText>>>;
/// `tree`: null if it is not wanted.
template <typename Rule>
TextMistakes parse(std::string_view text, std::unique_ptr<Node>* tree) {
  Input input(text.data(), text.data() + text.size(), "");
  Mistakes mistakes;
  TextMistakes found;
  try {
    if (tree != nullptr) {
      *tree = tao::pegtl::parse_tree::parse<Rule, Node, IsKept, Action, Control>(input, mistakes);
    } else {
      tao::pegtl::parse<Rule, Action, Control>(input, mistakes);
    }
  } catch (const tao::pegtl::parse_error& error) {
    const bool is_too_deep = error.message().find("depth") != std::string_view::npos;
    mistakes.add(
        DiagnosticKind::bad_expression, text.data() + error.positions().front().byte,
        is_too_deep ? "the expression nests deeper than " + std::to_string(kMaxDepth) : std::string(error.message()));
    found.is_cut = true;
    found.is_too_deep = is_too_deep;
  }
  for (const Mistakes::Mistake& mistake : mistakes.list()) {
    found.list.push_back({mistake.kind, static_cast<std::size_t>(mistake.at - text.data()), mistake.what});
  }
  return found;
}
/// See parse_prompt_tree().
template <typename Rule>
std::unique_ptr<Node> parse(const Place& place, const std::vector<std::string_view>& marks, MendedText& text,
                            Diagnostics& diagnostics) {
  const auto find = [](std::string_view changed) { return parse<Rule>(changed, nullptr); };
  std::size_t budget = 256 << 10;
  std::optional<Place> last;
  std::unique_ptr<Node> tree;
  TextMistakes found = parse<Rule>(text.text(), &tree);
  for (std::size_t index = 0; index < found.list.size();) {
    const TextMistakes::Mistake& mistake = found.list[index];
    const std::size_t end = mistake.kind == DiagnosticKind::misplaced_element  // a word
                                ? text.text().find_first_of(" \t\r\n\"'", mistake.at)
                                : mistake.at + 1;
    const Place at{place.source, place.begin + text.original(mistake.at),
                   place.begin + text.original(std::min(end, text.text().size()))};
    // Of several at one place the first is the mistake, and the others follow from it.
    if (!last || at.begin != last->begin) diagnostics.add(mistake.kind, at, mistake.what);
    last = at;
    std::optional<MendedText> mended;
    // A single one is understood without.
    const bool is_single = index + 1 == found.list.size() && !found.is_cut && count_doubtful_quotes(text.text()) == 0;
    if (!is_single && !found.is_too_deep && budget >= text.text().size())
      mended = mend(text, found, index, marks, find, budget);
    if (!mended) {
      ++index;
      continue;
    }
    text = std::move(*mended);
    found = parse<Rule>(text.text(), &tree);
  }
  return tree;
}
}  // namespace

std::unique_ptr<Node> parse_prompt_tree(const Place& place, MendedText& text, Diagnostics& diagnostics) {
  return parse<expression::Prompt>(place, {")", "}", ",", "=", "(", "{", kSomeName, kSomeText}, text, diagnostics);
}

std::unique_ptr<Node> parse_rule_tree(const Place& place, MendedText& text, Diagnostics& diagnostics) {
  return parse<expression::Rule>(place, {")", "(", " and ", kSomeName}, text, diagnostics);
}

std::unique_ptr<Node> parse_names(std::string_view text) {
  Input input(text.data(), text.data() + text.size(), "");
  return tao::pegtl::parse_tree::parse<expression::NamesAlone, Node, IsKept>(input);
}

}  // namespace pml::grammar
