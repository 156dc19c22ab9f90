#include "compiler/tokenizer_json.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/json_file.h"
#include "compiler/quote.h"
#include "compiler/text_rules_json.h"
#include "grammar/source.h"

namespace pml::compiler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uint64_t kMaxTokenizerBytes = 64ULL << 20;
constexpr std::uint64_t kMaxConfigBytes = 4ULL << 20;

/// Kinds of tokens as GGUF numbers them.
enum : std::int32_t { kNormalToken = 1, kControlToken = 3, kUserDefinedToken = 4, kUnusedToken = 5 };

std::string_view text_of(const json& value) {
  const auto* text = value.get_ptr<const std::string*>();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

// --- tokenizer.json

/// Fills the vocabulary, the merges and the types of a TokenizerData.
class VocabularyReader {
 public:
  explicit VocabularyReader(TokenizerData& data) : data_(data) {}

  Result<void> read(const json& tokenizer) {
    return check_model(member(tokenizer, "model"))
        .and_then([&] { return count_tokens(member(tokenizer, "model"), member(tokenizer, "added_tokens")); })
        .and_then([&] { return read_vocabulary(member(member(tokenizer, "model"), "vocab")); })
        .and_then([&] { return read_added_tokens(member(tokenizer, "added_tokens")); })
        .and_then([&] { return read_merges(member(member(tokenizer, "model"), "merges")); })
        .map([&] { fill_holes(); });
  }

 private:
  /// Refuses the other kinds of models, and what BPE may do besides merging.
  static Result<void> check_model(const json& model) {
    if (!model.is_object()) return fail("there is no 'model'");
    const std::string_view type = string_member(model, "type");
    const bool is_bpe = type == "BPE" || (member(model, "type").is_null() && member(model, "merges").is_array());
    if (!is_bpe) return fail("tokenizer model " + quote(type) + " is not supported ('BPE' is)");
    if (const json& dropout = member(model, "dropout"); !dropout.is_null() && dropout != 0) {
      return fail("'dropout' is not supported");
    }
    for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
      if (const json& affix = member(model, key); !affix.is_null() && affix != "") {
        return fail("'" + std::string(key) + "' is not supported");
      }
    }
    const auto has_byte_tokens = flag_member(model, "byte_fallback");
    if (!has_byte_tokens) return tl::make_unexpected(has_byte_tokens.error());
    if (*has_byte_tokens) return fail("'byte_fallback' is not supported");
    return {};
  }

  /// Makes room for all IDs. A file must not make room for many more than it names.
  Result<void> count_tokens(const json& model, const json& added_tokens) {
    const json& vocabulary = member(model, "vocab");
    if (!vocabulary.is_object()) return fail("'vocab' of the model is no object");
    if (!added_tokens.is_null() && !added_tokens.is_array()) return fail("'added_tokens' is no array");
    std::size_t num_ids = 0;
    const std::size_t max_ids = 2 * (vocabulary.size() + added_tokens.size()) + 1024;
    const auto count = [&](const json& id, std::string_view token) -> Result<void> {
      if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= max_ids) {
        return fail("token " + quote(token) + " has the ID " + quote(id.dump()) + ", which is out of range");
      }
      num_ids = std::max(num_ids, id.get<std::size_t>() + 1);
      return {};
    };
    for (const auto& [token, id] : vocabulary.items()) {
      if (auto counted = count(id, token); !counted) return counted;
    }
    for (const json& token : added_tokens) {
      if (auto counted = count(member(token, "id"), string_member(token, "content")); !counted) return counted;
    }
    data_.tokens.resize(num_ids);
    data_.types.assign(num_ids, kUnusedToken);
    return {};
  }

  Result<void> read_vocabulary(const json& vocabulary) {
    for (const auto& [token, id] : vocabulary.items()) {
      const auto index = id.get<std::size_t>();
      if (data_.types[index] != kUnusedToken) {
        return fail("tokens " + quote(data_.tokens[index]) + " and " + quote(token) + " have the same ID");
      }
      data_.tokens[index] = token;
      data_.types[index] = kNormalToken;
    }
    return {};
  }

  Result<void> read_added_tokens(const json& added_tokens) {
    for (const json& token : added_tokens) {
      const std::string_view content = string_member(token, "content");
      const auto index = member(token, "id").get<std::size_t>();
      const auto is_special = flag_member(token, "special");
      if (!is_special) return tl::make_unexpected(is_special.error());
      if (content.empty()) return fail("an added token has no content");
      if (data_.types[index] != kUnusedToken && data_.tokens[index] != content) {
        return fail("tokens " + quote(data_.tokens[index]) + " and " + quote(content) + " have the same ID");
      }
      data_.tokens[index] = content;
      data_.types[index] = *is_special ? kControlToken : kUserDefinedToken;
    }
    return {};
  }

  /// Merges are "left right", or, since 2024, ["left", "right"].
  Result<void> read_merges(const json& merges) {
    if (!merges.is_array()) return fail("'merges' of the model is no array");
    data_.merges.reserve(merges.size());
    for (const json& merge : merges) {
      if (merge.is_string()) {
        data_.merges.push_back(merge.get<std::string>());
      } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
        data_.merges.push_back(merge[0].get<std::string>() + " " + merge[1].get<std::string>());
      } else {
        return fail("merge " + std::to_string(data_.merges.size()) + " is not two tokens");
      }
    }
    return {};
  }

  void fill_holes() {
    for (std::size_t id = 0; id < data_.tokens.size(); ++id) {
      if (data_.types[id] == kUnusedToken) data_.tokens[id] = "[PAD" + std::to_string(id) + "]";
    }
  }

  TokenizerData& data_;
};

