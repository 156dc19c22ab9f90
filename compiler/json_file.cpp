#include "compiler/json_file.h"

#include <cstdint>
#include <limits>
#include <string>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

#include "compiler/quote.h"
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

/// Hears of the parser's events; finds the first member that an object has twice. Holds the names of open objects.
class RepeatedMember {
 public:
  void on(nlohmann::json::parse_event_t event, const nlohmann::json& value) {
    using Event = nlohmann::json::parse_event_t;
    if (event == Event::object_start) names_.emplace_back();
    if (event == Event::object_end) names_.pop_back();
    if (event != Event::key || name_) return;
    const auto& name = value.get_ref<const std::string&>();
    if (!names_.back().insert(name).second) name_ = name;
  }
  const std::optional<std::string>& name() const { return name_; }

 private:
  std::vector<std::unordered_set<std::string>> names_;
  std::optional<std::string> name_;
};

}  // namespace

Result<nlohmann::json> parse_json(std::string_view text) {
  constexpr int kMaxDepth = 64;
  if (is_nested_deeper(text, kMaxDepth)) return fail("is JSON that nests deeper than " + std::to_string(kMaxDepth));
  try {
    RepeatedMember repeated;
    auto json = nlohmann::json::parse(text, [&](int, nlohmann::json::parse_event_t event, nlohmann::json& value) {
      repeated.on(event, value);
      return true;
    });
    if (repeated.name()) return fail("is JSON with the member " + quote(*repeated.name()) + " twice in one object");
    return json;
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

std::optional<std::int64_t> whole_number(const nlohmann::json& value, std::int64_t least, std::int64_t most) {
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() && !std::in_range<std::int64_t>(value.get<std::uint64_t>())) return std::nullopt;
  const auto number = value.get<std::int64_t>();
  return number >= least && number <= most ? std::optional(number) : std::nullopt;
}

std::optional<std::int32_t> to_int32(const nlohmann::json& value) {
  using Limits = std::numeric_limits<std::int32_t>;
  const auto number = whole_number(value, Limits::min(), Limits::max());
  return number ? std::optional(static_cast<std::int32_t>(*number)) : std::nullopt;
}

}  // namespace pml::compiler
