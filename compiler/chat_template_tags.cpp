#include "compiler/chat_template_tags.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "compiler/json_file.h"
#include "compiler/quote.h"
#include "grammar/diagnostics.h"

namespace pml::compiler {
namespace {

using nlohmann::json;

/// `text` with the special tokens in it marked: at each place the longest.
MarkedText mark_special_tokens(std::string_view text, const Tokenizer* tokenizer) {
  MarkedText marked;
  const auto special_tokens = tokenizer == nullptr ? std::vector<std::string_view>() : tokenizer->special_tokens();
  while (!text.empty()) {
    std::string_view longest;
    for (const std::string_view token : special_tokens) {
      if (token.size() > longest.size() && text.starts_with(token)) longest = token;
    }
    if (longest.empty()) {
      append(marked, text.substr(0, 1));
    } else {
      marked.push_back({std::string(longest), true});
    }
    text.remove_prefix(std::max<std::size_t>(1, longest.size()));
  }
  return marked;
}

/// Parts of plain text that are written as special tokens are: <...> and [...] without blanks, and all from "<|" on.
std::vector<std::string_view> token_like_parts(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = text.find_first_of("<["); begin != text.npos;) {
    const std::string_view stops = text[begin] == '<' ? std::string_view("<> \t\n") : std::string_view("[] \t\n");
    const std::size_t end = std::min(text.find_first_of(stops, begin + 1), text.size());
    const bool is_closed = end < text.size() && text[end] == stops[1];
    const std::string_view part = text.substr(begin, end - begin + (is_closed ? 1 : 0));
    if (is_closed || part.starts_with("<|")) parts.push_back(part);
    begin = text.find_first_of("<[", begin + 1);
  }
  return parts;
}

bool ends_answers(std::string_view text, const ChatTemplate& stated, const Tokenizer& tokenizer) {
  const auto token = tokenizer.special_token(text);
  return (token && std::ranges::find(tokenizer.end_tokens(), *token) != tokenizer.end_tokens().end()) ||
         std::ranges::find(stated.end_tokens(), text) != stated.end_tokens().end();
}

/// Whether what closes the assistant's turn leaves an answer without an end.
bool lacks_end(const ChatTemplate& stated, const Tokenizer& tokenizer) {
  const MarkedText& closing = stated.closing(ast::Role::assistant);
  const auto is_special = [](const TextPiece& piece) { return piece.is_special; };
  if (std::ranges::none_of(closing, is_special)) return stated.end_tokens().empty();
  return std::ranges::none_of(
      closing, [&](const TextPiece& piece) { return piece.is_special && ends_answers(piece.text, stated, tokenizer); });
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

std::vector<std::string> doubts_about(const ChatTemplate& stated, const Tokenizer& tokenizer) {
  std::vector<std::string> doubts;
  const auto special_tokens = tokenizer.special_tokens();
  std::set<std::string_view> known;  // each is named once, where it stands first
  const auto look_through = [&](const MarkedText& text, const std::string& place) {
    for (const TextPiece& piece : text) {
      if (piece.is_special) continue;
      for (const std::string_view part : token_like_parts(piece.text)) {
        const std::string meant = grammar::did_you_mean(part, special_tokens);
        if ((meant.empty() && !part.starts_with("<|")) || !known.insert(part).second) continue;
        doubts.push_back(quote(part) + " in " + place +
                         " is no special token of the model, so it is read as plain text" + meant);
      }
    }
  };
  for (const ast::Role role : {ast::Role::system, ast::Role::user, ast::Role::assistant}) {
    const std::string name = "'" + std::string(to_string(role)) + "'";
    look_through(stated.opening(role), "'open' of " + name);
    look_through(stated.closing(role), "'close' of " + name);
  }
  look_through(stated.generation(), "'generation'");
  if (lacks_end(stated, tokenizer)) {
    doubts.emplace_back(
        "'close' of 'assistant' holds no token that ends an answer, which may go on beyond its turn; special tokens "
        "that "
        "end one are named in 'end'");
  }
  return doubts;
}

}  // namespace pml::compiler
