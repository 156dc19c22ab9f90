#include "compiler/hugging_face_model.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "compiler/hugging_face_config.h"
#include "compiler/json_file.h"
#include "compiler/json_settings.h"
#include "compiler/quote.h"
#include "compiler/safetensors.h"
#include "compiler/tokenizer_folder.h"

namespace pml::compiler {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfig = "config.json";
constexpr const char* kWeights = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";
constexpr const char* kGenerationConfig = "generation_config.json";

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// Reads the files of one folder into a model.
class FolderReader {
 public:
  explicit FolderReader(const fs::path& folder) : folder_(folder) {}

  Result<HuggingFaceModel> read() && {
    return read_config()
        .and_then([&] { return is_there(folder_ / kWeights) ? read_weights(kWeights) : read_shards(); })
        .map([&] { drop_frequencies(); })
        .and_then([&] { return settle_head(); })
        .and_then([&] { return read_tokenizer(); })
        .map([&] { return std::move(model_); });
  }

 private:
  ModelContents& contents() { return model_.contents; }

  /// Maps a file and keeps it, since tensors are views into it.
  Result<std::span<const std::byte>> open(const std::string& name) {
    auto file = MappedFile::open(folder_ / name);
    if (!file) return tl::make_unexpected(file.error());
    model_.files.push_back({folder_ / name, std::move(*file)});
    return model_.files.back().file.bytes();
  }