/// The special token that the post-processor puts before a text, or empty.
std::string_view first_of_template(const json& post_processor) {
  std::vector<const json*> open{&post_processor};
  while (!open.empty()) {
    const json& next = *open.back();
    open.pop_back();
    const std::string_view type = string_member(next, "type");
    if (type == "Sequence") {
      for (const json& child : member(next, "processors")) open.push_back(&child);
    } else if (type == "TemplateProcessing") {
      const json& single = member(next, "single");
      if (!single.is_array() || single.empty()) continue;
      return string_member(member(single.front(), "SpecialToken"), "id");
    }
  }
  return {};
}

// --- the files beside it

/// The text of a special token, which the files state as a string or as an object.
std::string_view special_token_text(const json& value) {
  return value.is_string() ? text_of(value) : string_member(value, "content");
}

std::optional<TokenId> find_token(const TokenizerData& data, std::string_view text) {
  const auto found = std::ranges::find(data.tokens, text);
  if (text.empty() || found == data.tokens.end()) return std::nullopt;
  return static_cast<TokenId>(found - data.tokens.begin());
}

void add_end_token(const json& id, TokenizerData& data) {
  if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= data.tokens.size()) return;
  const auto token = id.get<TokenId>();
  if (std::ranges::find(data.end_tokens, token) == data.end_tokens.end()) data.end_tokens.push_back(token);
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

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

/// Null if there is no such file.
Result<json> read_config(const fs::path& path) {
  return is_there(path) ? read_json_file(path, kMaxConfigBytes) : Result<json>(json());
}

Result<TokenizerData> read_tokenizer_json(const json& tokenizer) {
  TokenizerData data;
  data.model = "gpt2";
  auto rules = read_text_rules(tokenizer);
  if (!rules) return tl::make_unexpected(rules.error());
  const auto ignores_merges = flag_member(member(tokenizer, "model"), "ignore_merges");
  if (!ignores_merges) return tl::make_unexpected(ignores_merges.error());
  rules->ignores_merges = *ignores_merges;
  data.rules = std::move(*rules);
  if (auto read = VocabularyReader(data).read(tokenizer); !read) return tl::make_unexpected(read.error());
  if (const auto bos = find_token(data, first_of_template(member(tokenizer, "post_processor")))) {
    data.bos = *bos;
    data.add_bos = true;
  }
  return data;
}

}  // namespace

Result<TokenizerFiles> read_tokenizer_folder(const fs::path& folder) {
  const fs::path path = folder / "tokenizer.json";
  const auto tokenizer = read_json_file(path, kMaxTokenizerBytes);
  if (!tokenizer) return tl::make_unexpected(tokenizer.error());
  auto data = read_tokenizer_json(*tokenizer);
  if (!data) return fail(path.string() + ": " + data.error().message);
  TokenizerFiles files{std::move(*data), {}};

  const auto config = read_config(folder / "tokenizer_config.json");
  if (!config) return tl::make_unexpected(config.error());
  const auto special_tokens = read_config(folder / "special_tokens_map.json");
  if (!special_tokens) return tl::make_unexpected(special_tokens.error());
  const bool has_generation_config = is_there(folder / "generation_config.json");
  const auto generation = read_config(folder / (has_generation_config ? "generation_config.json" : "config.json"));
  if (!generation) return tl::make_unexpected(generation.error());

  if (files.data.bos < 0) files.data.bos = named_token("bos_token", *config, *special_tokens, files.data).value_or(-1);
  const auto adds_bos = flag_member(*config, "add_bos_token", files.data.add_bos);
  if (!adds_bos) return fail((folder / "tokenizer_config.json").string() + ": " + adds_bos.error().message);
  files.data.add_bos = *adds_bos && files.data.bos >= 0;
  files.data.eos = named_token("eos_token", *config, *special_tokens, files.data).value_or(-1);
  if (files.data.eos >= 0) files.data.end_tokens.push_back(files.data.eos);
  const json& ends = member(*generation, "eos_token_id");
  if (ends.is_array()) {
    for (const json& id : ends) add_end_token(id, files.data);
  } else {
    add_end_token(ends, files.data);
  }

  if (const fs::path jinja = folder / "chat_template.jinja"; is_there(jinja)) {
    auto text = grammar::read_file(jinja, kMaxConfigBytes);
    if (!text) return fail(jinja.string() + " " + text.error().message);
    files.chat_template = std::move(*text);
  } else {
    files.chat_template = chat_template_of(*config);
  }
  return files;
}

}  // namespace pml::compiler
