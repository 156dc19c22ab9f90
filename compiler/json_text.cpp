#include "compiler/json_text.h"

#include <nlohmann/json.hpp>
#include <string>

namespace pml::compiler {
namespace {

constexpr int kMaxDepth = 32;

}  // namespace

Result<nlohmann::json> parse_json_object(std::string_view text) {
  using Event = nlohmann::json::parse_event_t;
  bool is_too_deep = false;
  const auto limit_depth = [&](int depth, Event event, const nlohmann::json&) {
    if (depth >= kMaxDepth && (event == Event::object_start || event == Event::array_start)) is_too_deep = true;
    return !is_too_deep;  // false: the value is not kept, so that nesting takes no memory
  };
  nlohmann::json json = nlohmann::json::parse(text, limit_depth, /*allow_exceptions=*/false);
  if (is_too_deep) return fail("nests deeper than " + std::to_string(kMaxDepth) + " levels");
  if (json.is_discarded()) return fail("is no JSON, or is cut off");
  if (!json.is_object()) return fail("is not a JSON object");
  return json;
}

}  // namespace pml::compiler
