#include "grammar/vocabulary.h"

#include <utf8proc.h>

#include <algorithm>

namespace pml::grammar {
namespace {

bool contains(const std::vector<std::string_view>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Not a blank, a control or a formatting character: names that look alike would differ.
bool is_visible(utf8proc_int32_t character) {
  const utf8proc_category_t category = utf8proc_category(character);
  return category < UTF8PROC_CATEGORY_ZS && category != UTF8PROC_CATEGORY_CN;
}

}  // namespace

const std::vector<std::string_view>& element_names() {
  static const std::vector<std::string_view> names{"schema", "module", "union", "parameter", "scaffold",
                                                   "slot",   "system", "user",  "assistant", "include",
                                                   "pool",   "prompt", "use"};
  return names;
}

bool is_element_name(std::string_view name) { return contains(element_names(), name); }

std::optional<ast::Role> role_of(std::string_view element) {
  for (const ast::Role role : {ast::Role::system, ast::Role::user, ast::Role::assistant}) {
    if (element == to_string(role)) return role;
  }
  return std::nullopt;
}

bool is_legal_name(std::string_view name) {
  if (name.find_first_not_of('.') == std::string_view::npos) return false;
  while (!name.empty()) {
    utf8proc_int32_t character = 0;
    const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(name.data()),
                                         static_cast<utf8proc_ssize_t>(name.size()), &character);
    if (length <= 0) return false;
    const bool is_ascii = character < 0x80;
    const char c = name.front();
    if (is_ascii && !is_letter(c) && !is_digit(c) && c != '.' && c != '-' && c != '_') return false;
    if (!is_ascii && !is_visible(character)) return false;
    name.remove_prefix(static_cast<std::size_t>(length));
  }
  return true;
}

bool is_legal_element_name(std::string_view name) {
  return !is_element_name(name) && (is_letter(name.front()) || name.front() == '_');
}

bool is_reserved_parameter_name(std::string_view name) {
  return name == "module" || name == "schema" || name == "space" || name.starts_with("xml:");
}

}  // namespace pml::grammar
