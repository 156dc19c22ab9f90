#include "compiler/tokenizer_json.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/json_file.h"
#include "compiler/json_settings.h"
#include "compiler/quote.h"
#include "compiler/text_rules_json.h"

namespace pml::compiler {
namespace {

using nlohmann::json;

/// Refuses the other kinds of models, and what BPE may do besides merging.
Result<void> check_model(const json& model) {
  if (!model.is_object()) return fail("there is no 'model'");
  const std::string_view type = string_member(model, "type");
  const bool is_bpe = type == "BPE" || (member(model, "type").is_null() && member(model, "merges").is_array());
  if (!is_bpe) {
    return fail("tokenizer model " + quote(type) + (type == "Unigram" ? ", which is SentencePiece's," : "") +
                " is not supported ('BPE' over bytes is)");
  }
  JsonSettings settings(model);
  if (settings.flag_or("byte_fallback", false)) {
    settings.fail_with(
        "a SentencePiece tokenizer ('byte_fallback' of the model) is not supported ('BPE' over bytes is)");
  }
  for (const char* key : {"dropout", "continuing_subword_prefix", "end_of_word_suffix"}) {
    if (settings.is_on(key)) settings.fail_with("'" + std::string(key) + "' is not supported");
  }
  return settings.check();
}

/// Fills the vocabulary, the merges and the types of a TokenizerData.
class VocabularyReader {
 public:
  explicit VocabularyReader(TokenizerData& data) : data_(data) {}

  Result<void> read(const json& model, const json& added_tokens) {
    return count_tokens(model, added_tokens)
        .and_then([&] { return read_vocabulary(member(model, "vocab")); })
        .and_then([&] { return read_added_tokens(added_tokens); })
        .and_then([&] { return read_merges(member(model, "merges")); })
        .map([&] { fill_holes(); });
  }

 private:
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
      JsonSettings settings(token);
      const bool is_special = settings.flag_or("special", false);
      if (auto checked = settings.check(); !checked) return checked;
      if (content.empty()) return fail("an added token has no content");
      if (data_.types[index] != kUnusedToken && data_.tokens[index] != content) {
        return fail("tokens " + quote(data_.tokens[index]) + " and " + quote(content) + " have the same ID");
      }
      data_.tokens[index] = content;
      data_.types[index] = is_special ? kControlToken : kUserDefinedToken;
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
      if (data_.types[id] == kUnusedToken) data_.tokens[id] = unused_token_text(id);
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

}  // namespace

Result<TokenizerData> read_tokenizer_json(const json& tokenizer) {
  TokenizerData data;
  data.model = "gpt2";
  const json& model = member(tokenizer, "model");
  JsonSettings settings(model);
  return check_model(model)
      .and_then([&] { return read_text_rules(tokenizer); })
      .and_then([&](TextRules rules) {
        rules.ignores_merges = settings.flag_or("ignore_merges", false);
        data.rules = std::move(rules);
        return settings.check();
      })
      .and_then([&] { return VocabularyReader(data).read(model, member(tokenizer, "added_tokens")); })
      .map([&] {
        if (const auto bos = find_token(data, first_of_template(member(tokenizer, "post_processor")))) {
          data.bos = *bos;
          data.add_bos = true;
        }
        return std::move(data);
      });
}

}  // namespace pml::compiler
