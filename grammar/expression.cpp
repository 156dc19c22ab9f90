#include "grammar/expression.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <tao/pegtl/contrib/limit_depth.hpp>
#include <tao/pegtl/contrib/parse_tree.hpp>
#include <tao/pegtl/must_if.hpp>

#include "grammar/expression_grammar.h"
#include "grammar/mended_text.h"
#include "grammar/vocabulary.h"
#include "grammar/xml.h"
#include "grammar/xml_scan.h"

namespace pml::grammar {
namespace {

using Node = tao::pegtl::parse_tree::node;
using Input = tao::pegtl::memory_input<tao::pegtl::tracking_mode::lazy>;

/// Stands where a name is missing.
constexpr std::string_view kSomeName = "\uFFFC";
constexpr std::string_view kSomeText = "\"\"";

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

/// The mistakes in a text, by offset.
struct Found {
  struct Mistake {
    DiagnosticKind kind;
    std::size_t at;
    std::string what;
  };
  std::vector<Mistake> mistakes;
  bool is_cut = false;  // parsing did not reach the end
};

/// `tree`: null if it is not wanted.
template <typename Rule>
Found parse(std::string_view text, std::unique_ptr<Node>* tree) {
  Input input(text.data(), text.data() + text.size(), "");
  Mistakes mistakes;
  Found found;
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
  }
  for (const Mistakes::Mistake& mistake : mistakes.list()) {
    found.mistakes.push_back({mistake.kind, static_cast<std::size_t>(mistake.at - text.data()), mistake.what});
  }
  return found;
}

/// Of texts in quotes that have no end, or look like what stands between two of them.
std::size_t count_doubtful_quotes(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto is_one_of = [&](char c, std::string_view marks) {
    return kBlanks.find(c) != std::string_view::npos || marks.find(c) != std::string_view::npos;
  };
  std::size_t count = 0;
  for (std::size_t at = text.find_first_of("\"'"); at != std::string_view::npos; at = text.find_first_of("\"'", at)) {
    const std::size_t begin = at;
    for (++at; at < text.size() && text[at] != text[begin]; ++at) {
      if (text[at] == '\\') ++at;
    }
    if (at >= text.size()) return count + 1;
    const std::string_view inside = text.substr(begin + 1, at - begin - 1);
    ++at;
    const bool stands_well =
        (begin == 0 || is_one_of(text[begin - 1], "=({,")) && (at == text.size() || is_one_of(text[at], "),}"));
    const bool is_between = !inside.empty() && (is_one_of(inside.front(), "),}") || is_one_of(inside.back(), "=({,"));
    if (!stands_well && is_between) ++count;
  }
  return count;
}

/// Where tokens begin, and the text's end. A text in quotes that holds several words may be none, so each word counts.
std::vector<std::size_t> token_begins(std::string_view text) {
  std::vector<std::size_t> begins;
  Input input(text.data(), text.data() + text.size(), "");
  while (true) {
    tao::pegtl::parse<expression::Blanks>(input);
    begins.push_back(input.current() - text.data());
    if (input.empty()) return begins;
    tao::pegtl::parse<expression::Token>(input);
  }
}

/// The change of one token that mends a mistake, which stands at `found.mistakes[index]`.
template <typename Rule>
class Mender {
 public:
  /// `budget`: bytes that may still be parsed; what is tried is taken off it.
  Mender(const MendedText& text, const Found& found, std::size_t index, std::size_t& budget)
      : text_(text), found_(found), index_(index), budget_(budget), begins_(token_begins(text.text())) {}

  /// Of those that mend it, and leave what stands before, the one that leaves the fewest mistakes behind it. Nothing if
  /// there is none.
  std::optional<MendedText> mend(const std::vector<std::string_view>& marks) {
    const std::size_t num_doubtful = count_doubtful_quotes(text_.text());
    best_ = {found_.mistakes.size() + num_doubtful, 0};
    if (found_.is_cut) best_.second = std::string_view::npos - found_.mistakes.back().at;
    // A quote that is missing, or one too much, may be anywhere before.
    if (num_doubtful > 0) try_quotes();
    constexpr std::size_t kBefore = 4;
    constexpr std::size_t kBehind = 2;
    const auto token =
        static_cast<std::size_t>(std::ranges::lower_bound(begins_, found_.mistakes[index_].at) - begins_.begin());
    for (std::size_t i = 0; i <= kBefore; ++i) {  // the nearest first
      if (i <= kBehind && token + i < begins_.size()) try_at(token + i, marks);
      if (i > 0 && i <= token) try_at(token - i, marks);
    }
    return std::move(best_text_);
  }