  Result<void> read_config() {
    if (!is_there(folder_ / kConfig)) return fail("has no config.json, so it is no Hugging Face folder");
    auto config = open(kConfig)
                      .and_then([](std::span<const std::byte> bytes) {  // the bytes that the fingerprint is made of
                        return parse_json_file(kConfig, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
                      })
                      .and_then([&](nlohmann::json json) -> Result<ModelConfig> {
                        config_ = std::move(json);
                        auto read = read_hugging_face_config(config_);
                        if (!read) return fail(std::string(kConfig) + ": " + read.error().message);
                        return read;
                      });
    if (!config) return tl::make_unexpected(config.error());
    contents().config = std::move(*config);
    return {};
  }

  /// Appends the tensors of one safetensors file.
  Result<void> read_weights(const std::string& name) {
    const auto bytes = open(name);
    if (!bytes) return tl::make_unexpected(bytes.error());
    std::span<const std::byte> data;
    auto header = read_safetensors_header(*bytes, data);
    if (!header) return fail(name + ": " + header.error().message);
    for (SafetensorsEntry& entry : header->tensors) {
      TensorInfo tensor;
      tensor.type = entry.dtype == "F32" ? TensorType::f32 : entry.dtype == "F16" ? TensorType::f16 : TensorType::bf16;
      tensor.name = std::move(entry.name);
      tensor.shape = std::move(entry.shape);
      tensor.data = data.subspan(entry.begin, entry.end - entry.begin);
      contents().tensors.push_back(std::move(tensor));
    }
    return {};
  }

  /// Reads the shards that the index names; each holds exactly the tensors that the index places there.
  Result<void> read_shards() {
    const auto index = read_json_file(folder_, kIndex);
    if (!index) return tl::make_unexpected(index.error());
    if (index->is_null()) return fail(std::string("has neither ") + kWeights + " nor " + kIndex);
    const nlohmann::json& map = member(*index, "weight_map");
    if (!map.is_object()) return fail(std::string(kIndex) + ": 'weight_map' is no object");

    std::map<std::string, std::set<std::string>> placed;  // tensors by shard
    for (const auto& [tensor, shard] : map.items()) {
      // A plain name: an index must not lead out of the folder.
      if (!shard.is_string() || !is_shard_name(shard.get_ref<const std::string&>())) {
        return fail(std::string(kIndex) + ": the file of tensor " + quote(tensor) +
                    " is no safetensors file of the folder");
      }
      placed[shard.get<std::string>()].insert(tensor);
    }
    for (auto& [shard, missing] : placed) {
      const std::size_t first = contents().tensors.size();
      if (auto read = read_weights(shard); !read) return read;
      for (const TensorInfo& tensor : std::span(contents().tensors).subspan(first)) {
        if (missing.erase(tensor.name) == 0) {
          return fail(quote(shard) + " holds the tensor " + quote(tensor.name) +
                      ", which the index does not name there");
        }
      }
      if (!missing.empty()) {
        return fail(quote(shard) + " does not hold the tensor " + quote(*missing.begin()) +
                    ", which the index names there");
      }
    }
    return {};
  }

  /// Old files hold the frequencies of RoPE, which follow from the configuration; `transformers` skips them.
  void drop_frequencies() {
    std::erase_if(contents().tensors,
                  [](const TensorInfo& tensor) { return tensor.name.ends_with("rotary_emb.inv_freq"); });
  }

  static bool is_shard_name(std::string_view name) {
    return name.ends_with(".safetensors") && name.find('/') == name.npos && name.find('\0') == name.npos;
  }

  /// A head beside tied embeddings is legal where it is the same matrix: `transformers` ties only then.
  Result<void> settle_head() {
    auto& tensors = contents().tensors;
    if (!contents().config.tied_embeddings) return {};
    const auto head = std::ranges::find(tensors, "lm_head.weight", &TensorInfo::name);
    const auto embedding = std::ranges::find(tensors, "model.embed_tokens.weight", &TensorInfo::name);
    if (head == tensors.end() || embedding == tensors.end()) return {};
    if (head->type != embedding->type || !std::ranges::equal(head->data, embedding->data)) {
      return fail("'lm_head.weight' differs from the embedding, though 'tie_word_embeddings' is set");
    }
    tensors.erase(head);
    return {};
  }

  Result<void> read_tokenizer() {
    auto files = read_tokenizer_folder(folder_);
    if (!files) return tl::make_unexpected(files.error());
    contents().tokenizer = std::move(files->data);
    contents().chat_template = std::move(files->chat_template);
    return pad_vocabulary().and_then([&] { return read_end_tokens(); });
  }

  /// Embeddings are often larger than the vocabulary, for the sake of round sizes.
  Result<void> pad_vocabulary() {
    TokenizerData& data = contents().tokenizer;
    const auto vocab_size = static_cast<std::size_t>(std::max(contents().config.vocab_size, 0));
    if (data.tokens.size() > vocab_size) {
      return fail("the tokenizer has " + std::to_string(data.tokens.size()) + " tokens, 'vocab_size' says " +
                  std::to_string(vocab_size));
    }
    // The vocabulary is only a claim until the embedding bears it out.
    const auto embedding = std::ranges::find(contents().tensors, "model.embed_tokens.weight", &TensorInfo::name);
    if (embedding == contents().tensors.end() || embedding->shape.empty() ||
        std::cmp_not_equal(embedding->shape.front(), vocab_size) || embedding->data.size() < vocab_size) {
      return {};  // check_model() says what is wrong
    }
    for (std::size_t id = data.tokens.size(); id < vocab_size; ++id) {
      data.tokens.push_back(unused_token_text(id));
      data.types.push_back(kUnusedToken);
    }
    return {};
  }

  /// `eos_token_id` of both files: generation ends at each of them.
  Result<void> read_end_tokens() {
    auto generation = read_json_file(folder_, kGenerationConfig);
    if (!generation) return tl::make_unexpected(generation.error());
    TokenizerData& data = contents().tokenizer;
    for (const auto& [name, json] : {std::pair(kConfig, &config_), std::pair(kGenerationConfig, &*generation)}) {
      JsonSettings settings(*json);
      for (const TokenId id : settings.integers_or_none("eos_token_id")) {
        if (id < 0 || id >= contents().config.vocab_size) {
          settings.fail_with("'eos_token_id' names token " + std::to_string(id) + " of " +
                             std::to_string(contents().config.vocab_size));
        } else if (std::ranges::find(data.end_tokens, id) == data.end_tokens.end()) {
          data.end_tokens.push_back(id);
        }
      }
      if (!settings.error().empty()) return fail(std::string(name) + ": " + settings.error());
    }
    return {};
  }

  const fs::path& folder_;
  HuggingFaceModel model_;
  nlohmann::json config_;  // config.json
};

}  // namespace

Result<HuggingFaceModel> read_hugging_face_model(const fs::path& folder) { return FolderReader(folder).read(); }

}  // namespace pml::compiler
