#include "compiler/selection.h"

#include <algorithm>
#include <set>

#include "compiler/order.h"
#include "compiler/references.h"

namespace pml::compiler {
namespace {

using grammar::DiagnosticKind;
using grammar::Diagnostics;

/// Looking for what was meant takes time in a large schema; of more mistakes nobody reads all.
constexpr std::size_t kMostSuggestions = 100;

/// The members of a union or pool, for a message.
std::string member_names(const Layout& layout, ElementId group) {
  constexpr std::size_t kMost = 20;
  const std::vector<Content>& members = layout.elements[group].contents;
  std::string names;
  for (std::size_t i = 0; i < std::min(kMost, members.size()); ++i) {
    names += (i == 0 ? "`" : ", `") + layout.elements[members[i].id].name + "`";
  }
  return names + (members.size() > kMost ? " ..." : "");
}

class Resolver {
 public:
  Resolver(const Layout& layout, const Names& names, const TextEncoder& encoder, Diagnostics& diagnostics)
      : layout_(layout), names_(names), encoder_(encoder), diagnostics_(diagnostics) {
    result_.present.resize(layout.elements.size(), false);
    result_.present[0] = true;
  }

  Selection resolve(const ast::Prompt& prompt) {
    result_.place = prompt.place;
    result_.form = prompt.form;
    is_guessed_ = prompt.is_guessed;
    arguments(0, prompt.arguments, "the schema");
    if (prompt.has_lost_arguments) without_arguments_.insert(0);
    for (const ast::PromptNode& node : prompt.children) {
      if (const auto* selection = std::get_if<ast::Selection>(&node.value)) anchors_.push_back(select(*selection, 0));
    }
    find_maybe_present(prompt.is_guessed);
    require(0);
    check_required_parameters();
    check_open_turns(prompt);
    free_text(prompt);
    result_.selected_at = std::move(selected_at_);
    return std::move(result_);
  }

 private:
  // --- modules ----------------------------------------------------------------------------------------

  std::optional<ElementId> select(const ast::Selection& selection, ElementId scope) {
    static const std::vector<std::string_view> kWords{"system", "user", "assistant", "use"};
    Meant meant;
    const auto module = names_.module_or_slot(selection.module, scope, selection.is_broken ? said_ : diagnostics_,
                                              selection.by_use ? std::vector<std::string_view>() : kWords, &meant);
    if (!module) {
      leave_open(selection, meant);
      // Below a tag that is no selection everything is as around it, below a selection nothing can be said.
      for (const ast::PromptNode& node : selection.children) {
        const auto* inner = std::get_if<ast::Selection>(&node.value);
        if (inner != nullptr && selection.is_broken) select(*inner, scope);
      }
      return std::nullopt;
    }
    if (selection.has_lost_arguments) without_arguments_.insert(*module);
    if (layout_.elements[*module].kind == ElementKind::slot) {
      fill_slot(*module, selection);
      return module;
    }
    const auto [earlier, is_new] = selected_at_.emplace(*module, selection.module.place);
    const bool is_sure = !selection.is_broken && !broken_.contains(*module);
    if (selection.is_broken) broken_.insert(*module);
    if (is_new) {
      make_present(*module, selection.module.place);
      arguments(*module, selection.arguments, quoted_path(layout_, *module));
    } else if (is_sure) {  // else one of them was likely meant to close the other
      diagnostics_
          .add(DiagnosticKind::selected_twice, selection.module.place,
               quoted_path(layout_, *module) + " is selected twice")
          .notes.push_back({earlier->second, "it is selected here first"});
    }
    for (const ast::PromptNode& node : selection.children) {
      if (const auto* inner = std::get_if<ast::Selection>(&node.value)) {
        select(*inner, *module);
      } else if (const auto* text = std::get_if<ast::FreeText>(&node.value)) {
        text_in_module(*module, *text);
      }
    }
    return module;
  }

