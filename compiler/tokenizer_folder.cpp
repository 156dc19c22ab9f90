#include "compiler/tokenizer_folder.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "compiler/json_file.h"
#include "compiler/json_settings.h"
#include "compiler/tokenizer_json.h"
#include "grammar/source.h"

namespace pml::compiler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kTokenizer = "tokenizer.json";
constexpr const char* kTokenizerConfig = "tokenizer_config.json";

std::string_view text_of(const json& value) {
  const auto* text = value.get_ptr<const std::string*>();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

/// The text of a special token, which the files state as a string or as an object.
std::string_view special_token_text(const json& value) {
  return value.is_string() ? text_of(value) : string_member(value, "content");
}

/// The named special token, of the first file that has it.
std::optional<TokenId> named_token(const char* name, const json& config, const json& special_tokens,
                                   const TokenizerData& data) {
  std::string_view text = special_token_text(member(config, name));
  if (text.empty()) text = special_token_text(member(special_tokens, name));
  return find_token(data, text);
}

/// `chat_template` of tokenizer_config.json: one, or several of which one is the default.
std::string_view chat_template_of(const json& config) {
  const json& value = member(config, "chat_template");
  if (value.is_string()) return text_of(value);
  if (!value.is_array()) return {};
  for (const json& named : value) {
    if (string_member(named, "name") == "default") return string_member(named, "template");
  }
  return {};
}

/// Null if there is none.
Result<std::optional<std::string>> read_jinja(const fs::path& folder) {
  constexpr const char* kJinja = "chat_template.jinja";
  constexpr std::uint64_t kMaxBytes = 4ULL << 20;
  std::error_code ignored;
  if (!fs::exists(folder / kJinja, ignored)) return std::nullopt;
  auto text = grammar::read_file(folder / kJinja, kMaxBytes);
  if (!text) return fail(std::string(kJinja) + " " + text.error().message);
  return std::move(*text);
}

}  // namespace

Result<TokenizerFiles> read_tokenizer_folder(const fs::path& folder) {
  const auto tokenizer = read_json_file(folder, kTokenizer);
  if (!tokenizer) return tl::make_unexpected(tokenizer.error());
  if (tokenizer->is_null()) {
    std::error_code ignored;
    const bool is_sentence_piece = fs::exists(folder / "tokenizer.model", ignored);
    return fail(std::string("has no ") + kTokenizer +
                (is_sentence_piece ? "; tokenizer.model, SentencePiece's, is not read" : ""));
  }
  auto data = read_tokenizer_json(*tokenizer);
  if (!data) return fail(std::string(kTokenizer) + ": " + data.error().message);

  const auto config = read_json_file(folder, kTokenizerConfig);
  if (!config) return tl::make_unexpected(config.error());
  const auto special_tokens = read_json_file(folder, "special_tokens_map.json");
  if (!special_tokens) return tl::make_unexpected(special_tokens.error());
  if (data->bos < 0) data->bos = named_token("bos_token", *config, *special_tokens, *data).value_or(-1);
  JsonSettings settings(*config);
  data->add_bos = settings.flag_or("add_bos_token", data->add_bos) && data->bos >= 0;
  if (!settings.error().empty()) return fail(std::string(kTokenizerConfig) + ": " + settings.error());
  data->eos = named_token("eos_token", *config, *special_tokens, *data).value_or(-1);
  if (data->eos >= 0) data->end_tokens.push_back(data->eos);

  auto jinja = read_jinja(folder);
  if (!jinja) return tl::make_unexpected(jinja.error());
  if (!*jinja) *jinja = chat_template_of(*config);
  return TokenizerFiles{std::move(*data), std::move(**jinja)};
}

}  // namespace pml::compiler
