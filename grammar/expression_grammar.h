// Selections and rules as expressions: `plan(duration="two weeks") { overseas { maldives } } visa`, and of modules
// alone `passport and (visa or not overseas)`. What they mean is in expression.cpp. After a mistake a selection is read
// on; of a rule only the names are. Every rule that stands in a `must` is used there alone, and says what is expected.
#pragma once

#include <tao/pegtl.hpp>

namespace pml::grammar::expression {

namespace p = tao::pegtl;

struct Blanks : p::star<p::one<' ', '\t', '\r', '\n'>> {};

/// Stands where a rule is missing, and is said.
template <typename Rule>
struct Missing : p::success {};
template <typename Rule>
struct Expected : p::sor<Rule, Missing<Rule>> {};

// Names, with `/` between those of a path. In backquotes a word of the language is a name.
struct NameCharacter
    : p::sor<p::ranges<'a', 'z', 'A', 'Z', '0', '9'>, p::one<'.', '-', '_', '/'>, p::utf8::range<0x80, 0x10FFFF>> {};
struct BarePath : p::plus<NameCharacter> {};
struct QuotedPath : p::plus<p::not_one<'`'>> {};
struct ClosingBackquote : p::one<'`'> {};
struct Path : p::sor<BarePath, p::seq<p::one<'`'>, Expected<QuotedPath>, Expected<ClosingBackquote>>> {};

// Texts in quotes, with escapes.
struct PlainEscape : p::one<'"', '\'', '\\', 'n', 'r', 't'> {};
struct HexDigits : p::rep_min_max<1, 6, p::xdigit> {};
struct CharacterNumber : p::seq<p::string<'u', '{'>, HexDigits, p::one<'}'>> {};
struct Escaped : p::sor<PlainEscape, CharacterNumber> {};
struct Escape : p::seq<p::one<'\\'>, Expected<Escaped>> {};
template <char quote>
struct ClosingQuote : p::one<quote> {};
template <char quote>
struct QuotedText
    : p::seq<p::one<quote>, p::star<p::sor<Escape, p::not_one<quote, '\\'>>>, Expected<ClosingQuote<quote>>> {};
struct Text : p::sor<QuotedText<'"'>, QuotedText<'\''>> {};

template <char... word>
struct Word : p::seq<p::string<word...>, p::not_at<NameCharacter>> {};

// What stands among arguments, and is none, up to where they go on; said before.
template <char quote>
struct SkippedText : p::seq<p::one<quote>, p::star<p::not_one<quote>>, p::one<quote>> {};
struct SkippedParentheses
    : p::seq<p::one<'('>, p::star<p::sor<SkippedText<'"'>, SkippedText<'\''>, p::not_one<'(', ')'>>>, p::one<')'>> {};
struct Skipped
    : p::plus<p::sor<SkippedText<'"'>, SkippedText<'\''>, SkippedParentheses, p::not_one<',', ')', '{', '}'>>> {};

// name="text", ...
struct ArgumentName : p::plus<NameCharacter> {};
struct EqualsSign : p::one<'='> {};
struct ArgumentText : Text {};
struct Argument : p::seq<ArgumentName, Blanks, Expected<EqualsSign>, Blanks,
                         p::sor<ArgumentText, p::seq<Missing<ArgumentText>, p::opt<Skipped>>>> {};
struct NextArgument : Argument {};
struct ClosingParenthesis : p::one<')'> {};
struct ArgumentsEnd : p::sor<p::one<')', '{', '}'>, p::eof> {};
/// Behind an argument, where neither a comma nor the end is.
struct StrayInArguments
    : p::seq<p::not_at<ArgumentsEnd>, Missing<ClosingParenthesis>,
             p::sor<p::seq<p::at<p::plus<NameCharacter>, Blanks, p::one<'='>>, Argument>, Skipped>> {};
struct ArgumentList
    : p::seq<p::sor<Argument, Missing<ClosingParenthesis>>, Blanks,
             p::star<p::sor<p::seq<p::one<','>, Blanks, Expected<NextArgument>>, StrayInArguments>, Blanks>> {};
struct Arguments
    : p::seq<p::one<'('>, Blanks, p::opt<p::not_at<ArgumentsEnd>, ArgumentList>, Expected<ClosingParenthesis>> {};

// Selections, texts and turns, blanks between them.
struct Items;
struct BlockItems;
struct ClosingBrace : p::one<'}'> {};
struct Block : p::seq<p::one<'{'>, BlockItems, Expected<ClosingBrace>> {};
struct Selection : p::seq<Path, p::opt<Blanks, Arguments>, p::opt<Blanks, Block>> {};
struct RoleName : p::sor<Word<'s', 'y', 's', 't', 'e', 'm'>, Word<'u', 's', 'e', 'r'>,
                         Word<'a', 's', 's', 'i', 's', 't', 'a', 'n', 't'>> {};
struct OpenMark : Word<'o', 'p', 'e', 'n'> {};
struct TurnText : Text {};
struct Turn : p::seq<RoleName, Blanks, p::opt<OpenMark, Blanks>, Expected<TurnText>> {};
struct OpeningParenthesis : p::one<'('> {};
/// `name="text"` without parentheses around.
struct OuterArgument : p::seq<BarePath, Blanks, p::at<p::one<'='>>, Missing<OpeningParenthesis>, p::one<'='>, Blanks,
                              p::opt<p::sor<Text, BarePath>>> {};
struct Item : p::sor<Turn, OuterArgument, Selection, Text> {};
struct Items : p::seq<p::star<Blanks, Item>, Blanks> {};
/// A role has no place in a block.
struct OutsideOfBlock : p::failure {};
struct InnerItem : p::sor<p::seq<p::at<RoleName>, Missing<OutsideOfBlock>, Turn>, OuterArgument, Selection, Text> {};
struct InnerItems : p::seq<p::star<Blanks, InnerItem>, Blanks> {};
/// Arguments of nothing.
struct StrayArguments : p::seq<p::one<'('>, p::star<p::sor<Skipped, p::one<','>>>, p::opt<p::one<')'>>> {};
/// Where no item is and no end.
struct Stray : p::sor<StrayArguments, Block, p::one<',', ')', '}'>,
                      p::plus<p::not_one<' ', '\t', '\r', '\n', '"', '\'', '`', ',', '(', ')', '{', '}'>>> {};
struct End : p::eof {};
template <typename List, typename Close>
struct ItemsUpTo : p::seq<List, p::star<p::not_at<p::sor<Close, p::eof>>, Missing<Close>, Stray, List>> {};
struct BlockItems : ItemsUpTo<InnerItems, ClosingBrace> {};
struct Prompt : p::seq<Blanks, p::opt<Arguments>, ItemsUpTo<Items, End>, End> {};

// Terms that are true of a prompt or not.
struct And : Word<'a', 'n', 'd'> {};
struct Or : Word<'o', 'r'> {};
struct Not : Word<'n', 'o', 't'> {};
struct Disjunction;
struct ClosingTerm : p::one<')'> {};
struct InnerTerm : p::seq<Disjunction> {};
struct Parenthesis : p::if_must<p::one<'('>, Blanks, InnerTerm, Blanks, ClosingTerm> {};
struct Module : p::seq<p::not_at<p::sor<And, Or, Not>>, Path> {};
struct Negation;
struct Operand : p::seq<Negation> {};
struct NegatedTerm : p::if_must<Not, Blanks, Operand> {};
struct Negation : p::sor<NegatedTerm, Parenthesis, Module> {};
struct Conjunction : p::seq<Negation, p::star<p::if_must<p::seq<Blanks, And>, Blanks, Operand>>> {};
struct NextConjunction : p::seq<Conjunction> {};
struct Disjunction : p::seq<Conjunction, p::star<p::if_must<p::seq<Blanks, Or>, Blanks, NextConjunction>>> {};
struct FirstTerm : p::seq<Disjunction> {};
struct RuleEnd : p::eof {};
struct Rule : p::must<Blanks, FirstTerm, p::star<Blanks, Disjunction>, Blanks, RuleEnd> {};

// A name, a text in quotes up to its first blank, a word or a mark: what may be missing or too much.
struct Token : p::sor<p::plus<NameCharacter>, p::any> {};

// The names in a rule that is none, whatever else is in it; arguments have no meaning there.
struct SkippedArgument
    : p::seq<p::plus<NameCharacter>, Blanks, p::one<'='>, Blanks, p::sor<SkippedText<'"'>, SkippedText<'\''>>> {};
struct NamesAlone : p::star<p::sor<SkippedArgument, BarePath, p::seq<p::one<'`'>, QuotedPath, p::one<'`'>>,
                                   SkippedText<'"'>, SkippedText<'\''>, p::any>> {};

}  // namespace pml::grammar::expression
