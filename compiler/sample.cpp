#include "compiler/sample.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "compiler/rules.h"
#include "compiler/selection.h"

namespace pml::compiler {
namespace {

/// Says what a prompt selects.
class Chooser {
 public:
  virtual ~Chooser() = default;
  virtual ElementId member(ElementId alternatives) = 0;  // kNone: none
  virtual bool takes_module(ElementId module) = 0;       // an optional one
  virtual std::vector<ElementId> pool_members(ElementId pool) = 0;
  virtual bool takes_argument() = 0;                               // where there is a default
  virtual const std::string& value(const Element& parameter) = 0;  // of those that it may have
  virtual std::string_view question() = 0;
};

class RandomChooser : public Chooser {
 public:
  RandomChooser(const Layout& layout, std::mt19937_64& random) : layout_(layout), random_(random) {}

  ElementId member(ElementId alternatives) override {
    const std::vector<Content>& members = layout_.elements[alternatives].contents;
    return members.empty() ? kNone : members[below(members.size())].id;
  }
  bool takes_module(ElementId) override { return below(2) == 0; }
  std::vector<ElementId> pool_members(ElementId pool) override {
    std::vector<ElementId> all;
    for (const Content& member : layout_.elements[pool].contents) all.push_back(member.id);
    for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[below(i)]);
    std::vector<ElementId> some;
    for (const ElementId member : all) {
      if (below(2) == 0) some.push_back(member);
    }
    return some.empty() && !all.empty() ? std::vector{all.front()} : some;
  }
  bool takes_argument() override { return below(2) == 0; }
  const std::string& value(const Element& parameter) override {
    return parameter.values[below(parameter.values.size())].text;
  }
  std::string_view question() override { return kQuestions[below(kQuestions.size())]; }

 private:
  static constexpr std::array<std::string_view, 4> kQuestions{
      "What should I do first?", "Sum up what matters here in two sentences.", "What is the most important point?",
      "Explain this to somebody who is new."};

  /// The same numbers on every platform, which std::uniform_int_distribution does not promise.
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(random_() % count); }

  const Layout& layout_;
  std::mt19937_64& random_;
};

class WorstChooser : public Chooser {
 public:
  WorstChooser(const Layout& layout, const Standins& standins)
      : layout_(layout), standins_(standins), num_tokens_(layout.elements.size(), 0) {
    for (const Segment& segment : layout.segments) {
      for (ElementId id = segment.element; id != kNone; id = layout.elements[id].parent) {
        num_tokens_[id] += segment.tokens.size();
      }
    }
  }

  ElementId member(ElementId alternatives) override {
    ElementId longest = kNone;
    for (const Content& member : layout_.elements[alternatives].contents) {
      const bool stands_in = member.id == standins_.members[alternatives];
      const bool is_first = longest == kNone || longest == standins_.members[alternatives];
      if (is_first || (!stands_in && num_tokens_[member.id] > num_tokens_[longest])) longest = member.id;
    }
    return longest;
  }
  bool takes_module(ElementId) override { return true; }
  std::vector<ElementId> pool_members(ElementId pool) override {
    std::vector<ElementId> all;
    for (const Content& member : layout_.elements[pool].contents) all.push_back(member.id);
    std::ranges::reverse(all);
    return all;
  }
  bool takes_argument() override { return true; }
  const std::string& value(const Element& parameter) override {
    const bool is_first = parameter.values.front().segment == parameter.content;
    return is_first ? parameter.values.back().text : parameter.values.front().text;
  }
  std::string_view question() override { return "What is the most important point?"; }

 private:
  const Layout& layout_;
  const Standins& standins_;
  std::vector<std::size_t> num_tokens_;  // by element
};

class PromptBuilder {
 public:
  PromptBuilder(const Layout& layout, const TextEncoder& encoder, Chooser& chooser)
      : layout_(layout), encoder_(encoder), chooser_(chooser) {}

  ast::Prompt build() {
    ast::Prompt prompt = select_all();
    const Names names(layout_);
    grammar::Diagnostics said;
    const Rules rules(layout_, names, said);
    if (leave_out_rule_breakers(rules)) prompt = select_all();
    if (!has_user_turn()) {
      ast::PromptTurn turn;
      turn.text = chooser_.question();
      prompt.children.push_back({std::move(turn)});
    }
    return prompt;
  }

 private:
  ast::Prompt select_all() {
    ast::Prompt prompt;
    prompt.schema = layout_.schema;
    is_present_.assign(layout_.elements.size(), false);
    is_present_[0] = true;
    select(0, prompt.arguments, prompt.children);
    return prompt;
  }

  /// Leaves out modules until none breaks a rule, or cannot be left out. Says if there were any.
  bool leave_out_rule_breakers(const Rules& rules) {
    std::vector<ElementId> ruled;
    for (std::size_t id = 0; id < layout_.elements.size(); ++id) {
      if (rules.speaks_of(static_cast<ElementId>(id))) ruled.push_back(static_cast<ElementId>(id));
    }
    bool was_any = false;
    while (leave_out(ruled, rules)) was_any = true;
    return was_any;
  }

  /// Leaves out a module that breaks a rule. False if there is none, or it cannot be left out.
  bool leave_out(const std::vector<ElementId>& ruled, const Rules& rules) {
    for (const ElementId module : ruled) {
      if (!is_present_[module] || rules.holds(module, is_present_)) continue;
      if (drop(module)) return true;
      for (const ElementId other : rules.excluded_by(module)) {
        if (is_present_[other] && drop(other)) return true;
      }
    }
    return false;
  }

