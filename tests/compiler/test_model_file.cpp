#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <functional>

#include "compiler/byte_level.h"
#include "compiler/model_file.h"
#include "compiler/tokenizer.h"
#include "tests/compiler/gguf_builder.h"

namespace pml::compiler {
namespace {

using namespace test;

constexpr std::uint64_t kHidden = 32;
constexpr std::uint64_t kQuery = 32;  // 4 heads of 8
constexpr std::uint64_t kKv = 16;     // 2 KV heads
constexpr std::uint64_t kFfn = 64;

Tensor f32_tensor(const std::string& name, std::vector<std::uint64_t> dimensions) {
  std::uint64_t elements = 1;
  for (const std::uint64_t dimension : dimensions) elements *= dimension;
  return {name, std::move(dimensions), 0, Bytes(elements * 4)};
}

Tensor f32_vector(const std::string& name, const std::vector<float>& values) {
  Tensor tensor = f32_tensor(name, {values.size()});
  std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
  return tensor;
}

/// A complete model of two layers; its vocabulary is the bytes, one merge and two control tokens.
GgufBuilder tiny_llama() {
  GgufBuilder file;
  file.set("general.architecture", string("llama"));
  file.set("general.name", string("tiny"));
  file.set("llama.block_count", u32(2));
  file.set("llama.context_length", u32(128));
  file.set("llama.embedding_length", u32(kHidden));
  file.set("llama.feed_forward_length", u32(kFfn));
  file.set("llama.attention.head_count", u32(4));
  file.set("llama.attention.head_count_kv", u32(2));
  file.set("llama.attention.layer_norm_rms_epsilon", f32(1e-5F));
  file.set("llama.rope.freq_base", f32(500.0F));

  std::vector<std::string> tokens = {"<s>", "</s>"};
  for (int byte = 0; byte < 256; ++byte) tokens.push_back(byte_level_character(static_cast<std::uint8_t>(byte)));
  tokens.push_back("ab");
  std::vector<std::int32_t> types(tokens.size(), 1);
  types[0] = types[1] = 3;
  file.set("tokenizer.ggml.model", string("gpt2"));
  file.set("tokenizer.ggml.pre", string("smollm"));
  file.set("tokenizer.ggml.tokens", strings(tokens));
  file.set("tokenizer.ggml.merges", strings({"a b"}));
  file.set("tokenizer.ggml.token_type", numbers(5, types));
  file.set("tokenizer.ggml.bos_token_id", u32(0));
  file.set("tokenizer.ggml.eos_token_id", u32(1));
  file.set("tokenizer.chat_template", string("{{ x }}"));

  file.tensors.push_back(f32_tensor("token_embd.weight", {kHidden, tokens.size()}));
  file.tensors.push_back(f32_tensor("output_norm.weight", {kHidden}));
  for (int layer = 0; layer < 2; ++layer) {
    const std::string prefix = "blk." + std::to_string(layer) + ".";
    file.tensors.push_back(f32_tensor(prefix + "attn_norm.weight", {kHidden}));
    file.tensors.push_back(f32_tensor(prefix + "attn_q.weight", {kHidden, kQuery}));
    file.tensors.push_back(f32_tensor(prefix + "attn_k.weight", {kHidden, kKv}));
    file.tensors.push_back(f32_tensor(prefix + "attn_v.weight", {kHidden, kKv}));
    file.tensors.push_back(f32_tensor(prefix + "attn_output.weight", {kQuery, kHidden}));
    file.tensors.push_back(f32_tensor(prefix + "ffn_norm.weight", {kHidden}));
    file.tensors.push_back(f32_tensor(prefix + "ffn_gate.weight", {kHidden, kFfn}));
    file.tensors.push_back(f32_tensor(prefix + "ffn_up.weight", {kHidden, kFfn}));
    file.tensors.push_back(f32_tensor(prefix + "ffn_down.weight", {kFfn, kHidden}));
  }
  return file;
}

std::string error_of(const Bytes& bytes) {
  const TemporaryFile file(bytes);
  const auto model = ModelFile::open(file.path());
  if (model) return "";
  CHECK(model.error().message.starts_with(file.path().string() + ": "));
  return model.error().message;
}

TEST_CASE("model file: Llama 3's prompts begin with a BOS unless the file says otherwise", "[model_file]") {
  const auto adds_bos = [](const GgufBuilder& file) {
    const TemporaryFile written(file.build());
    const auto model = ModelFile::open(written.path());
    REQUIRE(model);
    return model->tokenizer().add_bos;
  };
  GgufBuilder file = tiny_llama();
  CHECK(!adds_bos(file));
  file.set("tokenizer.ggml.pre", string("llama-bpe"));
  CHECK(adds_bos(file));
  file.set("tokenizer.ggml.add_bos_token", boolean(false));
  CHECK(!adds_bos(file));
}

TEST_CASE("model file: a tiny llama is read", "[model_file]") {
  const Bytes bytes = tiny_llama().build();
  const TemporaryFile file(bytes);
  auto opened = ModelFile::open(file.path());
  REQUIRE(opened);
  const ModelFile model = std::move(*opened);  // moving keeps views and look-ups

  CHECK(model.path() == file.path());
  REQUIRE(model.parts().size() == 1);
  CHECK(model.parts()[0].path == file.path());
  CHECK(model.parts()[0].bytes.size() == bytes.size());
  CHECK(model.chat_template() == "{{ x }}");
  const ModelConfig& config = model.config();
  CHECK(config.architecture == "llama");
  CHECK(config.num_layers == 2);
  CHECK(config.hidden_size == 32);
  CHECK(config.num_heads == 4);
  CHECK(config.num_kv_heads == 2);
  CHECK(config.head_dim == 8);
  CHECK(config.ffn_size == 64);
  CHECK(config.vocab_size == 259);
  CHECK(config.max_positions == 128);
  CHECK(config.rms_norm_eps == double{1e-5F});
  CHECK(config.tied_embeddings);
  CHECK(config.rope.base == 500.0);
  CHECK(config.rope.rotary_dim == 8);

  CHECK(model.tensors().size() == 20);
  CHECK(model.tensor("model.layers.2.input_layernorm.weight") == nullptr);
  CHECK(model.tensor("blk.0.attn_q.weight") == nullptr);
  const TensorInfo* q = model.tensor("model.layers.1.self_attn.q_proj.weight");
  REQUIRE(q != nullptr);
  CHECK(q->shape == std::vector<std::int64_t>{32, 32});
  CHECK(q->permuted_heads == 4);
  const TensorInfo* k = model.tensor("model.layers.1.self_attn.k_proj.weight");
  REQUIRE(k != nullptr);
  CHECK(k->shape == std::vector<std::int64_t>{16, 32});
  CHECK(k->permuted_heads == 2);
  for (const TensorInfo& tensor : model.tensors()) {
    CAPTURE(tensor.name);
    CHECK(model.tensor(tensor.name) == &tensor);
    if (&tensor != q && &tensor != k && tensor.name.find(".layers.1.") != tensor.name.npos) {
      CHECK(tensor.permuted_heads == 0);
    }
  }

  const TokenizerData& tokenizer = model.tokenizer();
  CHECK(tokenizer.model == "gpt2");
  CHECK(tokenizer.pre_tokenizer == "smollm");
  CHECK(tokenizer.tokens.size() == 259);
  CHECK(tokenizer.merges == std::vector<std::string>{"a b"});
  CHECK(tokenizer.bos == 0);
  CHECK(tokenizer.eos == 1);
  CHECK(!tokenizer.add_bos);
  CHECK(tokenizer.end_tokens == std::vector<TokenId>{1});
}

TEST_CASE("model file: what the file may leave out", "[model_file]") {
  GgufBuilder file = tiny_llama();
  file.erase("llama.attention.head_count_kv");
  file.erase("llama.rope.freq_base");
  file.erase("tokenizer.ggml.token_type");
  file.erase("tokenizer.ggml.bos_token_id");
  file.erase("tokenizer.chat_template");
  for (const char* layer : {"blk.0.", "blk.1."}) {
    for (const char* name : {"attn_k.weight", "attn_v.weight"}) {
      file.tensor(layer + std::string(name)) = f32_tensor(layer + std::string(name), {kHidden, kQuery});
    }
  }
  file.tensors.push_back(f32_tensor("output.weight", {kHidden, 259}));
  file.set("llama.attention.key_length", u32(8));
  file.set("llama.attention.value_length", u32(8));
  file.set("llama.rope.dimension_count", u32(8));
  file.set("llama.rope.scaling.type", string("none"));
  file.set("llama.attention.sliding_window", u32(128));  // no shorter than the context
  file.set("llama.expert_count", u32(0));
  file.set("llama.vocab_size", u32(259));
  file.set("tokenizer.ggml.eot_token_id", u32(0));
  file.set("tokenizer.ggml.eom_token_id", u32(1));
  const TemporaryFile on_disk(file.build());
  const auto model = ModelFile::open(on_disk.path());
  REQUIRE(model);
  CHECK(model->config().num_kv_heads == 4);
  CHECK(model->config().rope.base == 10000.0);
  CHECK(!model->config().tied_embeddings);
  CHECK(model->tensor("lm_head.weight") != nullptr);
  CHECK(model->tokenizer().bos == -1);
  CHECK(model->tokenizer().end_tokens == std::vector<TokenId>{1, 0});
  CHECK(model->tokenizer().types == std::vector<std::int32_t>(259, 1));
  CHECK(model->chat_template().empty());
}

TEST_CASE("model file: RoPE scaling becomes divisors of frequencies", "[model_file]") {
  struct Case {
    std::vector<double> divisors;
    const char* scaling;
    std::function<void(GgufBuilder&)> change;
  };
  const Case cases[] = {
      {{}, "none", [](auto&) {}},
      {{}, "none", [](auto& f) { f.set("llama.rope.scaling.type", string("linear")); }},
      {{8, 8, 8, 8}, "linear 8", [](auto& f) { f.set("llama.rope.scaling.factor", f32(8)); }},
      {{2, 2, 2, 2}, "linear 2", [](auto& f) { f.set("llama.rope.scale_linear", f32(2)); }},
      {{1, 1, 2.5, 8},
       "by divisors",
       [](auto& f) {
         f.tensors.push_back(f32_vector("rope_freqs.weight", {1, 1, 2.5, 8}));
       }},
      {{},
       "none",
       [](auto& f) {
         f.tensors.push_back(f32_vector("rope_freqs.weight", {1, 1, 1, 1}));
       }},
  };
  for (const Case& test : cases) {
    CAPTURE(test.scaling);
    GgufBuilder builder = tiny_llama();
    test.change(builder);
    const TemporaryFile file(builder.build());
    const auto model = ModelFile::open(file.path());
    REQUIRE(model);
    CHECK(model->config().rope.divisors == test.divisors);
    CHECK(model->config().rope.scaling == test.scaling);
  }
}

TEST_CASE("model file: biases of Q and K are permuted as their rows are", "[model_file]") {
  GgufBuilder builder = tiny_llama();
  for (const std::string layer : {"blk.0.", "blk.1."}) {
    builder.tensors.push_back(f32_tensor(layer + "attn_q.bias", {kQuery}));
    builder.tensors.push_back(f32_tensor(layer + "attn_k.bias", {kKv}));
    builder.tensors.push_back(f32_tensor(layer + "attn_v.bias", {kKv}));
  }
  const TemporaryFile file(builder.build());
  const auto model = ModelFile::open(file.path());
  REQUIRE(model);
  CHECK(model->config().qkv_bias);
  CHECK(!model->config().output_bias);
  CHECK(model->tensor("model.layers.1.self_attn.q_proj.bias")->permuted_heads == 4);
  CHECK(model->tensor("model.layers.1.self_attn.k_proj.bias")->permuted_heads == 2);
  CHECK(model->tensor("model.layers.1.self_attn.v_proj.bias")->permuted_heads == 0);
}

TEST_CASE("model file: what could not be served is refused by name", "[model_file]") {
  struct Case {
    const char* message;
    std::function<void(GgufBuilder&)> change;
  };
  const Case cases[] = {
      {"architecture 'gemma3' is not supported (llama, qwen2 and qwen3 are)",
       [](auto& f) { f.set("general.architecture", string("gemma3")); }},
      {"is one part of a model that is split into 3 GGUF files, which is not supported; join them with llama.cpp's "
       "`llama-gguf-split --merge",
       [](auto& f) {
         f.erase("general.architecture");
         f.set("split.count", u32(3));
       }},
      {"'qwen2.block_count' is missing", [](auto& f) { f.set("general.architecture", string("qwen2")); }},
      {"'general.architecture' is missing", [](auto& f) { f.erase("general.architecture"); }},
      {"'general.architecture' is not a string", [](auto& f) { f.set("general.architecture", u32(1)); }},
      {"'llama.block_count' is missing", [](auto& f) { f.erase("llama.block_count"); }},
      {"'llama.block_count' is not an integer", [](auto& f) { f.set("llama.block_count", f32(2)); }},
      {"'llama.block_count' is not an integer", [](auto& f) { f.set("llama.block_count", u32(0x80000000)); }},
      {"layers is 0", [](auto& f) { f.set("llama.block_count", u32(0)); }},
      {"tensor 'model.layers.2.input_layernorm.weight' is missing",
       [](auto& f) { f.set("llama.block_count", u32(0x7FFFFFFF)); }},
      {"tensor 'model.layers.1.input_layernorm.weight' is no part",
       [](auto& f) { f.set("llama.block_count", u32(1)); }},
      {"heads is 0", [](auto& f) { f.set("llama.attention.head_count", u32(0)); }},
      {"4 heads cannot share 3 KV heads", [](auto& f) { f.set("llama.attention.head_count_kv", u32(3)); }},
      {"'llama.attention.head_count_kv' is not an integer",
       [](auto& f) {
         f.set("llama.attention.head_count_kv", numbers<std::int32_t>(5, {2, 2}));
       }},
      {"'model.layers.0.self_attn.k_proj.weight' has the shape [16, 32], expected [32, 32]",
       [](auto& f) { f.erase("llama.attention.head_count_kv"); }},
      {"head dimension 1 is no multiple of 8 up to 256", [](auto& f) { f.set("llama.attention.head_count", u32(32)); }},
      {"head dimension 2147483640 is no multiple of 8 up to 256",
       [](auto& f) {
         f.set("llama.attention.key_length", u32(2147483640));
         f.set("llama.rope.scaling.factor", f32(2));
       }},
      {"values of another length", [](auto& f) { f.set("llama.attention.value_length", u32(16)); }},
      {"rotary embedding of 4 of 8", [](auto& f) { f.set("llama.rope.dimension_count", u32(4)); }},
      {"the RoPE base", [](auto& f) { f.set("llama.rope.freq_base", f32(-1)); }},
      {"the RoPE base", [](auto& f) { f.set("llama.rope.freq_base", f32(std::nanf(""))); }},
      {"epsilon", [](auto& f) { f.set("llama.attention.layer_norm_rms_epsilon", f32(-1)); }},
      {"RoPE scaling of type 'yarn'", [](auto& f) { f.set("llama.rope.scaling.type", string("yarn")); }},
      {"the factor of linear RoPE scaling is 0", [](auto& f) { f.set("llama.rope.scaling.factor", f32(0)); }},
      {"a factor of RoPE scaling beside the type 'none' ('llama.rope.scaling.factor') is not supported",
       [](auto& f) {
         f.set("llama.rope.scaling.type", string("none"));
         f.set("llama.rope.scaling.factor", f32(8));
       }},
      {"tensor 'rope_freqs.weight' has 3 divisors for 4 frequencies of RoPE",
       [](auto& f) {
         f.tensors.push_back(f32_vector("rope_freqs.weight", {1, 2, 3}));
       }},
      {"tensor 'rope_freqs.weight' divides a frequency of RoPE by 0",
       [](auto& f) {
         f.tensors.push_back(f32_vector("rope_freqs.weight", {1, 2, 3, 0}));
       }},
      {"tensor 'rope_freqs.weight' is of type F16, not F32",
       [](auto& f) {
         f.tensors.push_back({"rope_freqs.weight", {4}, 1, Bytes(8)});
       }},
      {"tensor 'rope_freqs.weight' stands beside RoPE scaling of another kind (linear 2)",
       [](auto& f) {
         f.set("llama.rope.scaling.factor", f32(2));
         f.tensors.push_back(f32_vector("rope_freqs.weight", {1, 2, 3, 4}));
       }},
      {"RoPE scaling of type 'longrope' ('rope_factors_long.weight')",
       [](auto& f) { f.tensors.push_back(f32_tensor("rope_factors_long.weight", {4})); }},
      {"a mixture of experts ('llama.expert_count')", [](auto& f) { f.set("llama.expert_count", u32(8)); }},
      {"a mixture of experts ('blk.0.ffn_gate_exps.weight')",
       [](auto& f) {
         f.tensors.push_back(f32_tensor("blk.0.ffn_gate_exps.weight", {kHidden, kFfn, 2}));
       }},
      {"a sliding window", [](auto& f) { f.set("llama.attention.sliding_window", u32(64)); }},
      {"not causal", [](auto& f) { f.set("llama.attention.causal", boolean(false)); }},
      {"the setting 'llama.logit_scale' is not supported", [](auto& f) { f.set("llama.logit_scale", f32(2)); }},
      {"a bias ('blk.0.ffn_up.bias') is not supported there",
       [](auto& f) { f.tensors.push_back(f32_tensor("blk.0.ffn_up.bias", {kFfn})); }},
      {"tensor 'model.layers.0.self_attn.k_proj.bias' is missing",
       [](auto& f) { f.tensors.push_back(f32_tensor("blk.0.attn_q.bias", {kQuery})); }},
      {"tensor 'model.layers.1.self_attn.o_proj.bias' is missing",
       [](auto& f) { f.tensors.push_back(f32_tensor("blk.0.attn_output.bias", {kHidden})); }},
      {"tensor 'model.layers.1.self_attn.o_proj.bias' is no part",
       [](auto& f) { f.tensors.push_back(f32_tensor("blk.1.attn_output.bias", {kHidden})); }},
      {"tensor 'model.layers.0.self_attn.q_norm.weight' is no part",
       [](auto& f) { f.tensors.push_back(f32_tensor("blk.0.attn_q_norm.weight", {8})); }},
      {"tensor 'model.layers.1.mlp.up_proj.weight' stands twice",
       [](auto& f) {
         f.tensors.push_back(f32_tensor("blk.01.ffn_up.weight", {kHidden, kFfn}));
       }},
      {"tensor 'blk.0.attn_q.weight' is of type Q2_K, which is not supported",
       [](auto& f) {
         f.tensor("blk.0.attn_q.weight") = {"blk.0.attn_q.weight", {256, 4}, 10, Bytes(336)};
       }},
      {"tensor 'model.layers.0.mlp.down_proj.weight' is missing",
       [](auto& f) { f.tensor("blk.0.ffn_down.weight") = f.tensors.back(), f.tensors.pop_back(); }},
      {"'model.norm.weight' has the shape [1, 32], expected [32]",
       [](auto& f) {
         f.tensor("output_norm.weight").dimensions = {kHidden, 1};
       }},
      {"'tokenizer.ggml.tokens' is missing", [](auto& f) { f.erase("tokenizer.ggml.tokens"); }},
      {"'tokenizer.ggml.tokens' is not an array of strings",
       [](auto& f) { f.set("tokenizer.ggml.tokens", numbers<float>(6, {1})); }},
      {"'tokenizer.ggml.merges' is missing", [](auto& f) { f.erase("tokenizer.ggml.merges"); }},
      {"'tokenizer.ggml.token_type' has 1 entries for 259 tokens",
       [](auto& f) { f.set("tokenizer.ggml.token_type", numbers<std::int32_t>(5, {1})); }},
      {"'tokenizer.ggml.token_type' is not an array of integers",
       [](auto& f) { f.set("tokenizer.ggml.token_type", u32(1)); }},
      {"'tokenizer.ggml.eos_token_id' names token 259 of 259",
       [](auto& f) { f.set("tokenizer.ggml.eos_token_id", u32(259)); }},
      {"'tokenizer.ggml.add_bos_token' is set, but",
       [](auto& f) {
         f.set("tokenizer.ggml.add_bos_token", boolean(true));
         f.erase("tokenizer.ggml.bos_token_id");
       }},
      {"'llama.vocab_size' says 300", [](auto& f) { f.set("llama.vocab_size", u32(300)); }},
      {"'model.embed_tokens.weight' has the shape [260, 32], expected [259, 32]",
       [](auto& f) {
         f.tensor("token_embd.weight") = f32_tensor("token_embd.weight", {kHidden, 260});
       }},
      {"'tokenizer.chat_template' is not a string", [](auto& f) { f.set("tokenizer.chat_template", u32(1)); }},
  };
  for (const Case& test : cases) {
    CAPTURE(test.message);
    GgufBuilder file = tiny_llama();
    test.change(file);
    const std::string error = error_of(file.build());
    CHECK_THAT(error, Catch::Contains(test.message));
    CHECK(error.find('\n') == error.npos);
  }
}

TEST_CASE("model file: files that are none", "[model_file]") {
  CHECK_THAT(error_of({}), Catch::EndsWith("is empty"));
  Bytes text;
  append_raw(text, "{\"model_type\": \"llama\"}");
  CHECK_THAT(error_of(text), Catch::EndsWith("is neither a GGUF file nor a Hugging Face folder"));
  const auto absent = ModelFile::open("/nonexistent/model.gguf");
  REQUIRE(!absent);
  CHECK(absent.error().message == "/nonexistent/model.gguf: cannot open: No such file or directory");
  const auto folder = ModelFile::open(std::filesystem::temp_directory_path());
  REQUIRE(!folder);
  CHECK_THAT(folder.error().message, Catch::EndsWith("has no config.json, so it is no Hugging Face folder"));
  const auto device = ModelFile::open("/dev/null");
  REQUIRE(!device);
  CHECK_THAT(device.error().message, Catch::EndsWith("is no regular file"));
}

TEST_CASE("model file: truncated, it is refused", "[model_file]") {
  const Bytes bytes = tiny_llama().build();
  for (std::size_t size = 0; size < bytes.size(); size += 997) {
    CAPTURE(size);
    CHECK(!error_of(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size))).empty());
  }
}

