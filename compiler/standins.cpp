#include "compiler/standins.h"

#include <algorithm>
#include <map>

#include "compiler/recipe.h"

namespace pml::compiler {
namespace {

/// Where every union and optional module of a layout is, and what it says.
class Places {
 public:
  explicit Places(const Layout& layout) : layout_(layout), texts_(layout.elements.size()) {
    std::map<std::string, int> counts;
    for (std::size_t id = 0; id < layout.elements.size(); ++id) {
      const Element& element = layout.elements[id];
      std::string place = element.path;
      if (element.kind == ElementKind::alternatives) {
        place += "|" + (element.name.empty() ? std::to_string(counts[element.path]++) : element.name);
      }
      places_.push_back(std::move(place));
    }
    for (const Segment& segment : layout.segments) {
      const std::string_view bytes{reinterpret_cast<const char*>(segment.tokens.data()),
                                   segment.tokens.size() * sizeof(TokenId)};
      for (ElementId id = segment.element; id != kNone; id = layout.elements[id].parent) {
        texts_[id] += layout.elements[segment.element].path + "\n";
        texts_[id].append(bytes);
      }
    }
  }

  const std::string& place(std::size_t id) const { return places_[id]; }
  std::string digest(std::size_t id) const { return to_hex(sha256(texts_[id])); }

 private:
  const Layout& layout_;
  std::vector<std::string> places_;
  std::vector<std::string> texts_;
};

bool is_optional_module(const Layout& layout, std::size_t id) {
  const Element& element = layout.elements[id];
  if (element.kind != ElementKind::module || element.required) return false;
  const ElementKind around = layout.elements[element.parent].kind;
  return around != ElementKind::alternatives && around != ElementKind::pool;
}

}  // namespace

Standins choose_standins(const Layout& layout) {
  Standins standins;
  standins.members.assign(layout.elements.size(), kNone);
  standins.likely.assign(layout.elements.size(), false);
  standins.is_measured.assign(layout.elements.size(), false);
  for (std::size_t id = 0; id < layout.elements.size(); ++id) {
    const Element& element = layout.elements[id];
    if (element.kind != ElementKind::alternatives || element.contents.empty()) continue;
    standins.members[id] = element.standin != kNone ? element.standin : element.contents.front().id;
  }
  return standins;
}

Standins choose_standins(const Layout& layout, const std::vector<Selection>& prompts) {
  Standins standins = choose_standins(layout);
  const auto count = [&](ElementId id) {
    std::size_t number = 0;
    for (const Selection& prompt : prompts) number += prompt.present[id] ? 1 : 0;
    return number;
  };
  for (std::size_t id = 0; id < layout.elements.size(); ++id) {
    const Element& element = layout.elements[id];
    const std::size_t num_around = element.parent == kNone ? 0 : count(layout.scope_of(static_cast<ElementId>(id)));
    if (num_around == 0) continue;
    if (is_optional_module(layout, id)) standins.likely[id] = 2 * count(static_cast<ElementId>(id)) >= num_around;
    if (element.kind != ElementKind::alternatives || element.standin != kNone) continue;
    std::size_t num_filled = 0;
    std::size_t most = 0;
    for (const Content& member : element.contents) {
      const std::size_t number = count(member.id);
      num_filled += number;
      if (number > most) standins.members[id] = member.id;
      most = std::max(most, number);
    }
    if (2 * num_filled < num_around) standins.members[id] = kNone;
  }
  return standins;
}

std::vector<ElementId> open_unions(const Layout& layout, const Standins& standins, ast::ContextKind otherwise) {
  const bool has_standins = std::ranges::any_of(layout.elements, [&](const Element& element) {
    return is_typical(element.inherited.context.value_or(otherwise));
  });
  std::vector<ElementId> unions;
  for (std::size_t id = 0; has_standins && id < layout.elements.size(); ++id) {
    const Element& element = layout.elements[id];
    const bool is_open = element.kind == ElementKind::alternatives && element.contents.size() > 1 &&
                         element.standin == kNone && !standins.is_measured[id];
    if (is_open) unions.push_back(static_cast<ElementId>(id));
  }
  return unions;
}

std::vector<StandinChoice> describe_standins(const Layout& layout, const Standins& standins) {
  const Places places(layout);
  std::vector<StandinChoice> choices;
  for (std::size_t id = 0; id < layout.elements.size(); ++id) {
    const Element& element = layout.elements[id];
    if (element.kind == ElementKind::alternatives && element.standin == kNone && !element.contents.empty()) {
      const ElementId member = standins.members[id];
      choices.push_back({places.place(id), member == kNone ? "" : layout.elements[member].name, places.digest(id),
                         standins.is_measured[id]});
    }
    if (standins.likely[id]) choices.push_back({places.place(id), element.name, places.digest(id)});
  }
  return choices;
}

Standins recall_standins(const Layout& layout, const std::vector<StandinChoice>& choices) {
  Standins standins = choose_standins(layout);
  if (choices.empty()) return standins;
  const Places places(layout);
  std::map<std::string_view, const StandinChoice*> by_place;
  for (const StandinChoice& choice : choices) by_place.emplace(choice.place, &choice);
  for (std::size_t id = 0; id < layout.elements.size(); ++id) {
    const Element& element = layout.elements[id];
    const bool is_union = element.kind == ElementKind::alternatives && element.standin == kNone;
    if (!is_union && !is_optional_module(layout, id)) continue;
    const auto found = by_place.find(places.place(id));
    if (found == by_place.end() || found->second->text != places.digest(id)) continue;
    if (!is_union) {
      standins.likely[id] = true;
      continue;
    }
    standins.is_measured[id] = found->second->is_measured;
    standins.members[id] = kNone;
    for (const Content& member : element.contents) {
      if (layout.elements[member.id].name == found->second->member) standins.members[id] = member.id;
    }
  }
  return standins;
}

}  // namespace pml::compiler