  /// Notes what may have been meant by a selection that names nothing.
  void leave_open(const ast::Selection& selection, const Meant& meant) {
    meant_modules_.insert(meant.elements.begin(), meant.elements.end());
    if (meant.within != kNone) meant_within_.insert(meant.within);
    for (const ast::Argument& argument : selection.arguments) meant_arguments_.insert(argument.name);
    if (selection.is_broken) return;  // what is in it is selected
    const ElementId scope = meant.elements.size() == 1 ? meant.elements.front() : std::max(meant.within, 0);
    for (const ast::PromptNode& node : selection.children) {
      const auto* inner = std::get_if<ast::Selection>(&node.value);
      if (inner == nullptr) continue;
      Meant inside;
      const auto module = names_.module_or_slot(inner->module, scope, said_, {}, &inside);
      if (module) inside.elements.push_back(*module);
      leave_open(*inner, inside);
    }
  }

  /// Of what selections that name nothing may have meant: all that would be present with it.
  void find_maybe_present(bool is_guessed) {
    std::vector<bool>& maybe = result_.maybe_present;
    maybe.resize(layout_.elements.size(), false);
    if (is_guessed) meant_within_.insert(0);
    if (meant_modules_.empty() && meant_within_.empty()) return;
    std::vector<bool> is_inside(layout_.elements.size(), false);
    const auto mark = [&](ElementId id) {
      for (; id != kNone && !maybe[id]; id = layout_.elements[id].parent) maybe[id] = true;
    };
    for (std::size_t i = 0; i < layout_.elements.size(); ++i) {
      const auto id = static_cast<ElementId>(i);
      const ElementId parent = layout_.elements[i].parent;
      is_inside[i] = meant_within_.contains(id) || (parent != kNone && is_inside[parent]);
      if (is_inside[i] || meant_modules_.contains(id)) mark(id);
    }
    for (std::size_t i = 1; i < layout_.elements.size(); ++i) {
      const Element& element = layout_.elements[i];
      if (element.kind == ElementKind::module && element.required && maybe[element.parent]) maybe[i] = true;
    }
  }

  /// A text in a selected module is for the module's slot.
  void text_in_module(ElementId module, const ast::FreeText& text) {
    const std::vector<ElementId>& slots = names_.slots(module);
    if (slots.size() == 1) return fill_slot(slots.front(), text);
    if (is_guessed_) return;  // it may stand elsewhere
    if (slots.empty()) {
      diagnostics_
          .add(DiagnosticKind::text_needs_slot, text.place,
               "this text stands inside " + quoted_path(layout_, module) + ", which has no slot for text")
          .notes.push_back(
              {std::nullopt, "put it after the selections, or give the module a <slot name=\"...\" length=\"...\"/>"});
      return;
    }
    std::string names;
    for (const ElementId slot : slots) names += (names.empty() ? "`" : ", `") + layout_.elements[slot].name + "`";
    diagnostics_
        .add(DiagnosticKind::text_needs_slot, text.place,
             quoted_path(layout_, module) + " has several slots for text: " + names)
        .notes.push_back({std::nullopt, "say which one: " + with_text(layout_.elements[slots.front()].name)});
  }

  std::string with_text(const std::string& slot) const {
    switch (result_.form) {
      case ast::PromptForm::expression:
        return ast::in_rule(slot) + " { \"text\" }";
      case ast::PromptForm::json:
        return R"({"module": ")" + slot + R"(", "select": [{"text": "..."}]})";
      default:
        return "<" + slot + ">text</" + slot + ">";
    }
  }

  std::string turn_of_user() const {
    switch (result_.form) {
      case ast::PromptForm::expression:
        return "user \"...\"";
      case ast::PromptForm::json:
        return R"({"role": "user", "text": "..."})";
      default:
        return "<user>...</user>";
    }
  }

  /// A slot that is named, with its text.
  void fill_slot(ElementId slot, const ast::Selection& selection) {
    const std::string name = "the slot `" + layout_.elements[slot].name + "`";
    const auto [earlier, is_new] = selected_at_.emplace(slot, selection.module.place);
    if (!is_new) {
      diagnostics_.add(DiagnosticKind::selected_twice, selection.module.place, name + " is filled twice")
          .notes.push_back({earlier->second, "it is filled here first"});
      return;
    }
    for (const ast::Argument& argument : selection.arguments) {
      diagnostics_.add(DiagnosticKind::unknown_parameter, argument.place, name + " holds text, and takes no arguments");
    }
    make_present(layout_.scope_of(slot), selection.module.place);
    for (const ast::PromptNode& node : selection.children) {
      if (const auto* text = std::get_if<ast::FreeText>(&node.value)) {
        fill_slot(slot, *text);
      } else if (const auto* inner = std::get_if<ast::Selection>(&node.value);
                 inner != nullptr && selection.is_broken) {
        select(*inner, 0);  // the tag that closes the slot may be missing before
      } else if (inner != nullptr) {
        diagnostics_.add(DiagnosticKind::misplaced_element, inner->module.place, name + " holds text alone");
      }
    }
  }