 private:
  void try_quotes() {
    for (auto begin = begins_.rbegin(); begin != begins_.rend(); ++begin) {
      for (const std::string_view quote : {"\"", "'"}) attempt(*begin, *begin, quote);
    }
    for (const std::size_t begin : begins_) {
      if (is_quote(begin)) attempt(begin, begin + 1, "");
    }
  }

  bool is_quote(std::size_t at) const {
    return at < text_.text().size() && (text_.text()[at] == '"' || text_.text()[at] == '\'');
  }

  void try_at(std::size_t token, const std::vector<std::string_view>& marks) {
    const std::size_t begin = begins_[token];
    for (const std::string_view mark : marks) attempt(begin, begin, mark);
    if (token + 1 == begins_.size() || is_quote(begin)) return;
    const std::string_view whole = text_.text().substr(begin, begins_[token + 1] - begin);
    const std::size_t end = begin + whole.find_last_not_of(" \t\r\n") + 1;
    attempt(begin, end, " ");
    for (const std::string_view mark : marks) attempt(begin, end, mark);
  }

  void attempt(std::size_t begin, std::size_t end, std::string_view by) {
    if (budget_ < text_.text().size()) return;
    budget_ -= text_.text().size();
    std::string changed(text_.text());
    changed.replace(begin, end - begin, by);
    const Found left = parse<Rule>(changed, nullptr);
    std::pair score{left.mistakes.size() + count_doubtful_quotes(changed), std::size_t{0}};
    if (left.is_cut) score.second = std::string_view::npos - left.mistakes.back().at;
    if (score >= best_) return;
    for (std::size_t i = 0; i < index_; ++i) {
      if (i >= left.mistakes.size() || left.mistakes[i].at != found_.mistakes[i].at) return;
    }
    MendedText text = text_;
    text.replace(begin, end, by);
    const std::uint32_t mended_at = text_.original(found_.mistakes[index_].at);
    if (index_ < left.mistakes.size()) {
      const Found::Mistake& next = left.mistakes[index_];
      const std::uint32_t at = text.original(next.at);
      if (at < mended_at || (at == mended_at && next.what == found_.mistakes[index_].what)) return;
    }
    best_ = score;
    best_text_ = std::move(text);
  }

  const MendedText& text_;
  const Found& found_;
  std::size_t index_;
  std::size_t& budget_;
  std::vector<std::size_t> begins_;
  std::pair<std::size_t, std::size_t> best_;  // mistakes, and bytes behind the place that parsing reached
  std::optional<MendedText> best_text_;
};

/// Parses a text, and says what is wrong with it at `place`, each mistake once: after each the text is mended, if it
/// can be, and what is wrong then is another one. Nothing if parsing could not go on.
template <typename Rule>
std::unique_ptr<Node> parse(const Place& place, const std::vector<std::string_view>& marks, MendedText& text,
                            Diagnostics& diagnostics) {
  std::size_t budget = 2 << 20;
  std::optional<Place> last;
  std::unique_ptr<Node> tree;
  Found found = parse<Rule>(text.text(), &tree);
  for (std::size_t index = 0; index < found.mistakes.size();) {
    const Found::Mistake& mistake = found.mistakes[index];
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
    const bool is_single = index + 1 == found.mistakes.size() && count_doubtful_quotes(text.text()) == 0;
    if (!is_single && budget >= text.text().size()) mended = Mender<Rule>(text, found, index, budget).mend(marks);
    if (!mended) {
      ++index;
      continue;
    }
    text = std::move(*mended);
    found = parse<Rule>(text.text(), &tree);
  }
  return tree;
}

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
  const auto tree =
      parse<expression::Prompt>(whole, {")", "}", ",", "=", "(", "{", kSomeName, kSomeText}, text, diagnostics);
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
  Input input(text.data(), text.data() + text.size(), "");
  const auto tree = tao::pegtl::parse_tree::parse<expression::NamesAlone, Node, IsKept>(input);
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
  const auto tree = parse<expression::Rule>(place, {")", "(", " and ", kSomeName}, text, diagnostics);
  if (diagnostics.num_errors() > errors_before) return names_alone(place, sources);
  ast::Condition joined;
  joined.kind = joined_by;
  joined.place = place;
  return Reader(place, text, diagnostics).join(std::move(joined), tree->children);
}

std::string to_expression(const ast::Prompt& prompt) { return Writer().write(prompt); }

}  // namespace pml::grammar
