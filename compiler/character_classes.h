// Character classes as Oniguruma 6.9 (Unicode 16) has them, spelled for PCRE2, which knows an older Unicode:
// token IDs must not depend on the version of a library.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pml::compiler {

/// \s. PCRE2's own has U+180E as well, which left White_Space in Unicode 6.3.
inline constexpr std::string_view kWhiteSpace =
    R"(\t-\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000})";

/// The characters of a general category ("Lu") or of a group of them ("L"), to stand within brackets; nothing
/// for other names. U+1171E, which moved from Mn to Mc in Unicode 15, may be in both.
std::optional<std::string> general_category(std::string_view name);

}  // namespace pml::compiler
