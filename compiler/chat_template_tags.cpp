#include "compiler/chat_template_tags.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "compiler/json_file.h"
#include "compiler/quote.h"

namespace pml::compiler {
namespace {

using nlohmann::json;

/// `text` with the special tokens in it marked: at each place the longest.
MarkedText mark_special_tokens(std::string_view text, const Tokenizer* tokenizer) {
  constexpr std::size_t kMaxTokenBytes = 256;  // keeps the search short, whatever the tokenizer holds
  MarkedText marked;
  const std::size_t max_size = tokenizer == nullptr ? 0 : std::min(kMaxTokenBytes, tokenizer->longest_special_token());
  for (std::size_t at = 0; at < text.size();) {
    std::size_t size = std::min(max_size, text.size() - at);
    while (size > 0 && !tokenizer->special_token(text.substr(at, size))) --size;
    if (size > 0) {
      marked.push_back({std::string(text.substr(at, size)), true});
      at += size;
    } else {
      append(marked, text.substr(at++, 1));
    }
  }
  return marked;
}

/// Refuses keys that are not among `known`: a mistyped one would be left out silently.
Result<void> check_keys(const json& object, const std::string& what, const std::vector<std::string_view>& known) {
  if (!object.is_object()) return fail(what + " is no object");
  for (const auto& [key, value] : object.items()) {
    if (std::ranges::find(known, key) == known.end()) return fail(what + " has an unknown key " + quote(key));
  }
  return {};
}

Result<RoleTags> read_role(const json& tags, const char* role, const Tokenizer* tokenizer) {
  const json& value = member(tags, role);
  const std::string what = "'" + std::string(role) + "'";
  if (auto checked = check_keys(value, what, {"open", "close"}); !checked) return tl::make_unexpected(checked.error());
  for (const char* key : {"open", "close"}) {
    if (!member(value, key).is_string()) return fail(what + " has no text '" + key + "'");
  }
  return RoleTags{mark_special_tokens(string_member(value, "open"), tokenizer),
                  mark_special_tokens(string_member(value, "close"), tokenizer)};
}

Result<std::vector<std::string>> read_end_tokens(const json& end, const Tokenizer* tokenizer) {
  std::vector<std::string> tokens;
  if (end.is_null()) return tokens;
  if (!end.is_array()) return fail("'end' is no array");
  for (const json& token : end) {
    if (!token.is_string()) return fail("'end' holds something that is no text");
    tokens.push_back(token.get<std::string>());
    if (tokenizer != nullptr && !tokenizer->special_token(tokens.back())) {
      return fail("'end' names " + quote(tokens.back()) + ", which is no special token of the model");
    }
  }
  return tokens;
}

}  // namespace

Result<ChatTemplate> read_template_tags(std::string_view text, const Tokenizer* tokenizer) {
  const auto json = parse_json(text);
  if (!json) return tl::make_unexpected(json.error());
  if (auto checked = check_keys(*json, "the file", {"system", "user", "assistant", "generation", "end"}); !checked) {
    return tl::make_unexpected(checked.error());
  }
  TemplateTags tags;
  for (const auto& [role, place] :
       {std::pair{"system", &tags.system}, std::pair{"user", &tags.user}, std::pair{"assistant", &tags.assistant}}) {
    auto role_tags = read_role(*json, role, tokenizer);
    if (!role_tags) return tl::make_unexpected(role_tags.error());
    *place = std::move(*role_tags);
  }
  const nlohmann::json& generation = member(*json, "generation");
  if (!generation.is_null() && !generation.is_string()) return fail("'generation' is no text");
  tags.generation = generation.is_null() ? tags.assistant.opening
                                         : mark_special_tokens(string_member(*json, "generation"), tokenizer);
  auto end_tokens = read_end_tokens(member(*json, "end"), tokenizer);
  if (!end_tokens) return tl::make_unexpected(end_tokens.error());
  tags.end_tokens = std::move(*end_tokens);
  return ChatTemplate(std::move(tags));
}

}  // namespace pml::compiler