  /// Texts with selections between them follow each other.
  void fill_slot(ElementId slot, const ast::FreeText& text) {
    const auto [filled, is_new] = result_.arguments.try_emplace(slot, FilledParameter{text.text, text.place});
    if (!is_new) filled->second.value += text.text;
  }

  /// The module and its ancestors.
  void make_present(ElementId module, const grammar::Place& place) {
    for (ElementId id = module; id != kNone && !result_.present[id]; id = layout_.elements[id].parent) {
      result_.present[id] = true;
      const ElementId parent = layout_.elements[id].parent;
      if (parent != kNone && layout_.elements[parent].kind == ElementKind::pool) {
        result_.pools[parent].push_back({id, place});
      }
      const ElementId alternatives = union_of(layout_, id);
      if (alternatives == kNone) continue;
      const auto [member, is_new] = member_of_.emplace(alternatives, std::pair{id, place});
      if (is_new) continue;
      const auto& [other, other_place] = member->second;
      diagnostics_
          .add(DiagnosticKind::union_conflict, place,
               quoted_path(layout_, id) + " and " + quoted_path(layout_, other) +
                   " are alternatives; only one can be selected")
          .notes.push_back({other_place, quoted_path(layout_, other) + " is selected here"});
    }
  }

  /// Makes required children of what is present present too, and asks for required unions.
  void require(ElementId id) {
    for (const Content& content : layout_.elements[id].contents) {
      if (content.is_segment) continue;
      const Element& child = layout_.elements[content.id];
      if (child.kind == ElementKind::module && child.required) result_.present[content.id] = true;
      if (child.kind == ElementKind::alternatives) {
        const bool has_member = member_of_.contains(content.id);
        if (child.required && !has_member && !result_.maybe_present[content.id]) report_empty_union(content.id);
        if (has_member) require(member_of_.at(content.id).first);
      } else if (result_.present[content.id]) {
        require(content.id);
      }
    }
  }

  void report_empty_union(ElementId id) {
    const Element& alternatives = layout_.elements[id];
    diagnostics_
        .add(DiagnosticKind::union_empty, result_.place,
             "the union" + (alternatives.name.empty() ? "" : " `" + alternatives.name + "`") +
                 " is required; select one of " + member_names(layout_, id))
        .notes.push_back({alternatives.place, "it is declared here"});
  }

  // --- parameters -------------------------------------------------------------------------------------

  void arguments(ElementId scope, const std::vector<ast::Argument>& list, const std::string& owner) {
    for (const ast::Argument& argument : list) {
      const ElementId parameter = names_.parameter(scope, argument.name);
      if (parameter == kNone) {
        const auto known = names_.parameters(scope);
        if (const auto meant = grammar::nearest(argument.name, known)) {
          meant_.insert(names_.parameter(scope, *meant));
        }
        auto& diagnostic = diagnostics_.add(
            DiagnosticKind::unknown_parameter, argument.place,
            owner + " has no parameter `" + argument.name + "`" + grammar::did_you_mean(argument.name, known));
        if (diagnostics_.list().size() > kMostSuggestions) continue;
        const auto elsewhere = std::ranges::find_if(layout_.elements, [&](const Element& element) {
          return element.kind == ElementKind::parameter && element.name == argument.name;
        });
        if (elsewhere != layout_.elements.end()) {
          diagnostic.notes.push_back(
              {elsewhere->place, "one of this name is declared here; its argument belongs to " +
                                     quoted_path(layout_, layout_.scope_of(static_cast<ElementId>(
                                                              elsewhere - layout_.elements.begin())))});
        }
        continue;
      }
      check_value(layout_.elements[parameter], argument);
      result_.arguments[parameter] = {argument.value, argument.value_place};
    }
  }

