// JSON files of strangers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

#include "grammar/result.h"

namespace pml::compiler {

/// Parses JSON text that nests at most 64 deep: what walks a deep tree recursively would overflow the stack.
Result<nlohmann::json> parse_json(std::string_view text);

/// The same, of text that must be an object.
Result<nlohmann::json> parse_json_object(std::string_view text);

/// Reads a regular file of at most `max_bytes`. The message begins with the path.
Result<nlohmann::json> read_json_file(const std::filesystem::path& path, std::uint64_t max_bytes);

// Reading what may have any shape: a value of another type is as good as absent, unless it would change
// something silently.

/// The member `key` of an object; null if there is none, or `value` is no object. Lives as long as `value`.
const nlohmann::json& member(const nlohmann::json& value, const char* key);
/// The member if it is a string, else an empty text. Lives as long as `value`.
std::string_view string_member(const nlohmann::json& value, const char* key);
/// The member if it is true or false, `absent` if there is none or it is null; fails on anything else.
Result<bool> flag_member(const nlohmann::json& value, const char* key, bool absent = false);

}  // namespace pml::compiler