TEST_CASE("model file: the real model", "[model_file][model]") {
  const auto model = ModelFile::open(PML_TEST_MODEL);
  REQUIRE(model);
  const ModelConfig& config = model->config();
  CHECK(config.num_layers == 30);
  CHECK(config.hidden_size == 576);
  CHECK(config.num_heads == 9);
  CHECK(config.num_kv_heads == 3);
  CHECK(config.head_dim == 64);
  CHECK(config.ffn_size == 1536);
  CHECK(config.vocab_size == 49152);
  CHECK(config.max_positions == 8192);
  CHECK(config.rope.base == 100000.0);
  CHECK(config.tied_embeddings);
  CHECK(model->tensors().size() == 272);
  REQUIRE(model->tensor("model.embed_tokens.weight") != nullptr);
  CHECK(model->tensor("model.embed_tokens.weight")->type == TensorType::q8_0);
  CHECK(model->tensor("model.layers.29.mlp.down_proj.weight")->type == TensorType::q4_1);
  CHECK_THAT(std::string(model->chat_template()), Catch::StartsWith("{% for message in messages %}"));
  const auto tokenizer = Tokenizer::build(model->tokenizer());
  REQUIRE(tokenizer);
  CHECK(tokenizer->end_tokens() == std::vector<TokenId>{2});
}

}  // namespace
}  // namespace pml::compiler
