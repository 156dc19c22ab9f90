#include "compiler/model_contents.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "compiler/quote.h"

namespace pml::compiler {
namespace {

using Shape = std::vector<std::int64_t>;

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

Result<void> check_config(const ModelConfig& config) {
  const std::pair<const char*, std::int32_t> sizes[] = {
      {"layers", config.num_layers},       {"hidden size", config.hidden_size},
      {"heads", config.num_heads},         {"KV heads", config.num_kv_heads},
      {"head dimension", config.head_dim}, {"feed-forward size", config.ffn_size},
      {"vocabulary", config.vocab_size},   {"context length", config.max_positions},
  };
  for (const auto& [name, size] : sizes) {
    if (size <= 0) return fail(std::string("the model's ") + name + " is " + std::to_string(size));
  }
  if (config.num_heads % config.num_kv_heads != 0) {
    return fail(std::to_string(config.num_heads) + " heads cannot share " + std::to_string(config.num_kv_heads) +
                " KV heads evenly");
  }
  if (config.head_dim % 8 != 0 || config.head_dim > kMaxHeadDim) {
    return fail("the head dimension " + std::to_string(config.head_dim) + " is no multiple of 8 up to " +
                std::to_string(kMaxHeadDim));
  }
  if (config.rope.rotary_dim != config.head_dim) {
    return fail("rotary embedding of " + std::to_string(config.rope.rotary_dim) + " of " +
                std::to_string(config.head_dim) + " dimensions of a head is not supported");
  }
  if (!std::isfinite(config.rope.base) || config.rope.base <= 0) {
    return fail("the RoPE base " + std::to_string(config.rope.base) + " is not a positive number");
  }
  const std::size_t num_divisors = config.rope.divisors.size();
  if (num_divisors != 0 && std::cmp_not_equal(num_divisors, config.rope.rotary_dim / 2)) {
    return fail("RoPE scaling has " + std::to_string(num_divisors) + " divisors, one for each pair is wanted");
  }
  if (!std::isfinite(config.rms_norm_eps) || config.rms_norm_eps < 0) {
    return fail("the RMS norm's epsilon " + std::to_string(config.rms_norm_eps) + " is not a number >= 0");
  }
  return {};
}

/// Finds the tensors that the architecture asks for; the first that is amiss is kept as an error.
class TensorCheck {
 public:
  explicit TensorCheck(const std::vector<TensorInfo>& tensors) {
    for (const TensorInfo& tensor : tensors) {
      if (!unclaimed_.emplace(tensor.name, &tensor).second) {
        keep_error("tensor " + quote(tensor.name) + " stands twice");
      }
    }
  }

  bool ok() const { return error_.empty(); }

  void expect(const std::string& name, const Shape& shape) {
    const auto found = unclaimed_.find(name);
    if (found == unclaimed_.end()) return keep_error("tensor '" + name + "' is missing");
    const TensorInfo& tensor = *found->second;
    if (tensor.shape != shape) {
      return keep_error("tensor '" + name + "' has the shape " + to_string(tensor.shape) + ", expected " +
                        to_string(shape));
    }
    if (row_size(tensor) % block_size(tensor.type).elements != 0 ||
        static_cast<std::int64_t>(tensor.data.size()) != num_rows(tensor) * row_size_bytes(tensor)) {
      return keep_error("tensor '" + name + "' has " + std::to_string(tensor.data.size()) +
                        " bytes, which its shape and type do not make");
    }
    unclaimed_.erase(found);
  }

  Result<void> finish(const std::vector<TensorInfo>& tensors) const {
    if (!error_.empty()) return fail(error_);
    for (const TensorInfo& tensor : tensors) {  // in the file's order, so that the message is stable
      if (unclaimed_.contains(tensor.name)) {
        return fail("tensor " + quote(tensor.name) + " is no part of the architecture as it is supported");
      }
    }
    return {};
  }

 private:
  void keep_error(std::string message) {
    if (error_.empty()) error_ = std::move(message);
  }

  std::unordered_map<std::string_view, const TensorInfo*> unclaimed_;
  std::string error_;
};

}  // namespace

Result<void> check_model(const ModelContents& contents) {
  const ModelConfig& config = contents.config;
  if (auto checked = check_config(config); !checked) return checked;

  const std::int64_t hidden = config.hidden_size;
  const std::int64_t query_size = std::int64_t{config.num_heads} * config.head_dim;
  const std::int64_t kv_size = std::int64_t{config.num_kv_heads} * config.head_dim;
  const std::int64_t ffn = config.ffn_size;
  TensorCheck check(contents.tensors);
  check.expect("model.embed_tokens.weight", {config.vocab_size, hidden});
  if (!config.tied_embeddings) check.expect("lm_head.weight", {config.vocab_size, hidden});
  check.expect("model.norm.weight", {hidden});
  // Stops at the first failure: the number of layers is only a claim until the tensors are seen.
  for (std::int32_t layer = 0; layer < config.num_layers && check.ok(); ++layer) {
    const std::string prefix = "model.layers." + std::to_string(layer) + ".";
    check.expect(prefix + "input_layernorm.weight", {hidden});
    check.expect(prefix + "self_attn.q_proj.weight", {query_size, hidden});
    check.expect(prefix + "self_attn.k_proj.weight", {kv_size, hidden});
    check.expect(prefix + "self_attn.v_proj.weight", {kv_size, hidden});
    check.expect(prefix + "self_attn.o_proj.weight", {hidden, query_size});
    if (config.qkv_bias) {
      check.expect(prefix + "self_attn.q_proj.bias", {query_size});
      check.expect(prefix + "self_attn.k_proj.bias", {kv_size});
      check.expect(prefix + "self_attn.v_proj.bias", {kv_size});
    }
    if (config.output_bias) check.expect(prefix + "self_attn.o_proj.bias", {hidden});
    if (config.qk_norm) {
      check.expect(prefix + "self_attn.q_norm.weight", {config.head_dim});
      check.expect(prefix + "self_attn.k_norm.weight", {config.head_dim});
    }
    check.expect(prefix + "post_attention_layernorm.weight", {hidden});
    check.expect(prefix + "mlp.gate_proj.weight", {ffn, hidden});
    check.expect(prefix + "mlp.up_proj.weight", {ffn, hidden});
    check.expect(prefix + "mlp.down_proj.weight", {hidden, ffn});
  }
  return check.finish(contents.tensors);
}

}  // namespace pml::compiler
