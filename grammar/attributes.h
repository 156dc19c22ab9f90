// Reads the attributes of one element: each is asked for once, by name and type; what nobody asked for is
// unknown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/ast.h"
#include "grammar/diagnostics.h"
#include "grammar/whitespace.h"
#include "grammar/xml.h"

namespace pml::grammar {

class Attributes {
 public:
  Attributes(const XmlElement& element, Diagnostics& diagnostics) : element_(element), diagnostics_(diagnostics) {}

  const XmlAttribute* find(std::string_view name);
  /// finish() says so if the attribute is missing. What may be it, misspelt, is taken for it, and said to be unknown.
  const XmlAttribute* require(std::string_view name);
  bool boolean(std::string_view name, bool otherwise);
  /// A whole number from 1 to `most`; says so if it is none.
  std::optional<std::int32_t> positive(std::string_view name, std::int32_t most);
  /// The same of an attribute that may be missing.
  std::optional<std::int32_t> positive_if_there(std::string_view name, std::int32_t most);
  std::optional<ast::ContextKind> context();
  std::optional<RepairPolicy> repair();
  /// The attributes `space` and `xml:space`.
  SpaceMode space(SpaceMode inherited);
  /// Reports what is missing, and every attribute that was not asked for.
  void finish();
  /// The attributes that were not asked for.
  std::vector<const XmlAttribute*> rest() const;

 private:
  std::optional<std::int32_t> positive_number(const XmlAttribute& attribute, std::int32_t most);

  const XmlElement& element_;
  std::vector<std::string_view> asked_;
  std::vector<std::string_view> missing_;
  Diagnostics& diagnostics_;
};

}  // namespace pml::grammar
