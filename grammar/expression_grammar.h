// Selections and rules as expressions: `plan(duration="two weeks") { overseas { maldives } } visa`, and of modules
// alone `passport and (visa or not overseas)`. What they mean is in expression.cpp. Every rule that stands in a `must`
// is used there alone, and says what is expected.
#pragma once

#include <tao/pegtl.hpp>

namespace pml::grammar::expression {

namespace p = tao::pegtl;

struct Blanks : p::star<p::one<' ', '\t', '\r', '\n'>> {};
struct End : p::eof {};

// Names, with `/` between those of a path. In backquotes a word of the language is a name.
struct NameCharacter
    : p::sor<p::ranges<'a', 'z', 'A', 'Z', '0', '9'>, p::one<'.', '-', '_', '/'>, p::utf8::range<0x80, 0x10FFFF>> {};
struct BarePath : p::plus<NameCharacter> {};
struct QuotedPath : p::plus<p::not_one<'`'>> {};
struct ClosingBackquote : p::one<'`'> {};
struct Path : p::sor<BarePath, p::if_must<p::one<'`'>, QuotedPath, ClosingBackquote>> {};

// Texts in quotes, with escapes.
struct PlainEscape : p::one<'"', '\'', '\\', 'n', 'r', 't'> {};
struct HexDigits : p::rep_min_max<1, 6, p::xdigit> {};
struct Escaped : p::sor<PlainEscape, p::seq<p::string<'u', '{'>, HexDigits, p::one<'}'>>> {};
struct Escape : p::if_must<p::one<'\\'>, Escaped> {};
template <char quote>
struct ClosingQuote : p::one<quote> {};
template <char quote>
struct QuotedText : p::if_must<p::one<quote>, p::star<p::sor<Escape, p::not_one<quote, '\\'>>>, ClosingQuote<quote>> {};
struct Text : p::sor<QuotedText<'"'>, QuotedText<'\''>> {};

template <char... word>
struct Word : p::seq<p::string<word...>, p::not_at<NameCharacter>> {};

// name="text", ...
struct ArgumentName : p::plus<NameCharacter> {};
struct EqualsSign : p::one<'='> {};
struct ArgumentText : Text {};
struct Argument : p::if_must<ArgumentName, Blanks, EqualsSign, Blanks, ArgumentText> {};
struct NextArgument : Argument {};
struct ClosingParenthesis : p::one<')'> {};
struct Arguments : p::if_must<p::one<'('>, Blanks,
                              p::opt<Argument, Blanks, p::star<p::if_must<p::one<','>, Blanks, NextArgument, Blanks>>>,
                              ClosingParenthesis> {};

// Selections, texts and turns, blanks between them.
struct Items;
struct ClosingBrace : p::one<'}'> {};
struct Block : p::if_must<p::one<'{'>, Items, ClosingBrace> {};
struct Selection : p::seq<Path, p::opt<Blanks, Arguments>, p::opt<Blanks, Block>> {};
struct RoleName : p::sor<Word<'s', 'y', 's', 't', 'e', 'm'>, Word<'u', 's', 'e', 'r'>,
                         Word<'a', 's', 's', 'i', 's', 't', 'a', 'n', 't'>> {};
struct OpenMark : Word<'o', 'p', 'e', 'n'> {};
struct Turn : p::seq<RoleName, Blanks, p::opt<OpenMark, Blanks>, Text> {};
struct Item : p::sor<Turn, Selection, Text> {};
struct Items : p::seq<p::star<Blanks, Item>, Blanks> {};
struct Prompt : p::must<Blanks, p::opt<Arguments>, Items, End> {};

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

}  // namespace pml::grammar::expression
