// ast::Prompt x Layout -> Selection: references resolved, rules checked; what is present, what fills the
// holes, and which text is free. No positions yet.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/contexts.h"
#include "compiler/layout.h"
#include "grammar/ast.h"
#include "grammar/diagnostics.h"

namespace pml::compiler {

struct References;  // references.h

/// What a path that names nothing may have been meant as.
struct Meant {
  std::vector<ElementId> elements;  // modules and slots
  ElementId within = kNone;         // anything inside of this one, too; kNone: nothing else
};

/// Finds modules and parameters by name. Built once for a layout; the layout must outlive it.
class Names {
 public:
  explicit Names(const Layout& layout);

  /// A child of `scope`, else the one module of that name in the schema; the rest of the path downwards from
  /// there. Says so if there is none, or more than one. An empty path was a mistake that is known already.
  /// `also_meant`: further words to suggest for an unknown name.
  std::optional<ElementId> module(const ast::Path& path, ElementId scope, grammar::Diagnostics& diagnostics,
                                  const std::vector<std::string_view>& also_meant = {}) const;
  /// The same of what a prompt can name: a module, or a slot. `meant`: filled if there is none.
  std::optional<ElementId> module_or_slot(const ast::Path& path, ElementId scope, grammar::Diagnostics& diagnostics,
                                          const std::vector<std::string_view>& also_meant = {},
                                          Meant* meant = nullptr) const;
  /// The slots of a module (or of the schema).
  const std::vector<ElementId>& slots(ElementId scope) const { return slots_[scope]; }
  /// A parameter of a module (or of the schema), or kNone.
  ElementId parameter(ElementId scope, std::string_view name) const;
  std::vector<std::string_view> parameters(ElementId scope) const;

 private:
  ElementId child(ElementId scope, std::string_view name) const;
  std::optional<ElementId> resolve(const ast::Path& path, ElementId scope, bool takes_slots,
                                   const std::vector<std::string_view>& also_meant, Meant& meant,
                                   grammar::Diagnostics& diagnostics) const;
  /// Returns the union or pool of that name, or kNone.
  ElementId report_unknown(const ast::Path& path, std::string_view name, ElementId scope,
                           const std::vector<std::string_view>& candidates, grammar::Diagnostics& diagnostics) const;

  const Layout& layout_;
  std::vector<std::map<std::string_view, ElementId>> modules_;     // and slots, by scope
  std::vector<std::vector<ElementId>> slots_;                      // by scope
  std::vector<std::map<std::string_view, ElementId>> parameters_;  // by scope
  std::map<std::string_view, std::vector<ElementId>> everywhere_;
  std::map<std::string_view, ElementId> groups_;  // unions and pools by name; of several of one name, the first
};

/// The union around an element, if it is a member of one; else kNone.
ElementId union_of(const Layout& layout, ElementId module);
/// The scaffolds of a schema. Says so if they name unknown modules, or two members of one union.
std::vector<Scaffold> resolve_scaffolds(const ast::Schema& schema, const Layout& layout, const Names& names,
                                        grammar::Diagnostics& diagnostics);

struct FilledParameter {
  std::string value;
  grammar::Place place;
};

/// Text that the request brings along: one segment of it, and where it stands.
struct FreeRun {
  MarkedText text;
  grammar::Place place;
  ElementId after = kNone;            // left-aligned after this element; kNone: from the layout's end on
  ElementId selected_before = kNone;  // what the prompt selects before it, wherever it stands; kNone: nothing
  bool has_role_tag = false;
};

/// A module of a pool that is present.
struct PoolMember {
  ElementId module = 0;
  grammar::Place place;  // what selects it, or a module in it, first
};

struct Selection {
  std::vector<bool> present;                           // by element
  std::vector<bool> maybe_present;                     // by element: what mistakes leave open
  std::map<ElementId, std::vector<PoolMember>> pools;  // by pool, in the prompt's order
  std::map<ElementId, FilledParameter> arguments;      // by parameter or slot
  std::map<ElementId, grammar::Place> selected_at;     // by module or slot that the prompt names
  std::vector<FreeRun> free_runs;                      // in the prompt's order
  bool ends_in_open_turn = false;                      // an assistant's turn that the answer continues
  grammar::Place place;                                // of the prompt
  ast::PromptForm form = ast::PromptForm::xml;         // that advice is written in
};

/// `schema_names` are what the prompt may call its schema: its name, its path. Adds a diagnostic for
/// every mistake; use the result only if there is none.
Selection resolve(const ast::Prompt& prompt, const Layout& layout, const References& references,
                  const TextEncoder& encoder, const std::vector<std::string>& schema_names,
                  grammar::Diagnostics& diagnostics);

}  // namespace pml::compiler