  /// A parameter that lists its values takes no other.
  void check_value(const Element& parameter, const ast::Argument& argument) {
    if (parameter.values.empty() || argument.value.empty()) return;
    std::vector<std::string_view> known;
    std::string list;
    for (const Element::Value& value : parameter.values) {
      if (value.text == argument.value) return;
      known.push_back(value.text);
      list += (list.empty() ? "" : ", ") + ast::in_quotes(value.text);
    }
    diagnostics_
        .add(DiagnosticKind::unknown_value, argument.value_place,
             "`" + parameter.name + "` is one of " + list + ", not " + ast::in_quotes(argument.value) +
                 grammar::did_you_mean(argument.value, known))
        .notes.push_back({parameter.place, "the parameter is declared here"});
  }

  void check_required_parameters() {
    for (std::size_t i = 0; i < layout_.elements.size(); ++i) {
      const auto id = static_cast<ElementId>(i);
      const Element& element = layout_.elements[i];
      if (element.kind != ElementKind::parameter || !element.required) continue;
      const ElementId scope = layout_.scope_of(id);
      if (!result_.present[scope] || result_.arguments.contains(id) || meant_.contains(id)) continue;
      if (without_arguments_.contains(scope)) continue;
      if (result_.maybe_present[scope] && meant_arguments_.contains(element.name)) continue;
      auto selected = selected_at_.find(scope);  // else what brought it in
      for (ElementId at = scope; selected == selected_at_.end() && at != kNone; at = layout_.elements[at].parent) {
        selected = selected_at_.find(at);
      }
      diagnostics_
          .add(DiagnosticKind::missing_argument, selected != selected_at_.end() ? selected->second : result_.place,
               quoted_path(layout_, scope) + " needs the argument `" + element.name + "`")
          .notes.push_back({element.place, "it is declared here"});
    }
  }

  void check_open_turns(const ast::Prompt& prompt) {
    for (std::size_t i = 0; i + 1 < prompt.children.size(); ++i) {
      const auto* turn = std::get_if<ast::PromptTurn>(&prompt.children[i].value);
      if (turn == nullptr || !turn->is_open) continue;
      diagnostics_.add(DiagnosticKind::open_turn, turn->place,
                       "an open turn is the last thing in a prompt, but something follows it");
    }
  }

  // --- free text --------------------------------------------------------------------------------------

  void free_text(const ast::Prompt& prompt) {
    std::size_t num_left = anchors_.size();
    auto num_known_left = static_cast<std::size_t>(
        std::ranges::count_if(anchors_, [](const auto& anchor) { return anchor.has_value(); }));
    const bool schema_has_roles = std::any_of(layout_.segments.begin(), layout_.segments.end(),
                                              [](const Segment& segment) { return segment.has_role_tag; });
    for (const ast::PromptNode& node : prompt.children) {
      if (std::holds_alternative<ast::Selection>(node.value)) {
        finish_run();
        const auto& anchor = anchors_[anchors_.size() - num_left];
        --num_left;
        num_known_left -= anchor ? 1 : 0;
        met_selection_ = true;
        anchor_ = anchor.value_or(kNone);
      } else {
        at_end_ = num_left == 0;
        // A selection that names nothing may be no selection, and text behind it may stand anywhere.
        knows_place_ = !prompt.is_guessed && (at_end_ || (num_known_left > 0 && (!met_selection_ || anchor_ != kNone)));
        if (const auto* text = std::get_if<ast::FreeText>(&node.value)) {
          if (schema_has_roles && knows_place_ && !role_around()) {
            diagnostics_.add(DiagnosticKind::text_outside_roles, text->place, "this text stands outside of any role")
                .notes.push_back({std::nullopt, "put it into " + turn_of_user()});
          }
          if (is_placeable(text->place)) extend_run(text->place, {{text->text, false}}, false);
        } else {
          turn(std::get<ast::PromptTurn>(node.value));
        }
      }
    }
    finish_run();
  }

