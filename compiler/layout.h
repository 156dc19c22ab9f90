// ast::Schema -> Layout: every element and every text on position slots.
//
// `preserve`: document order; text, parameters and modules take consecutive slots, the members of a union
// start where the union starts. Slots depend on the schema and the tokenizer alone.
//
// `pack`: positions are decided by each prompt (plan.h), and by each context (contexts.h). The slots of a layout are
// then those of the shortest prompt that has the element: before it stands what is required, with defaults and
// stand-ins, and nothing else, so slots overlap. A schema may hold more text than the model can read at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/text_encoder.h"
#include "grammar/ast.h"
#include "grammar/diagnostics.h"

namespace pml::compiler {

using Slot = std::int32_t;
using ElementId = std::int32_t;
using SegmentId = std::int32_t;
inline constexpr std::int32_t kNone = -1;

enum class SegmentKind : std::uint8_t { bos, static_text, default_text, standin, value, argument, text };
/// "bos", "static", "default", "standin", "value", "argument", "text".
std::string_view to_string(SegmentKind kind);

/// A run of tokens of one element that are present together. A layout has those of the schema.
struct Segment {
  SegmentKind kind = SegmentKind::static_text;
  ElementId element = 0;  // whose text it is: a module, a parameter, or the schema
  MarkedText text;
  std::vector<TokenId> tokens;  // never empty
  Slot first = 0;               // token i stands at position first + i
  bool has_role_tag = false;
  grammar::Place place;

  Slot end() const { return first + static_cast<Slot>(tokens.size()); }
};

enum class ElementKind : std::uint8_t { schema, module, alternatives, pool, parameter, slot };
/// As PML names it: an `alternatives` is a "union".
std::string_view to_string(ElementKind kind);

/// What an element holds, in document order.
struct Content {
  bool is_segment = false;
  std::int32_t id = 0;  // SegmentId or ElementId
};

struct Element {
  ElementKind kind = ElementKind::schema;
  std::string name;
  std::string path;  // names from the top, `/` between them, unions and pools left out; empty for the schema
  ElementId parent = kNone;
  grammar::Place place;
  Slot first = 0;  // slots [first, end)
  Slot end = 0;
  bool required = false;
  std::optional<ast::Role> around;  // the role of the schema that it stands in
  std::vector<ast::Path> after;     // of a module, as written
  ElementId standin = kNone;        // of a union: the member that its author lets stand in for it
  ast::Inherited inherited;
  std::vector<Content> contents;
  std::optional<ast::Condition> requirement;  // of a module, as written
  std::optional<ast::Condition> exclusion;
  // A parameter or slot:
  std::string lead;
  grammar::Place content_place;
  bool has_default = false;
  SegmentId content = kNone;  // the default or the stand-in; kNone if there is none, or it is empty
  /// What a parameter may be filled with; empty: anything. `content` is one of their segments, or kNone.
  struct Value {
    std::string text;
    SegmentId segment = 0;
  };
  std::vector<Value> values;

  bool is_hole() const { return kind == ElementKind::parameter || kind == ElementKind::slot; }
};

struct Layout {
  std::string schema;
  ast::LayoutKind kind = ast::LayoutKind::preserve;
  std::vector<Element> elements;  // document order; 0 is the schema
  std::vector<Segment> segments;  // document order; the BOS, if any, is first
  Slot end = 0;
  bool is_estimate = false;       // slots count characters
  bool has_hidden_names = false;  // the schema's

  bool is_packed() const { return kind == ast::LayoutKind::pack; }
  /// The module or schema around an element, unions and pools skipped.
  ElementId scope_of(ElementId element) const;
};

/// Adds a diagnostic for a default or stand-in that is longer than its parameter, for text beyond
/// `max_positions` (0: no limit is known), and for roles that the model has no template for.
Layout lay_out(const ast::Schema& schema, const TextEncoder& encoder, Slot max_positions,
               grammar::Diagnostics& diagnostics);

/// Says that a role has no meaning for the model, why (as TextEncoder::chat_template() does), and how to give it one.
void report_missing_template(ast::Role role, const grammar::Place& place, const Error& why,
                             grammar::Diagnostics& diagnostics);

/// A module for a message: its path in backquotes, or `the schema`.
std::string quoted_path(const Layout& layout, ElementId id);
/// Names from the top of a module, slot or parameter, `/` between them.
std::string path_of(const Element& element);

/// "1 token", "2 tokens".
std::string count_tokens(std::int64_t count);

/// The layout as a table (`--dump=layout`).
std::string dump(const Layout& layout);

}  // namespace pml::compiler