  bool drop(ElementId module) {
    const Element& element = layout_.elements[module];
    const ElementKind around = layout_.elements[element.parent].kind;
    if (around == ElementKind::alternatives) {
      members_[element.parent] = kNone;
    } else if (around == ElementKind::pool) {
      std::erase(pools_[element.parent], module);
    } else {
      if (element.required) return false;
      is_taken_[module] = false;
    }
    is_present_[module] = false;  // with all that is in it
    for (std::size_t id = module + 1; id < layout_.elements.size() && layout_.elements[id].parent >= module; ++id) {
      is_present_[id] = false;
    }
    return true;
  }

  /// What was chosen once stays: the choices are made in the order of the schema, and only where they are needed.
  template <typename Key, typename Value, typename Choose>
  static const Value& once(std::map<Key, Value>& known, Key key, const Choose& choose) {
    const auto found = known.find(key);
    return found != known.end() ? found->second : known.emplace(key, choose()).first->second;
  }

  void select(ElementId id, std::vector<ast::Argument>& arguments, std::vector<ast::PromptNode>& children) {
    for (const Content& content : layout_.elements[id].contents) {
      if (content.is_segment) continue;
      const Element& element = layout_.elements[content.id];
      switch (element.kind) {
        case ElementKind::parameter:
          if (const auto& value = once(values_, content.id, [&] { return value_of(element); })) {
            arguments.push_back({element.name, *value, {}, {}});
          }
          break;
        case ElementKind::slot:
          if (once(is_taken_, content.id, [&] { return chooser_.takes_argument(); })) note(element, children);
          break;
        case ElementKind::alternatives: {
          const ElementId member = once(members_, content.id, [&] { return chooser_.member(content.id); });
          if (member != kNone) children.push_back(selection(member));
          break;
        }
        case ElementKind::pool:
          for (const ElementId member : once(pools_, content.id, [&] { return chooser_.pool_members(content.id); })) {
            children.push_back(selection(member));
          }
          break;
        default: {
          const auto is_taken = [&] { return element.required || chooser_.takes_module(content.id); };
          if (once(is_taken_, content.id, is_taken)) children.push_back(selection(content.id));
        }
      }
    }
  }

  ast::PromptNode selection(ElementId id) {
    ast::Selection selection;
    selection.module.text = layout_.elements[id].name;
    selection.by_use = true;
    is_present_[id] = true;
    select(id, selection.arguments, selection.children);
    return {std::move(selection)};
  }

  /// A short text for a slot, if there is room for one.
  void note(const Element& slot, std::vector<ast::PromptNode>& children) const {
    const std::string text = "Please note this.";
    if (!fits(slot, text)) return;
    ast::Selection selection;
    selection.module.text = slot.name;
    selection.by_use = true;
    selection.children.push_back({ast::FreeText{{}, text}});
    children.push_back({std::move(selection)});
  }

  bool fits(const Element& hole, const std::string& text) const {
    MarkedText marked;
    append(marked, hole.lead + text);
    return static_cast<Slot>(encoder_.encode(marked).size()) <= hole.end - hole.first;
  }

  /// The argument of a parameter; nothing: it keeps its default.
  std::optional<std::string> value_of(const Element& parameter) {
    const bool needs_argument = parameter.required || !parameter.has_default;
    if (!needs_argument && !chooser_.takes_argument()) return std::nullopt;
    if (!parameter.values.empty()) return chooser_.value(parameter);
    const bool has_standin = !parameter.has_default && parameter.content != kNone;
    std::string value = parameter.name;
    if (has_standin) value = plain(layout_.segments[parameter.content].text).substr(parameter.lead.size());
    if (!fits(parameter, value)) value = fits(parameter, "1") ? "1" : "";
    return value;
  }

  /// Does the schema ask the user's question itself, or know of no turns?
  bool has_user_turn() const {
    const auto& chat_template = encoder_.chat_template();
    if (!chat_template) return true;
    const std::string opening = plain(chat_template->opening(ast::Role::user));
    const auto has_role = [](const Segment& segment) { return segment.has_role_tag; };
    return std::ranges::none_of(layout_.segments, has_role) ||
           std::ranges::any_of(layout_.segments, [&](const Segment& segment) {
             return segment.has_role_tag && plain(segment.text).find(opening) != std::string::npos;
           });
  }

  const Layout& layout_;
  const TextEncoder& encoder_;
  Chooser& chooser_;
  std::vector<bool> is_present_;  // by element: what is selected so far
  std::map<ElementId, ElementId> members_;
  std::map<ElementId, bool> is_taken_;
  std::map<ElementId, std::vector<ElementId>> pools_;
  std::map<ElementId, std::optional<std::string>> values_;
};

}  // namespace

ast::Prompt sample_prompt(const Layout& layout, const TextEncoder& encoder, std::mt19937_64& random) {
  RandomChooser chooser(layout, random);
  return PromptBuilder(layout, encoder, chooser).build();
}

ast::Prompt worst_prompt(const Layout& layout, const TextEncoder& encoder, const Standins& standins) {
  WorstChooser chooser(layout, standins);
  return PromptBuilder(layout, encoder, chooser).build();
}

}  // namespace pml::compiler
