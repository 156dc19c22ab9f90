#include "compiler/gguf_config.h"

#include <algorithm>
#include <string>

#include "compiler/quote.h"
#include "compiler/rope_scaling.h"

namespace pml::compiler {
namespace {

constexpr std::string_view kArchitectures[] = {"llama", "qwen2", "qwen3"};

/// The settings of one architecture; their keys begin with its name.
class GgufConfig {
 public:
  GgufConfig(GgufMetadata& metadata, std::string_view architecture)
      : metadata_(metadata), prefix_(std::string(architecture) + ".") {}

  ModelConfig read() {
    ModelConfig config;
    config.architecture = prefix_.substr(0, prefix_.size() - 1);
    config.num_layers = metadata_.integer(key("block_count"));
    config.hidden_size = metadata_.integer(key("embedding_length"));
    config.ffn_size = metadata_.integer(key("feed_forward_length"));
    config.max_positions = metadata_.integer(key("context_length"));
    config.num_heads = metadata_.integer(key("attention.head_count"));
    config.num_kv_heads = metadata_.integer_or(key("attention.head_count_kv"), config.num_heads);
    config.rms_norm_eps = metadata_.real(key("attention.layer_norm_rms_epsilon"));
    config.qk_norm = config.architecture == "qwen3";

    // A division that leaves a rest is no model of ours; check_model() names the shapes that then do not fit.
    const std::int32_t even_split = config.num_heads > 0 ? config.hidden_size / config.num_heads : 0;
    config.head_dim = metadata_.integer_or(key("attention.key_length"), even_split);
    if (metadata_.integer_or(key("attention.value_length"), config.head_dim) != config.head_dim) {
      refuse("values of another length than keys", "attention.value_length");
    }
    config.rope.base = metadata_.real_or(key("rope.freq_base"), config.rope.base);
    config.rope.rotary_dim = metadata_.integer_or(key("rope.dimension_count"), config.head_dim);
    read_rope_scaling(config.rope);
    refuse_unsupported_features(config);
    if (const auto unasked = metadata_.first_unasked(prefix_); !unasked.empty()) {
      metadata_.fail_with("the setting " + quote(unasked) + " is not supported");
    }
    return config;
  }

 private:
  std::string key(std::string_view name) const { return prefix_ + std::string(name); }

  void refuse(const std::string& feature, std::string_view name) {
    metadata_.fail_with(feature + " ('" + key(name) + "') is not supported");
  }

  void read_rope_scaling(RopeConfig& rope) {
    metadata_.ignore(key("rope.scaling.original_context_length"));
    metadata_.ignore(key("rope.scaling.finetuned"));
    // Older files give a factor under either name and no type, which means linear scaling.
    const double old_factor = metadata_.real_or(key("rope.scale_linear"), 1.0);
    const double factor = metadata_.real_or(key("rope.scaling.factor"), old_factor);
    const std::string_view type = metadata_.text_or(key("rope.scaling.type"), factor == 1.0 ? "none" : "linear");
    if (type == "linear") {
      if (auto scaled = scale_linearly(rope, factor); !scaled) metadata_.fail_with(scaled.error().message);
    } else if (type != "none") {
      refuse("RoPE scaling of type " + quote(type), "rope.scaling.type");
    } else if (factor != 1.0) {
      refuse("a factor of RoPE scaling beside the type 'none'", "rope.scaling.factor");
    }
  }

  /// Settings that have to be absent or without effect, each with the feature that it would switch on.
  void refuse_unsupported_features(const ModelConfig& config) {
    for (const char* name : {"expert_count", "expert_used_count"}) {
      if (metadata_.integer_or(key(name), 0) != 0) refuse("a mixture of experts", name);
    }
    const std::int32_t window = metadata_.integer_or(key("attention.sliding_window"), 0);
    if (window != 0 && window < config.max_positions) refuse("a sliding window", "attention.sliding_window");
    if (!metadata_.flag_or(key("attention.causal"), true)) {
      refuse("attention that is not causal", "attention.causal");
    }
    metadata_.ignore(key("tensor_data_layout"));
    metadata_.ignore(key("vocab_size"));  // compared with the tokenizer's
  }

  GgufMetadata& metadata_;
  std::string prefix_;
};

}  // namespace

bool is_gguf_architecture(std::string_view architecture) {
  return std::ranges::find(kArchitectures, architecture) != std::end(kArchitectures);
}

ModelConfig read_gguf_config(GgufMetadata& metadata, std::string_view architecture) {
  return GgufConfig(metadata, architecture).read();
}

}  // namespace pml::compiler