  void turn(const ast::PromptTurn& turn) {
    const auto& chat_template = encoder_.chat_template();
    if (!chat_template) {
      report_missing_template(turn.role, turn.place, chat_template.error(), diagnostics_);
      return;
    }
    if (!is_placeable(turn.place)) return;
    if (const auto around = role_around()) {
      diagnostics_.add(DiagnosticKind::nested_role, turn.place,
                       "this turn would stand inside a `<" + std::string(to_string(*around)) +
                           ">` of the schema; roles may not nest");
      return;
    }
    MarkedText text = chat_template->opening(turn.role);
    append(text, turn.text);
    if (!turn.is_open) append(text, chat_template->closing(turn.role));
    result_.ends_in_open_turn = turn.is_open;
    extend_run(turn.place, text, true);
    if (!turn.is_open) finish_run();
  }

  /// The role of the schema that is open where text at this point of the prompt comes to stand.
  std::optional<ast::Role> role_around() const {
    if (at_end_ || anchor_ == kNone || !knows_place_) return std::nullopt;
    return layout_.elements[anchor_].around;
  }

  bool is_placeable(const grammar::Place& place) {
    if (at_end_ || met_selection_ || !knows_place_) return true;
    diagnostics_.add(DiagnosticKind::text_needs_slot, place, "this text stands before the first selection")
        .notes.push_back(
            {std::nullopt, "put it after the selections, or give the schema a <slot name=\"...\" length=\"...\"/>"});
    return false;
  }

  void extend_run(const grammar::Place& place, const MarkedText& text, bool is_role_tag) {
    if (run_.text.empty()) run_.place = place;
    append(run_.text, text);
    run_.has_role_tag = run_.has_role_tag || is_role_tag;
  }

  void finish_run() {
    if (run_.text.empty()) return;
    run_.after = at_end_ ? kNone : anchor_;
    run_.selected_before = anchor_;
    result_.free_runs.push_back(std::move(run_));
    run_ = {};
  }

