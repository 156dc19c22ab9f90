#include "compiler/hugging_face_config.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "compiler/json_settings.h"
#include "compiler/quote.h"
#include "compiler/rope_scaling.h"

namespace pml::compiler {
namespace {

/// Where the model types differ.
struct Family {
  std::string_view model_type;
  std::string_view class_name;    // of `transformers`
  std::string_view architecture;  // ModelConfig's
  std::int32_t default_head_dim;  // 0: hidden_size / heads
  std::int32_t default_window;    // 0: none
  bool always_has_qkv_bias;
  bool reads_attention_bias;  // `attention_bias` switches the biases of q, k, v and o on
  bool has_window_flag;       // `use_sliding_window`, off by default
};
constexpr Family kFamilies[] = {
    {"llama", "LlamaForCausalLM", "llama", 0, 0, false, true, false},
    {"mistral", "MistralForCausalLM", "llama", 0, 4096, false, false, false},
    {"qwen2", "Qwen2ForCausalLM", "qwen2", 0, 4096, true, false, true},
    {"qwen3", "Qwen3ForCausalLM", "qwen3", 128, 4096, false, true, true},
};

/// Settings that have to be absent or without effect, each with the feature that it would switch on.
struct Feature {
  const char* key;
  const char* name;
};
constexpr Feature kUnsupported[] = {
    {"quantization_config", "a model with quantised weights"},
    {"auto_map", "a model with code of its own"},
    {"mlp_bias", "a bias in the feed-forward layers"},
    {"num_local_experts", "a mixture of experts"},
    {"num_experts", "a mixture of experts"},
    {"n_routed_experts", "a mixture of experts"},
    {"kv_lora_rank", "multi-head latent attention"},
    {"alibi", "ALiBi"},
    {"attn_logit_softcapping", "soft-capping of attention"},
    {"final_logit_softcapping", "soft-capping of logits"},
};

void refuse(JsonSettings& settings, const std::string& feature, const std::string& key) {
  settings.fail_with(feature + " ('" + key + "') is not supported");
}

void read_llama3_scaling(JsonSettings& scaling, const ModelConfig& config, RopeConfig& rope) {
  const Llama3Scaling numbers{scaling.real("factor"), scaling.real("low_freq_factor"), scaling.real("high_freq_factor"),
                              scaling.integer_or("original_max_position_embeddings", config.max_positions)};
  if (!scaling.error().empty()) return;
  if (auto scaled = scale_as_llama3(rope, numbers); !scaled) scaling.fail_with(scaled.error().message);
}

/// `rope_parameters` holds base and scaling; before that name came, `rope_scaling` held the scaling alone, and
/// its type was called `type` before it was `rope_type`.
void read_rope(JsonSettings& settings, const ModelConfig& config, RopeConfig& rope) {
  rope.rotary_dim = config.head_dim;
  rope.base = settings.real_or("rope_theta", rope.base);
  double rotary_part = settings.real_or("partial_rotary_factor", 1.0);
  if (settings.has("rope_parameters") && settings.has("rope_scaling")) {
    return settings.fail_with("'rope_parameters' and 'rope_scaling' stand side by side; one of them is expected");
  }
  const char* key = settings.has("rope_parameters") ? "rope_parameters" : "rope_scaling";
  if (const nlohmann::json* object = settings.object_or_null(key)) {
    JsonSettings scaling(*object, std::string(key) + ".");
    rope.base = scaling.real_or("rope_theta", rope.base);
    rotary_part = scaling.real_or("partial_rotary_factor", rotary_part);
    const std::string type = scaling.text_or("rope_type", scaling.text_or("type", "default"));
    if (std::ranges::any_of(*object, [](const nlohmann::json& value) { return value.is_object(); })) {
      refuse(scaling, "RoPE that differs between layers", key);
    } else if (type == "linear") {
      const double factor = scaling.real("factor");
      if (auto scaled = scale_linearly(rope, factor); !scaled) scaling.fail_with(scaled.error().message);
    } else if (type == "llama3") {
      read_llama3_scaling(scaling, config, rope);
    } else if (type != "default") {
      refuse(scaling, "RoPE scaling of type " + quote(type), key);
    }
    if (!scaling.error().empty()) settings.fail_with(scaling.error());
  }
  if (rotary_part != 1.0) refuse(settings, "rotary embedding of a part of each head", "partial_rotary_factor");
}

/// A window matters only where layers use it, and only beyond its length.
void refuse_sliding_window(JsonSettings& settings, const Family& family, const ModelConfig& config) {
  // Here null is not the same as no key: it switches the window off.
  const std::int32_t default_window = settings.is_null("sliding_window") ? 0 : family.default_window;
  const std::int32_t window = settings.integer_or("sliding_window", default_window);
  const bool is_wanted = !family.has_window_flag || settings.flag_or("use_sliding_window", false);
  const std::int32_t first_layer = family.has_window_flag ? settings.integer_or("max_window_layers", 28) : 0;
  bool slides = first_layer < config.num_layers;
  const std::vector<std::string> layer_types = settings.texts_or_none("layer_types");
  if (!layer_types.empty()) slides = false;
  for (const std::string& type : layer_types) {
    if (type == "sliding_attention") {
      slides = true;
    } else if (type != "full_attention") {
      refuse(settings, "a layer of type " + quote(type), "layer_types");
    }
  }
  if (window != 0 && is_wanted && slides && window < config.max_positions) {
    refuse(settings, "a sliding window of " + std::to_string(window) + " positions", "sliding_window");
  }
}

ModelConfig read_config(JsonSettings& settings, const Family& family) {
  ModelConfig config;
  config.architecture = family.architecture;
  config.num_layers = settings.integer("num_hidden_layers");
  config.hidden_size = settings.integer("hidden_size");
  config.ffn_size = settings.integer("intermediate_size");
  config.vocab_size = settings.integer("vocab_size");
  config.max_positions = settings.integer("max_position_embeddings");
  config.num_heads = settings.integer("num_attention_heads");
  config.num_kv_heads = settings.integer_or("num_key_value_heads", config.num_heads);
  config.rms_norm_eps = settings.real("rms_norm_eps");
  config.tied_embeddings = settings.flag_or("tie_word_embeddings", false);
  const bool attention_bias = family.reads_attention_bias && settings.flag_or("attention_bias", false);
  config.qkv_bias = family.always_has_qkv_bias || attention_bias;
  config.output_bias = attention_bias;
  config.qk_norm = family.architecture == "qwen3";

  // A division that leaves a rest is no model of ours; check_model() names the shapes that then do not fit.
  const std::int32_t even_split = config.num_heads > 0 ? config.hidden_size / config.num_heads : 0;
  const std::int32_t default_head_dim = family.default_head_dim != 0 ? family.default_head_dim : even_split;
  config.head_dim = settings.integer_or("head_dim", default_head_dim);
  read_rope(settings, config, config.rope);
  return config;
}

}  // namespace

Result<ModelConfig> read_hugging_face_config(const nlohmann::json& json) {
  JsonSettings settings(json);
  const std::string model_type = settings.text("model_type");
  if (!settings.error().empty()) return fail(settings.error());
  const Family* family = std::ranges::find(kFamilies, model_type, &Family::model_type);
  if (family == std::end(kFamilies)) {
    return fail("model type " + quote(model_type) + " is not supported (llama, mistral, qwen2 and qwen3 are)");
  }
  for (const std::string& name : settings.texts_or_none("architectures")) {
    if (name != family->class_name) settings.fail_with("architecture " + quote(name) + " is not supported");
  }
  for (const Feature& feature : kUnsupported) {
    if (settings.is_on(feature.key)) refuse(settings, feature.name, feature.key);
  }
  const std::string activation = settings.text_or("hidden_act", "silu");
  if (activation != "silu") refuse(settings, "the activation " + quote(activation), "hidden_act");
  ModelConfig config = read_config(settings, *family);
  refuse_sliding_window(settings, *family, config);
  return settings.check().map([&] { return std::move(config); });
}

}  // namespace pml::compiler
