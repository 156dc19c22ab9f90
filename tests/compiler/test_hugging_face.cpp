// Folders that are read, and those that are refused: copies of tests/models with something changed.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "compiler/model_file.h"
#include "compiler/recipe.h"
#include "compiler/safetensors.h"

namespace pml::compiler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kModels = PML_TEST_MODELS;

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_text(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

/// A copy of one of the tiny models, removed at the end.
class FolderCopy {
 public:
  explicit FolderCopy(const std::string& model) {
    static int count = 0;
    path_ = fs::temp_directory_path() / ("pml-folder-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
    fs::copy(kModels / model, path_);
  }
  FolderCopy(const FolderCopy&) = delete;
  FolderCopy& operator=(const FolderCopy&) = delete;
  ~FolderCopy() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

  const fs::path& path() const { return path_; }
  fs::path operator/(const char* name) const { return path_ / name; }

  void change_json(const char* name, const std::function<void(json&)>& change) const {
    json value = json::parse(read_text(path_ / name));
    change(value);
    write_text(path_ / name, value.dump());
  }

  /// Writes a safetensors file anew, each tensor as `change` left it.
  struct Stored {
    SafetensorsEntry entry;
    std::string bytes;
  };
  void change_tensors(const char* name, const std::function<void(std::vector<Stored>&)>& change) const {
    const std::string text = read_text(path_ / name);
    std::span<const std::byte> data;
    const auto header = read_safetensors_header(std::as_bytes(std::span(text)), data);
    REQUIRE(header);
    std::vector<Stored> tensors;
    for (const SafetensorsEntry& entry : header->tensors) {
      const auto* begin = reinterpret_cast<const char*>(data.data());
      tensors.push_back({entry, std::string(begin + entry.begin, begin + entry.end)});
    }
    change(tensors);
    SafetensorsHeader written;
    std::string bytes;
    for (Stored& tensor : tensors) {
      tensor.entry.begin = bytes.size();
      bytes += tensor.bytes;
      tensor.entry.end = bytes.size();
      written.tensors.push_back(tensor.entry);
    }
    write_text(path_ / name, write_safetensors_header(written) + bytes);
  }

 private:
  fs::path path_;
};

std::string error_of(const FolderCopy& folder) {
  const auto model = ModelFile::open(folder.path());
  if (model) return "";
  CHECK(model.error().message.starts_with(folder.path().string() + ": "));
  CHECK(model.error().message.find('\n') == std::string::npos);
  return model.error().message;
}

TEST_CASE("hugging face: the tiny models are read", "[hugging_face]") {
  struct Case {
    const char* name;
    const char* architecture;
    std::int32_t num_heads, num_kv_heads, head_dim;
    bool tied, qkv_bias, output_bias, qk_norm;
    double rope_base;
    const char* scaling;
    TensorType type;
    std::size_t num_parts;
  };
  const Case cases[] = {
      {"llama-llama3-scaling", "llama", 4, 2, 16, false, false, false, false, 500000,
       "llama3 factor 8, low 1, high 4, original 1024", TensorType::f16, 4},
      {"llama-bias-linear", "llama", 4, 4, 16, true, true, true, false, 10000, "linear 4", TensorType::f16, 2},
      {"mistral", "llama", 4, 1, 32, false, false, false, false, 10000, "none", TensorType::bf16, 2},
      {"qwen2", "qwen2", 4, 2, 16, true, true, false, false, 1000000, "none", TensorType::f16, 2},
      {"qwen3", "qwen3", 8, 2, 32, true, false, false, true, 10000, "none", TensorType::f32, 2},
  };
  for (const Case& test : cases) {
    CAPTURE(test.name);
    const auto model = ModelFile::open(kModels / test.name);
    if (!model) FAIL(model.error().message);
    const ModelConfig& config = model->config();
    CHECK(config.architecture == test.architecture);
    CHECK(config.num_layers == 2);
    CHECK(config.hidden_size == 64);
    CHECK(config.num_heads == test.num_heads);
    CHECK(config.num_kv_heads == test.num_kv_heads);
    CHECK(config.head_dim == test.head_dim);
    CHECK(config.vocab_size == 320);
    CHECK(config.max_positions == 8192);
    CHECK(config.tied_embeddings == test.tied);
    CHECK(config.qkv_bias == test.qkv_bias);
    CHECK(config.output_bias == test.output_bias);
    CHECK(config.qk_norm == test.qk_norm);
    CHECK(config.rope.base == test.rope_base);
    CHECK(config.rope.scaling == test.scaling);
    const TensorInfo* q = model->tensor("model.layers.1.self_attn.q_proj.weight");
    REQUIRE(q != nullptr);
    CHECK(q->type == test.type);
    CHECK(q->permuted_heads == 0);
    CHECK(model->parts().size() == test.num_parts);
    CHECK(model->parts()[0].path.filename() == "config.json");
    CHECK(model->tokenizer().tokens.size() == 320);
    CHECK(model->tokenizer().end_tokens == std::vector<TokenId>{0, 2});
  }
}

TEST_CASE("hugging face: what changes nothing is accepted", "[hugging_face]") {
  struct Case {
    const char* what;
    const char* model;
    std::function<void(const FolderCopy&)> change;
  };
  const auto config = [](std::function<void(json&)> change) {
    return [change](const FolderCopy& folder) { folder.change_json("config.json", change); };
  };
  const Case cases[] = {
      {"a window as long as the context", "mistral", config([](json& c) { c["sliding_window"] = 8192; })},
      {"a window that is switched off", "qwen2", config([](json& c) {
         c.erase("layer_types");
         c["sliding_window"] = 64;
       })},
      {"a window that no layer uses", "qwen2", config([](json& c) {
         c["sliding_window"] = 64;
         c["use_sliding_window"] = true;
       })},
      {"no generation_config.json", "qwen2",
       [](const FolderCopy& folder) { fs::remove(folder / "generation_config.json"); }},
      {"frequencies of RoPE as tensors", "qwen2",
       [](const FolderCopy& folder) {
         folder.change_tensors("model.safetensors", [](auto& tensors) {
           tensors.push_back({{"model.layers.0.self_attn.rotary_emb.inv_freq", "F32", {8}}, std::string(32, 'x')});
         });
       }},
      {"the embedding again as the tied head", "qwen2",
       [](const FolderCopy& folder) {
         folder.change_tensors("model.safetensors", [](auto& tensors) {
           auto head = *std::ranges::find(tensors, "model.embed_tokens.weight",
                                          [](const auto& tensor) { return tensor.entry.name; });
           head.entry.name = "lm_head.weight";
           tensors.push_back(head);
         });
       }},
      {"an unknown setting", "qwen2", config([](json& c) { c["use_cache"] = false; })},
      {"RoPE without scaling, in the old words", "qwen2", config([](json& c) {
         c.erase("rope_parameters");
         c["rope_scaling"] = {{"type", "default"}};
       })},
  };
  for (const Case& test : cases) {
    CAPTURE(test.what);
    const FolderCopy folder(test.model);
    test.change(folder);
    CHECK(error_of(folder) == "");
  }
}

TEST_CASE("hugging face: settings that could not be served are refused by name", "[hugging_face]") {
  struct Case {
    const char* message;
    const char* model;
    std::function<void(json&)> change;
  };
  const Case cases[] = {
      {"model type 'gemma3_text' is not supported (llama, mistral, qwen2 and qwen3 are)", "qwen2",
       [](json& c) { c["model_type"] = "gemma3_text"; }},
      {"model type 'a?b' is not", "qwen2", [](json& c) { c["model_type"] = "a\nb"; }},
      {"'model_type' is missing", "qwen2", [](json& c) { c.erase("model_type"); }},
      {"'model_type' is not a string", "qwen2", [](json& c) { c["model_type"] = 1; }},
      {"architecture 'Qwen2ForSequenceClassification' is not supported", "qwen2",
       [](json& c) { c["architectures"] = {"Qwen2ForSequenceClassification"}; }},
      {"quantised weights ('quantization_config')", "qwen2",
       [](json& c) {
         c["quantization_config"] = {{"quant_method", "gptq"}};
       }},
      {"code of its own ('auto_map')", "qwen2",
       [](json& c) {
         c["auto_map"] = {{"AutoModel", "x.Y"}};
       }},
      {"a mixture of experts ('num_local_experts')", "mistral", [](json& c) { c["num_local_experts"] = 8; }},
      {"multi-head latent attention ('kv_lora_rank')", "qwen2", [](json& c) { c["kv_lora_rank"] = 512; }},
      {"ALiBi ('alibi')", "mistral", [](json& c) { c["alibi"] = true; }},
      {"soft-capping of logits ('final_logit_softcapping')", "qwen2",
       [](json& c) { c["final_logit_softcapping"] = 30.0; }},
      {"soft-capping of attention", "qwen2", [](json& c) { c["attn_logit_softcapping"] = 50.0; }},
      {"a bias in the feed-forward layers ('mlp_bias')", "llama-bias-linear", [](json& c) { c["mlp_bias"] = true; }},
      {"the activation 'gelu_pytorch_tanh' ('hidden_act')", "qwen2",
       [](json& c) { c["hidden_act"] = "gelu_pytorch_tanh"; }},
      {"a sliding window of 4096 positions ('sliding_window')", "mistral", [](json& c) { c["sliding_window"] = 4096; }},
      {"a sliding window of 4096 positions", "mistral", [](json& c) { c.erase("sliding_window"); }},
      {"a sliding window of 4096 positions", "qwen2",
       [](json& c) {
         c.erase("layer_types");
         c["use_sliding_window"] = true;
         c["sliding_window"] = 4096;
         c["max_window_layers"] = 1;
       }},
      {"a sliding window of 64 positions", "qwen3",
       [](json& c) {
         c["use_sliding_window"] = true;
         c["sliding_window"] = 64;
         c["layer_types"] = {"full_attention", "sliding_attention"};
       }},
      {"a layer of type 'linear_attention' ('layer_types')", "qwen3",
       [](json& c) {
         c["layer_types"] = {"linear_attention", "full_attention"};
       }},
      {"RoPE scaling of type 'yarn' ('rope_parameters')", "qwen2",
       [](json& c) {
         c["rope_parameters"] = {{"rope_type", "yarn"}, {"factor", 4.0}};
       }},
      {"RoPE scaling of type 'dynamic' ('rope_scaling')", "llama-bias-linear",
       [](json& c) {
         c["rope_scaling"] = {{"type", "dynamic"}, {"factor", 4.0}};
       }},
      {"RoPE scaling of type 'longrope'", "llama-bias-linear",
       [](json& c) {
         c["rope_scaling"] = {{"rope_type", "longrope"}};
       }},
      {"'rope_scaling.factor' is missing", "llama-bias-linear",
       [](json& c) {
         c["rope_scaling"] = {{"type", "linear"}};
       }},
      {"the factor of linear RoPE scaling is -2", "llama-bias-linear",
       [](json& c) { c["rope_scaling"]["factor"] = -2; }},
      {"'rope_parameters.low_freq_factor' is missing", "llama-llama3-scaling",
       [](json& c) { c["rope_parameters"].erase("low_freq_factor"); }},
      {"RoPE scaling of type 'llama3' makes no sense with factor 8, low 1, high 0", "llama-llama3-scaling",
       [](json& c) { c["rope_parameters"]["high_freq_factor"] = 0; }},
      {"'rope_scaling' is not an object", "llama-bias-linear", [](json& c) { c["rope_scaling"] = "linear"; }},
      {"'rope_parameters' and 'rope_scaling' stand side by side", "qwen2",
       [](json& c) {
         c["rope_scaling"] = {{"type", "linear"}, {"factor", 2.0}};
       }},
      {"RoPE that differs between layers", "qwen2",
       [](json& c) {
         c["rope_parameters"] = {{"full_attention", {{"rope_type", "default"}}}};
       }},
      {"rotary embedding of a part of each head", "qwen2", [](json& c) { c["partial_rotary_factor"] = 0.5; }},
      {"rotary embedding of a part of each head", "qwen2",
       [](json& c) { c["rope_parameters"]["partial_rotary_factor"] = 0.5; }},
      {"'num_hidden_layers' is missing", "qwen2", [](json& c) { c["num_hidden_layers"] = nullptr; }},
      {"'hidden_size' is not an integer of 32 bits", "qwen2", [](json& c) { c["hidden_size"] = 1LL << 40; }},
      {"'hidden_size' is not an integer of 32 bits", "qwen2", [](json& c) { c["hidden_size"] = 64.0; }},
      {"'rms_norm_eps' is not a number", "qwen2", [](json& c) { c["rms_norm_eps"] = "1e-6"; }},
      {"'tie_word_embeddings' is not a boolean", "qwen2", [](json& c) { c["tie_word_embeddings"] = 1; }},
      {"tensor 'lm_head.weight' is missing", "qwen2", [](json& c) { c["tie_word_embeddings"] = false; }},
      {"'lm_head.weight' differs from the embedding", "mistral", [](json& c) { c["tie_word_embeddings"] = true; }},
      {"tensor 'model.layers.0.self_attn.k_proj.bias' is no part", "llama-bias-linear",
       [](json& c) { c["attention_bias"] = false; }},
      {"tensor 'model.layers.0.self_attn.q_proj.bias' is missing", "llama-llama3-scaling",
       [](json& c) { c["attention_bias"] = true; }},
      {"tensor 'model.layers.2.input_layernorm.weight' is missing", "qwen3",
       [](json& c) { c["num_hidden_layers"] = 2000000000; }},
      {"'model.embed_tokens.weight' has the shape [320, 64], expected [2000000000, 64]", "qwen2",
       [](json& c) { c["vocab_size"] = 2000000000; }},
      {"the tokenizer has 320 tokens, 'vocab_size' says 319", "qwen2", [](json& c) { c["vocab_size"] = 319; }},
      {"head dimension 2147483640 is no multiple of 8 up to 256", "llama-bias-linear",
       [](json& c) { c["head_dim"] = 2147483640; }},
      {"config.json: 'eos_token_id' names token 320 of 320", "qwen2",
       [](json& c) {
         c["eos_token_id"] = {0, 320};
       }},
      {"config.json: 'eos_token_id' is not an integer of 32 bits, or an array", "qwen2",
       [](json& c) { c["eos_token_id"] = "</s>"; }},
  };
  for (const Case& test : cases) {
    CAPTURE(test.message);
    const FolderCopy folder(test.model);
    folder.change_json("config.json", test.change);
    CHECK_THAT(error_of(folder), Catch::Contains(test.message));
  }
}

TEST_CASE("hugging face: files that do not fit together are refused", "[hugging_face]") {
  struct Case {
    const char* message;
    const char* model;
    std::function<void(const FolderCopy&)> change;
  };
  static constexpr const char* kIndex = "model.safetensors.index.json";
  static constexpr const char* kShard = "model-00002-of-00003.safetensors";
  const auto index = [](std::function<void(json&)> change) {
    return [change](const FolderCopy& folder) { folder.change_json(kIndex, change); };
  };
  const Case cases[] = {
      {"has no config.json", "qwen2", [](auto& f) { fs::remove(f / "config.json"); }},
      {"config.json: is empty", "qwen2", [](auto& f) { write_text(f / "config.json", ""); }},
      {"config.json is not JSON", "qwen2", [](auto& f) { write_text(f / "config.json", "{"); }},
      {"config.json is not a JSON object", "qwen2", [](auto& f) { write_text(f / "config.json", "[]"); }},
      {"config.json is JSON that nests deeper than 64", "qwen2",
       [](auto& f) { write_text(f / "config.json", "{\"a\":" + std::string(1 << 20, '[')); }},
      {"config.json is larger than 64 MB", "qwen2",
       [](auto& f) { write_text(f / "config.json", "{}" + std::string(65 << 20, ' ')); }},
      {"generation_config.json is not JSON", "qwen2", [](auto& f) { write_text(f / "generation_config.json", "eos"); }},
      {"generation_config.json: 'eos_token_id' names token -1 of 320", "qwen2",
       [](auto& f) { write_text(f / "generation_config.json", "{\"eos_token_id\": -1}"); }},
      {"has neither model.safetensors nor model.safetensors.index.json", "qwen2",
       [](auto& f) { fs::remove(f / "model.safetensors"); }},
      {"model-00002-of-00003.safetensors: cannot open", "llama-llama3-scaling",
       [](auto& f) { fs::remove(f / kShard); }},
      {"'weight_map' is no object", "llama-llama3-scaling", index([](json& i) { i.erase("weight_map"); })},
      {"the file of tensor 'model.norm.weight' is no safetensors file of the folder", "llama-llama3-scaling",
       index([](json& i) { i["weight_map"]["model.norm.weight"] = "../model.safetensors"; })},
      {"the file of tensor 'model.norm.weight' is no safetensors file of the folder", "llama-llama3-scaling",
       index([](json& i) { i["weight_map"]["model.norm.weight"] = 3; })},
      {"which the index does not name there", "llama-llama3-scaling",
       index([](json& i) { i["weight_map"].erase("model.norm.weight"); })},
      {"'model-00002-of-00003.safetensors' does not hold the tensor 'lm_head.scale', which the index names there",
       "llama-llama3-scaling", index([](json& i) { i["weight_map"]["lm_head.scale"] = kShard; })},
      {"does not hold the tensor 'model.layers.1.self_attn.o_proj.weight', which the index names there",
       "llama-llama3-scaling",
       [](auto& f) {
         f.change_tensors(kShard, [](auto& tensors) {
           std::erase_if(tensors, [](const auto& tensor) {
             return tensor.entry.name == "model.layers.1.self_attn.o_proj.weight";
           });
         });
       }},
      {"model.safetensors: tensor 'model.norm.weight' is of type 'I8', which is not supported", "qwen2",
       [](auto& f) {
         f.change_tensors("model.safetensors", [](auto& tensors) {
           for (auto& tensor : tensors) {
             if (tensor.entry.name == "model.norm.weight") tensor.entry.dtype = "I8";
           }
         });
       }},
      {"tensor 'score.weight' is no part", "qwen2",
       [](auto& f) {
         f.change_tensors("model.safetensors", [](auto& tensors) {
           tensors.push_back({{"score.weight", "F16", {2}}, "abcd"});
         });
       }},
      {"'model.norm.weight' has the shape [], expected [64]", "qwen2",
       [](auto& f) {
         f.change_tensors("model.safetensors", [](auto& tensors) {
           for (auto& tensor : tensors) {
             if (tensor.entry.name != "model.norm.weight") continue;
             tensor.entry.shape = {};
             tensor.bytes.resize(2);
           }
         });
       }},
      {"the header is longer than the file", "qwen2",
       [](auto& f) { write_text(f / "model.safetensors", std::string(8, '\xFF')); }},
  };
  for (const Case& test : cases) {
    CAPTURE(test.message);
    const FolderCopy folder(test.model);
    test.change(folder);
    CHECK_THAT(error_of(folder), Catch::Contains(test.message));
  }
}

TEST_CASE("hugging face: truncated or flipped, a file is refused or read, and nothing else", "[hugging_face]") {
  const FolderCopy folder("qwen2");
  const fs::path path = folder / "model.safetensors";
  const std::string whole = read_text(path);
  for (std::size_t size = 0; size < whole.size(); size += 4999) {
    write_text(path, whole.substr(0, size));
    CHECK(error_of(folder) != "");
  }
  std::mt19937 random(1);
  for (int i = 0; i < 300; ++i) {
    std::string flipped = whole;
    flipped[random() % 2400] ^= static_cast<char>(1 << random() % 8);  // the header
    write_text(path, flipped);
    static_cast<void>(error_of(folder));
  }
}

TEST_CASE("hugging face: the fingerprint names every file that shapes the answers", "[hugging_face]") {
  const auto fingerprint_of = [](const FolderCopy& folder) {
    const auto model = ModelFile::open(folder.path());
    REQUIRE(model);
    std::vector<PartDigest> digests;
    for (const ModelPart& part : model->parts()) {
      digests.push_back({part.path.filename().string(), to_hex(sha256(part.bytes))});
    }
    return fingerprint(digests);
  };
  const FolderCopy folder("llama-llama3-scaling");
  const FolderCopy same("llama-llama3-scaling");
  const std::string before = fingerprint_of(folder);
  CHECK(fingerprint_of(same) == before);
  folder.change_json("config.json", [](json& config) { config["rms_norm_eps"] = 1e-5; });
  const std::string other_config = fingerprint_of(folder);
  CHECK(other_config != before);
  folder.change_tensors("model-00003-of-00003.safetensors", [](auto& tensors) { tensors.back().bytes[1] ^= 1; });
  CHECK(fingerprint_of(folder) != other_config);
}

}  // namespace
}  // namespace pml::compiler