  const Layout& layout_;
  const Names& names_;
  const TextEncoder& encoder_;
  Diagnostics& diagnostics_;
  Selection result_;
  std::map<ElementId, grammar::Place> selected_at_;
  std::map<ElementId, std::pair<ElementId, grammar::Place>> member_of_;  // by union: the member and where
  std::set<ElementId> meant_;  // parameters whose names were misspelt in the prompt
  // Of selections that name nothing, what may have been meant, and what by their arguments.
  std::set<ElementId> meant_modules_;
  std::set<ElementId> meant_within_;
  std::set<std::string_view> meant_arguments_;
  std::set<ElementId> broken_;                     // modules whose tags in the prompt are wrong
  std::set<ElementId> without_arguments_;          // modules, or the schema, of whose arguments mistakes hid some
  Diagnostics said_;                               // what is no mistake of its own
  std::vector<std::optional<ElementId>> anchors_;  // what the prompt's selections name
  FreeRun run_;
  ElementId anchor_ = kNone;
  bool met_selection_ = false;
  bool is_guessed_ = false;  // the prompt
  bool knows_place_ = true;  // where text at this point of the prompt comes to stand
  bool at_end_ = false;
};

}  // namespace

Names::Names(const Layout& layout)
    : layout_(layout),
      modules_(layout.elements.size()),
      slots_(layout.elements.size()),
      parameters_(layout.elements.size()) {
  for (std::size_t i = 0; i < layout.elements.size(); ++i) {
    const Element& element = layout.elements[i];
    const auto id = static_cast<ElementId>(i);
    if (element.kind == ElementKind::module || element.kind == ElementKind::slot) {
      modules_[layout.scope_of(id)].emplace(element.name, id);
      everywhere_[element.name].push_back(id);
      if (element.kind == ElementKind::slot) slots_[layout.scope_of(id)].push_back(id);
    } else if (element.kind == ElementKind::parameter) {
      parameters_[layout.scope_of(id)].emplace(element.name, id);
    } else if ((element.kind == ElementKind::alternatives || element.kind == ElementKind::pool) &&
               !element.name.empty()) {
      groups_.emplace(element.name, id);
    }
  }
}

ElementId Names::child(ElementId scope, std::string_view name) const {
  const auto found = modules_[scope].find(name);
  return found == modules_[scope].end() ? kNone : found->second;
}

ElementId Names::parameter(ElementId scope, std::string_view name) const {
  const auto found = parameters_[scope].find(name);
  return found == parameters_[scope].end() ? kNone : found->second;
}

std::vector<std::string_view> Names::parameters(ElementId scope) const {
  std::vector<std::string_view> names;
  for (const auto& [name, id] : parameters_[scope]) names.push_back(name);
  return names;
}

ElementId Names::report_unknown(const ast::Path& path, std::string_view name, ElementId scope,
                                const std::vector<std::string_view>& candidates, Diagnostics& diagnostics) const {
  if (layout_.has_hidden_names) return kNone;
  const auto found = groups_.find(name);
  const bool is_group = found != groups_.end() && (scope == 0 || layout_.scope_of(found->second) == scope);
  if (!is_group) {
    diagnostics.add(DiagnosticKind::unknown_module, path.place,
                    quoted_path(layout_, scope) + " has no module `" + std::string(name) + "`" +
                        grammar::did_you_mean(name, candidates));
    return kNone;
  }
  const std::string members = member_names(layout_, found->second);
  diagnostics
      .add(DiagnosticKind::unknown_module, path.place,
           "`" + std::string(name) + "` is a " + std::string(to_string(layout_.elements[found->second].kind)) +
               ", which is no part of a path" +
               (members.empty() ? std::string("; it has no members") : "; name one of its members: " + members))
      .notes.push_back({layout_.elements[found->second].place, "it is declared here"});
  return found->second;
}

std::optional<ElementId> Names::module(const ast::Path& path, ElementId scope, Diagnostics& diagnostics,
                                       const std::vector<std::string_view>& also_meant) const {
  Meant unused;
  return resolve(path, scope, /*takes_slots=*/false, also_meant, unused, diagnostics);
}

std::optional<ElementId> Names::module_or_slot(const ast::Path& path, ElementId scope, Diagnostics& diagnostics,
                                               const std::vector<std::string_view>& also_meant, Meant* meant) const {
  Meant unused;
  return resolve(path, scope, /*takes_slots=*/true, also_meant, meant != nullptr ? *meant : unused, diagnostics);
}

std::optional<ElementId> Names::resolve(const ast::Path& path, ElementId scope, bool takes_slots,
                                        const std::vector<std::string_view>& also_meant, Meant& meant,
                                        Diagnostics& diagnostics) const {
  meant = {{}, scope};
  if (path.text.empty()) return std::nullopt;
  if (path.text.front() == '/' || path.text.back() == '/' || path.text.find("//") != std::string::npos) {
    diagnostics.add(DiagnosticKind::bad_name, path.place,
                    "the path " + ast::in_quotes(path.text) + " has an empty part; paths are written `plan/overseas`");
    return std::nullopt;
  }
  const bool makes_suggestions = diagnostics.list().size() < kMostSuggestions;
  std::string_view rest = path.text;
  const auto next_name = [&] {
    const std::size_t slash = rest.find('/');
    const std::string_view name = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    return name;
  };

  std::string_view name = next_name();
  ElementId id = child(scope, name);
  if (id == kNone) {
    const auto found = everywhere_.find(name);
    if (found == everywhere_.end()) {
      std::vector<std::string_view> known(also_meant);
      for (const auto& [candidate, ids] : everywhere_) {
        if (!makes_suggestions) break;
        known.push_back(candidate);
      }
      const ElementId group = report_unknown(path, name, 0, known, diagnostics);
      if (const auto nearest = grammar::nearest(name, known)) {
        meant = {};
        if (const auto near = everywhere_.find(*nearest); near != everywhere_.end()) meant.elements = near->second;
        if (!rest.empty() && !meant.elements.empty()) meant.within = meant.elements.front();
      }
      if (group != kNone) meant = {{}, group};
      return std::nullopt;
    }
    if (found->second.size() > 1) {
      auto& diagnostic = diagnostics.add(
          DiagnosticKind::ambiguous_module, path.place,
          "`" + std::string(name) + "` is the name of " + std::to_string(found->second.size()) + " modules; say which");
      constexpr std::size_t kMaxCandidates = 10;
      for (std::size_t i = 0; i < std::min(kMaxCandidates, found->second.size()); ++i) {
        const Element& candidate = layout_.elements[found->second[i]];
        diagnostic.notes.push_back({candidate.place, "<use module=\"" + path_of(candidate) + "\"/> is this one"});
      }
      meant.elements = found->second;
      if (rest.empty()) meant.within = kNone;
      return std::nullopt;
    }
    id = found->second.front();
  }
  while (!rest.empty()) {
    name = next_name();
    const ElementId inner = child(id, name);
    if (inner == kNone) {
      std::vector<std::string_view> known;
      for (const auto& [candidate, candidate_id] : modules_[id]) {
        if (!makes_suggestions) break;
        known.push_back(candidate);
      }
      const ElementId group = report_unknown(path, name, id, known, diagnostics);
      meant = {{}, group != kNone ? group : id};
      if (const auto nearest = grammar::nearest(name, known); nearest && group == kNone) {
        meant = {{child(id, *nearest)}, rest.empty() ? kNone : child(id, *nearest)};
      }
      return std::nullopt;
    }
    id = inner;
  }
  if (!takes_slots && layout_.elements[id].kind == ElementKind::slot) {
    diagnostics
        .add(DiagnosticKind::unknown_module, path.place,
             ast::in_quotes(path.text) + " is a slot for text, and no module")
        .notes.push_back({layout_.elements[id].place, "it is declared here"});
    return std::nullopt;
  }
  return id;
}

ElementId union_of(const Layout& layout, ElementId module) {
  const ElementId parent = layout.elements[module].parent;
  return parent != kNone && layout.elements[parent].kind == ElementKind::alternatives ? parent : kNone;
}

std::vector<Scaffold> resolve_scaffolds(const ast::Schema& schema, const Layout& layout, const Names& names,
                                        Diagnostics& diagnostics) {
  std::vector<Scaffold> scaffolds;
  for (const ast::Scaffold& scaffold : schema.scaffolds) {
    scaffolds.push_back({scaffold.name, {}, scaffold.place});
    bool is_possible = true;
    // A module brings its ancestors with it, so unions further up count too.
    std::map<ElementId, std::pair<ElementId, grammar::Place>> member_of;
    std::map<ElementId, grammar::Place> named;
    for (const ast::Path& path : scaffold.modules) {
      const auto module = names.module(path, 0, diagnostics);
      if (!module) continue;
      scaffolds.back().modules.push_back(*module);
      if (const auto [earlier, is_new] = named.emplace(*module, path.place); !is_new) {
        diagnostics.add(DiagnosticKind::selected_twice, path.place, quoted_path(layout, *module) + " is named twice")
            .notes.push_back({earlier->second, "it is named here first"});
      }
      for (ElementId id = *module; id != kNone; id = layout.elements[id].parent) {
        const ElementId alternatives = union_of(layout, id);
        if (alternatives == kNone) continue;
        const auto [member, is_new] = member_of.emplace(alternatives, std::pair{id, path.place});
        if (is_new || member->second.first == id) continue;
        diagnostics
            .add(DiagnosticKind::scaffold_conflict, path.place,
                 quoted_path(layout, id) + " and " + quoted_path(layout, member->second.first) +
                     " are alternatives; they are never present together")
            .notes.push_back({member->second.second, "the other one is named here"});
        is_possible = false;
        break;
      }
    }
    if (!is_possible) scaffolds.back().modules.clear();
  }
  return scaffolds;
}

Selection resolve(const ast::Prompt& prompt, const Layout& layout, const References& references,
                  const TextEncoder& encoder, const std::vector<std::string>& schema_names, Diagnostics& diagnostics) {
  if (!prompt.schema.empty() &&
      std::find(schema_names.begin(), schema_names.end(), prompt.schema) == schema_names.end()) {
    diagnostics.add(DiagnosticKind::wrong_schema, prompt.place,
                    "this prompt is for the schema " + ast::in_quotes(prompt.schema) + ", not for " +
                        ast::in_quotes(layout.schema));
  }
  Selection selection = Resolver(layout, references.names, encoder, diagnostics).resolve(prompt);
  check_order(layout, references.names, selection, diagnostics);
  references.rules.check(selection, diagnostics);
  return selection;
}

}  // namespace pml::compiler
