// The markup of XML 1.0 (fifth edition) as PML uses it, flat: tags are matched one by one, and nesting is
// checked by who listens, so neither depth nor a mistake in one tag hides the next. Rules are named as the
// specification names its productions; what they mean and what is said when they fail is in xml_scan.cpp.
#pragma once

#include <cstddef>
#include <string_view>
#include <tao/pegtl.hpp>

namespace pml::grammar::xml {

namespace p = tao::pegtl;

// [3] S
struct S : p::plus<p::one<' ', '\t', '\r', '\n'>> {};
struct OptS : p::star<p::one<' ', '\t', '\r', '\n'>> {};

// [4] NameStartChar, [4a] NameChar, [5] Name
struct NameStartChar : p::utf8::ranges<':', ':', 'A', 'Z', '_', '_', 'a', 'z', 0xC0, 0xD6, 0xD8, 0xF6, 0xF8, 0x2FF,
                                       0x370, 0x37D, 0x37F, 0x1FFF, 0x200C, 0x200D, 0x2070, 0x218F, 0x2C00, 0x2FEF,
                                       0x3001, 0xD7FF, 0xF900, 0xFDCF, 0xFDF0, 0xFFFD, 0x10000, 0xEFFFF> {};
struct NameChar : p::sor<NameStartChar, p::utf8::ranges<'-', '.', '0', '9', 0xB7, 0xB7, 0x300, 0x36F, 0x203F, 0x2040>> {
};
struct Name : p::seq<NameStartChar, p::star<NameChar>> {};

// [10] AttValue, [41] Attribute
struct DoubleQuoted : p::star<p::not_one<'"', '<'>> {};
struct SingleQuoted : p::star<p::not_one<'\'', '<'>> {};
struct AttValue
    : p::sor<p::seq<p::one<'"'>, DoubleQuoted, p::one<'"'>>, p::seq<p::one<'\''>, SingleQuoted, p::one<'\''>>> {};
struct AttributeName : Name {};
struct Eq : p::seq<OptS, p::one<'='>, OptS> {};
struct Attribute : p::seq<AttributeName, Eq, AttValue> {};

// [40] STag, [44] EmptyElemTag, [42] ETag
struct TagName : Name {};
struct EmptyMark : p::one<'/'> {};
struct RestOfStartTag : p::seq<p::star<S, Attribute>, OptS, p::opt<EmptyMark>, p::one<'>'>> {};
struct StartTag : p::seq<p::one<'<'>, TagName, RestOfStartTag> {};
struct EndTagName : Name {};
struct RestOfEndTag : p::seq<OptS, p::one<'>'>> {};
struct EndTag : p::seq<p::string<'<', '/'>, EndTagName, RestOfEndTag> {};

// [15] Comment, [18] CDSect, [16] PI, [28] doctypedecl (only to refuse it)
struct Comment : p::seq<p::string<'<', '!', '-', '-'>, p::until<p::string<'-', '-', '>'>>> {};
struct CDSect : p::seq<p::string<'<', '!', '[', 'C', 'D', 'A', 'T', 'A', '['>, p::until<p::string<']', ']', '>'>>> {};
struct PI : p::seq<p::string<'<', '?'>, p::until<p::string<'?', '>'>>> {};
struct DoctypeDecl : p::string<'<', '!', 'D', 'O', 'C', 'T', 'Y', 'P', 'E'> {};

// [23] XMLDecl, without its brackets, [26] VersionNum, [81] EncName
template <typename Value>
struct Quoted : p::sor<p::seq<p::one<'"'>, Value, p::one<'"'>>, p::seq<p::one<'\''>, Value, p::one<'\''>>> {};
struct VersionNum : p::seq<p::string<'1', '.'>, p::plus<p::digit>> {};
struct EncName : p::seq<p::alpha, p::star<p::sor<p::alnum, p::one<'.', '_', '-'>>>> {};
struct YesOrNo : p::sor<p::string<'y', 'e', 's'>, p::string<'n', 'o'>> {};
struct VersionInfo : p::seq<S, p::string<'v', 'e', 'r', 's', 'i', 'o', 'n'>, Eq, Quoted<VersionNum>> {};
struct EncodingDecl : p::seq<S, p::string<'e', 'n', 'c', 'o', 'd', 'i', 'n', 'g'>, Eq, Quoted<EncName>> {};
struct SDDecl : p::seq<S, p::string<'s', 't', 'a', 'n', 'd', 'a', 'l', 'o', 'n', 'e'>, Eq, Quoted<YesOrNo>> {};
struct XMLDecl : p::seq<p::string<'x', 'm', 'l'>, VersionInfo, p::opt<EncodingDecl>, p::opt<SDDecl>, OptS, p::eof> {};

// [14] CharData with [67] Reference
struct CharData : p::plus<p::not_one<'<'>> {};

// What is left: a `<` that begins none of the above.
struct BrokenMarkup : p::one<'<'> {};

struct Markup : p::sor<CharData, StartTag, EndTag, Comment, CDSect, PI, DoctypeDecl, BrokenMarkup> {};

// [66] CharRef, [68] EntityRef
struct DecimalDigits : p::plus<p::digit> {};
struct HexDigits : p::plus<p::xdigit> {};
struct CharRef : p::seq<p::string<'&', '#'>, p::sor<p::seq<p::one<'x'>, HexDigits>, DecimalDigits>, p::one<';'>> {};
struct EntityName : Name {};
struct EntityRef : p::seq<p::one<'&'>, EntityName, p::one<';'>> {};
struct Reference : p::sor<CharRef, EntityRef> {};

/// How many bytes of `text` the rule matches from the front.
template <typename Rule>
std::size_t match(std::string_view text) {
  p::memory_input<p::tracking_mode::lazy> input(text.data(), text.data() + text.size(), "");
  return p::parse<Rule>(input) ? static_cast<std::size_t>(input.current() - text.data()) : 0;
}

}  // namespace pml::grammar::xml
