// JSON files of strangers. Settings among them are read with JsonSettings (json_settings.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "grammar/result.h"

namespace pml::compiler {

/// Parses JSON text that nests at most 64 deep: what walks a deep tree recursively would overflow the stack. Fails if
/// an object has a member twice, which readers would take for either of the two.
Result<nlohmann::json> parse_json(std::string_view text);

/// The same, of text that must be an object.
Result<nlohmann::json> parse_json_object(std::string_view text);

// The JSON files of a model are objects of at most 64 MB, twice the largest vocabularies. Messages begin with `name`,
// the file's name in the model's folder.

Result<nlohmann::json> parse_json_file(const char* name, std::string_view text);
/// Null if there is no such file.
Result<nlohmann::json> read_json_file(const std::filesystem::path& folder, const char* name);

// Reading what may have any shape: a value of another type is as good as absent.

/// The member `key` of an object; null if there is none, or `value` is no object. Lives as long as `value`.
const nlohmann::json& member(const nlohmann::json& value, const char* key);
/// The member if it is a string, else an empty text. Lives as long as `value`.
std::string_view string_member(const nlohmann::json& value, const char* key);
/// The value as a whole number; nothing if it is no integer from `least` to `most`. 1.0 is none.
std::optional<std::int64_t> whole_number(const nlohmann::json& value, std::int64_t least, std::int64_t most);
std::optional<std::int32_t> to_int32(const nlohmann::json& value);

}  // namespace pml::compiler
