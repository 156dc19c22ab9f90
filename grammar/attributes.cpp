#include "grammar/attributes.h"

#include <algorithm>
#include <charconv>

#include "grammar/vocabulary.h"

namespace pml::grammar {

const XmlAttribute* Attributes::find(std::string_view name) {
  asked_.push_back(name);
  return element_.attribute(name);
}

const XmlAttribute* Attributes::require(std::string_view name) {
  const XmlAttribute* attribute = find(name);
  if (attribute != nullptr) return attribute;
  // What is missing from a tag that is itself a mistake is not said.
  if (!element_.is_broken && is_element_name(element_.name)) missing_.push_back(name);
  // What was misspelt is still read, so that its value is not missed elsewhere.
  const auto misspelt = std::ranges::find_if(
      element_.attributes, [&](const XmlAttribute& candidate) { return nearest(candidate.name, {name}).has_value(); });
  return misspelt == element_.attributes.end() ? nullptr : &*misspelt;
}

bool Attributes::boolean(std::string_view name, bool otherwise) {
  const XmlAttribute* attribute = find(name);
  if (attribute == nullptr || attribute->is_broken) return otherwise;
  if (attribute->value == "true" || attribute->value == "false") return attribute->value == "true";
  diagnostics_.add(DiagnosticKind::bad_value, attribute->value_place,
                   "`" + std::string(name) + "` is true or false, not " + ast::in_quotes(attribute->value));
  return otherwise;
}

std::optional<std::int32_t> Attributes::positive(std::string_view name, std::int32_t most) {
  const XmlAttribute* attribute = require(name);
  return attribute == nullptr ? std::nullopt : positive_number(*attribute, most);
}

std::optional<std::int32_t> Attributes::positive_if_there(std::string_view name, std::int32_t most) {
  const XmlAttribute* attribute = find(name);
  return attribute == nullptr ? std::nullopt : positive_number(*attribute, most);
}

std::optional<std::int32_t> Attributes::positive_number(const XmlAttribute& attribute, std::int32_t most) {
  if (attribute.is_broken) return std::nullopt;
  const std::string& value = attribute.value;
  std::int32_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error == std::errc{} && end == value.data() + value.size() && number >= 1 && number <= most) return number;
  diagnostics_.add(DiagnosticKind::bad_value, attribute.value_place,
                   "`" + attribute.name + "` is a whole number from 1 to " + std::to_string(most) + ", not " +
                       ast::in_quotes(value));
  return std::nullopt;
}

std::optional<ast::ContextKind> Attributes::context() {
  const XmlAttribute* attribute = find("context");
  if (attribute == nullptr || attribute->is_broken) return std::nullopt;
  if (const auto kind = ast::context_kind(attribute->value)) return kind;
  diagnostics_.add(DiagnosticKind::bad_value, attribute->value_place,
                   "`context` is isolated, guaranteed, typical or adjacent, not " + ast::in_quotes(attribute->value));
  return std::nullopt;
}

std::optional<RepairPolicy> Attributes::repair() {
  const XmlAttribute* attribute = find("repair");
  if (attribute == nullptr || attribute->is_broken) return std::nullopt;
  auto policy = parse_repair_policy(attribute->value);
  if (policy) return *policy;
  diagnostics_.add(DiagnosticKind::bad_value, attribute->value_place,
                   policy.error().message + ", not " + ast::in_quotes(attribute->value));
  return std::nullopt;
}

SpaceMode Attributes::space(SpaceMode inherited) {
  const XmlAttribute* xml_space = find("xml:space");
  const XmlAttribute* attribute = find("space");
  if (xml_space != nullptr && attribute != nullptr) {
    diagnostics_.add(DiagnosticKind::attribute_conflict, xml_space->name_place,
                     "`xml:space` and `space` say the same thing; write one of them");
  } else if (xml_space != nullptr && !xml_space->is_broken) {
    if (xml_space->value == "preserve") return SpaceMode::preserve;
    if (xml_space->value == "default") return SpaceMode::dedent;
    diagnostics_.add(DiagnosticKind::bad_value, xml_space->value_place,
                     "`xml:space` is preserve or default, not " + ast::in_quotes(xml_space->value));
  }
  if (attribute == nullptr || attribute->is_broken) return inherited;
  if (attribute->value == "dedent") return SpaceMode::dedent;
  if (attribute->value == "collapse") return SpaceMode::collapse;
  if (attribute->value == "preserve") return SpaceMode::preserve;
  diagnostics_.add(DiagnosticKind::bad_value, attribute->value_place,
                   "`space` is dedent, collapse or preserve, not " + ast::in_quotes(attribute->value));
  return inherited;
}

std::vector<const XmlAttribute*> Attributes::rest() const {
  std::vector<const XmlAttribute*> list;
  for (const XmlAttribute& attribute : element_.attributes) {
    if (std::find(asked_.begin(), asked_.end(), attribute.name) == asked_.end()) list.push_back(&attribute);
  }
  return list;
}

void Attributes::finish() {
  const std::vector<const XmlAttribute*> unknown = rest();
  // An attribute that is misspelt is one mistake, not two.
  std::erase_if(missing_, [&](std::string_view name) {
    return std::ranges::any_of(unknown,
                               [&](const XmlAttribute* attribute) { return nearest(attribute->name, asked_) == name; });
  });
  const bool is_one = missing_.size() == 1 && unknown.size() == 1;  // the one may be meant as the other
  if (!missing_.empty() && !is_one) {
    std::string names;
    for (const std::string_view name : missing_) names += (names.empty() ? "`" : " and `") + std::string(name) + "`";
    diagnostics_.add(
        DiagnosticKind::missing_attribute, element_.place,
        "`<" + element_.name + ">` needs the attribute" + (missing_.size() > 1 ? "s " : " ") + std::move(names));
  }
  for (const XmlAttribute* attribute : unknown) {
    diagnostics_.add(
        DiagnosticKind::unknown_attribute, attribute->name_place,
        "`<" + element_.name + ">` has no attribute `" + attribute->name + "`" +
            (is_one ? "; it needs `" + std::string(missing_.front()) + "`" : did_you_mean(attribute->name, asked_)));
  }
  missing_.clear();
}

}  // namespace pml::grammar
