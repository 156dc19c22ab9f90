#include "compiler/json_file.h"

#include <cstdint>
#include <string>
#include <system_error>

#include "grammar/source.h"

namespace pml::compiler {
namespace {

constexpr std::uint64_t kMaxFileBytes = 64ULL << 20;

/// Whether brackets outside of strings nest deeper than `limit`. Needs no valid JSON.
bool is_nested_deeper(std::string_view text, int limit) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > limit) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<nlohmann::json> parse_json(std::string_view text) {
  constexpr int kMaxDepth = 64;
  if (is_nested_deeper(text, kMaxDepth)) return fail("is JSON that nests deeper than " + std::to_string(kMaxDepth));
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    return fail("is not JSON: mistake at byte " + std::to_string(error.byte));
  } catch (const nlohmann::json::exception&) {
    return fail("is JSON with a number that is out of range");
  }
}

Result<nlohmann::json> parse_json_object(std::string_view text) {
  auto json = parse_json(text);
  if (json && !json->is_object()) return fail("is not a JSON object");
  return json;
}

Result<nlohmann::json> parse_json_file(const char* name, std::string_view text) {
  if (text.size() > kMaxFileBytes) return fail(std::string(name) + " is larger than 64 MB");
  auto json = parse_json_object(text);
  if (!json) return fail(std::string(name) + " " + json.error().message);
  return json;
}

Result<nlohmann::json> read_json_file(const std::filesystem::path& folder, const char* name) {
  std::error_code ignored;
  if (!std::filesystem::exists(folder / name, ignored)) return nlohmann::json();
  const auto text = grammar::read_file(folder / name, kMaxFileBytes);
  if (!text) return fail(std::string(name) + " " + text.error().message);
  return parse_json_file(name, *text);
}

const nlohmann::json& member(const nlohmann::json& value, const char* key) {
  static const nlohmann::json kNull;
  if (!value.is_object()) return kNull;
  const auto found = value.find(key);
  return found == value.end() ? kNull : *found;
}

std::string_view string_member(const nlohmann::json& value, const char* key) {
  const auto* text = member(value, key).get_ptr<const std::string*>();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

}  // namespace pml::compiler
