// The syntax trees of the two PML documents: plain values, whitespace handled, attributes read, nothing
// resolved. Positions, token counts and references are the compiler's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "grammar/repair_policy.h"
#include "grammar/source.h"

namespace pml::ast {

using grammar::Place;
using grammar::RepairPolicy;

enum class Role : std::uint8_t { system, user, assistant };
std::string_view to_string(Role role);

/// How the context of cached segments is chosen (docs/architecture.md).
enum class ContextKind : std::uint8_t { isolated, guaranteed, typical, adjacent };
inline constexpr std::array<ContextKind, 4> kContextKinds{ContextKind::isolated, ContextKind::guaranteed,
                                                          ContextKind::typical, ContextKind::adjacent};
std::string_view to_string(ContextKind kind);
/// Nothing if there is none of that name.
std::optional<ContextKind> context_kind(std::string_view name);

/// Where segments stand (docs/language.md, "Layouts").
enum class LayoutKind : std::uint8_t { preserve, pack };
std::string_view to_string(LayoutKind kind);

/// What inheritance gave an element; `context` is empty where no document says it.
struct Inherited {
  bool cache = true;
  std::optional<ContextKind> context;
};

/// A run of text between two tags, never empty. The blank that separates it from what stands before it is
/// its first character.
struct Text {
  Place place;
  std::string text;
};

/// One of the texts that a parameter may be filled with.
struct ParameterValue {
  std::string text;
  Place place;
};

/// A hole of `length` slots.
struct Parameter {
  std::string name;
  Place place;                         // the name
  std::optional<std::int32_t> length;  // nothing: as long as the longest of `values`
  std::optional<std::string> default_text;
  std::optional<std::string> standin_text;  // shown to later text while encoding, never in a prompt
  Place content_place;                      // of the default or the stand-in
  bool required = false;
  std::string lead;                    // the boundary blank; belongs to whatever fills the hole
  std::vector<ParameterValue> values;  // what it may be filled with; empty: anything
};

/// Room for free text in the middle of a prompt.
struct Slot {
  std::string name;
  Place place;  // the name
  std::int32_t length = 0;
  std::string lead;  // the boundary blank
};

struct Node;

/// A role in a schema. Transparent for names; its tags belong to the element around it.
struct Turn {
  Role role = Role::user;
  Place place;  // the name in the start tag
  std::vector<Node> children;
};

/// A path of names with `/` between them, as written.
struct Path {
  std::string text;
  Place place;
};

/// What is said of a prompt's modules: that one is present, or a combination of such terms.
struct Condition {
  enum class Kind : std::uint8_t { module, all, any, no } kind = Kind::module;
  Place place;
  Path module;                   // of Kind::module
  std::vector<Condition> terms;  // of `no` one; of the others two or more
  bool is_broken = false;        // it is no rule, which was said; the terms are the modules that it names
};

struct Module {
  std::string name;
  Place place;  // the name
  Inherited inherited;
  bool required = false;
  std::int32_t reserve = 0;              // slots behind its text that stay empty
  std::vector<Path> after;               // modules that it stands behind, where both are present
  std::optional<Condition> requirement;  // what holds in every prompt that has it
  std::optional<Condition> exclusion;    // what does not
  std::vector<Node> children;
};

/// Members share a start position; at most one is selected. Transparent for names.
struct Union {
  std::string name;  // may be empty
  Place place;       // the name, or the tag
  bool required = false;
  std::string scaffold;  // the member that stands in for the union in typical contexts; may be empty
  std::vector<Module> members;
};

/// Any subset of the members is selected; they stand in the prompt's order. Transparent for names.
struct Pool {
  std::string name;  // may be empty
  Place place;       // the name, or the tag
  std::vector<Module> members;
};

struct Node {
  std::variant<Text, Parameter, Slot, Turn, Module, Union, Pool> value;
};

struct Scaffold {
  std::string name;  // may be empty
  Place place;
  std::vector<Path> modules;
};

struct Schema {
  std::string name;
  std::string version;
  Place place;  // the name
  LayoutKind layout = LayoutKind::preserve;
  std::optional<RepairPolicy> repair;
  Inherited inherited;
  std::vector<Node> children;
  std::vector<Scaffold> scaffolds;
  /// Mistakes, which were said, hide the names of some modules: what is not known may be one of those.
  bool has_hidden_names = false;
};

struct Argument {
  std::string name;
  std::string value;
  Place place;  // the name
  Place value_place;
};

struct PromptNode;

struct Selection {
  Path module;                      // empty: a mistake that was said
  bool by_use = false;              // `<use module="..."/>`, not an element of the module's name
  bool is_broken = false;           // its tag was wrong, which was said; it may be none
  bool has_lost_arguments = false;  // mistakes hid some
  std::vector<Argument> arguments;
  std::vector<PromptNode> children;
};

/// Text of a prompt outside roles, empty only if mistakes hid it.
struct FreeText {
  Place place;
  std::string text;
};

/// A turn of a prompt.
struct PromptTurn {
  Role role = Role::user;
  Place place;  // the name in the start tag
  Place text_place;
  std::string text;      // may be empty
  bool is_open = false;  // an assistant's turn that is continued
};

struct PromptNode {
  std::variant<Selection, FreeText, PromptTurn> value;
};

/// How a prompt is written.
enum class PromptForm : std::uint8_t { xml, expression, json };

struct Prompt {
  PromptForm form = PromptForm::xml;
  std::string schema;               // name or path; empty if the prompt does not say
  Place place;                      // of that reference, or of the root
  bool is_guessed = false;          // mistakes left open what it selects, and where its texts stand
  bool has_lost_arguments = false;  // mistakes hid some
  std::vector<Argument> arguments;
  std::vector<PromptNode> children;
};

/// The trees as indented text, one node a line (`--dump=ast`).
std::string dump(const Schema& schema);
std::string dump(const Prompt& prompt);
/// As rules are written, with the fewest parentheses.
std::string to_string(const Condition& condition);

/// A path as rules name it: in backquotes if it is a word of theirs, or holds what no name does.
std::string in_rule(std::string_view path);

/// Text in double quotes with \n, \t, \" and \\ escaped: for dumps and messages.
std::string in_quotes(std::string_view text);

}  // namespace pml::ast
