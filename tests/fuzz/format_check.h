// What holds of the canonical form of any text.
#pragma once

#include <string>
#include <string_view>

#include "grammar/check.h"
#include "grammar/format.h"

namespace pml::fuzz {

/// That the meaning stays, format() checks itself.
inline void check_format(std::string_view input) {
  grammar::SourceSet sources;
  grammar::Diagnostics diagnostics;
  const auto once = format(sources.add("document.pml", std::string(input)), sources, diagnostics);
  PML_CHECK(once.has_value() != diagnostics.has_errors(), "what is not formatted is a mistake");
  if (!once) return;
  const auto twice = format(sources.add("formatted.pml", *once), sources, diagnostics);
  PML_CHECK(twice == once, "the canonical form is its own");
}

}  // namespace pml::fuzz
