#include "runtime/model.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "compiler/dequantize.h"
#include "grammar/check.h"
#include "runtime/batch.h"
#include "runtime/cpu/elementwise.h"
#include "runtime/rope.h"
#include "runtime/segment_attention.h"
#include "runtime/threads.h"
#include "runtime/weights.h"

namespace pml::runtime {
namespace {

/// Of row-wise steps: fewer are not worth another thread.
constexpr std::int64_t kRowsAtOnce = 4;

/// How rows are rounded for packed weights. Fewer generated tokens than this are multiplied as fast in integers.
/// Prompts are rounded in one way, however many rows are in the pass: what is stored does not depend on it.
constexpr std::int64_t kLeastBf16Rows = 8;

cpu::InputForm input_form(WeightType weights, std::span<const SequenceInput> sequences) {
  const bool all_generating = std::all_of(sequences.begin(), sequences.end(),
                                          [](const SequenceInput& sequence) { return sequence.is_generating; });
  const bool is_small = all_generating && sequences.size() < kLeastBf16Rows && weights != WeightType::bf16;
  return cpu::has_bf16_products() && !is_small ? cpu::InputForm::bf16 : cpu::InputForm::integers;
}

}  // namespace

struct Model::Impl {
  Impl(const compiler::ModelFile& file, const ModelOptions& options)
      : config(file.config()), rope(config.rope), weights(load_weights(file, options)), weight_type(options.weights) {}

  at::Tensor embed(std::span<const SequenceInput> sequences, std::int64_t num_rows) const {
    at::Tensor x = at::empty({num_rows, config.hidden_size}, at::kFloat);
    float* out = x.data_ptr<float>();
    for (const SequenceInput& sequence : sequences) {
      for (const TokenId token : sequence.tokens) {
        PML_CHECK(token >= 0 && token < config.vocab_size, "a token is in the vocabulary");
        compiler::dequantize_rows(weights.embedding, token, 1, out);
        out += config.hidden_size;
      }
    }
    return x;
  }

  /// The rows of x, normed, as the input of `linear`.
  void normalize(const at::Tensor& x, const at::Tensor& weight, const Linear& linear, cpu::InputForm form,
                 LinearInput& result) const {
    result.prepare(linear, x.size(0), form);
    const float* from = x.const_data_ptr<float>();
    const std::int64_t size = x.size(1);
    for_pieces(x.size(0), kRowsAtOnce, [&](std::int64_t begin, std::int64_t end) {
      std::vector<float> normed(static_cast<std::size_t>(size));
      for (std::int64_t row = begin; row < end; ++row) {
        cpu::rms_norm(from + row * size, weight.const_data_ptr<float>(), static_cast<float>(config.rms_norm_eps), size,
                      normed.data());
        result.set(row, normed.data());
      }
    });
  }

  /// silu(gate) * up of [rows, gate and up], as the input of `linear`.
  static void activate(const at::Tensor& gate_up, const Linear& linear, cpu::InputForm form, LinearInput& result) {
    result.prepare(linear, gate_up.size(0), form);
    const std::int64_t size = gate_up.size(1) / 2;
    for_pieces(gate_up.size(0), kRowsAtOnce, [&](std::int64_t begin, std::int64_t end) {
      std::vector<float> product(static_cast<std::size_t>(size));
      for (std::int64_t row = begin; row < end; ++row) {
        const float* gate = gate_up.const_data_ptr<float>() + row * 2 * size;
        cpu::silu_multiply(gate, gate + size, size, product.data());
        result.set(row, product.data());
      }
    });
  }

  /// What one forward pass keeps between layers.
  struct Scratch {
    cpu::InputForm form = cpu::InputForm::integers;
    std::vector<float> cosine, sine;  // [num_rotated, half]
    std::vector<float> queries;       // [num_rotated, num_heads, head_dim]
    std::vector<float> attended;      // [num_tokens, num_heads, head_dim]
    std::optional<cpu::SegmentAttention> attention;
    LinearInput qkv_input, output_input, gate_up_input, down_input;
    at::Tensor qkv, gate_up;
  };

  Scratch make_scratch(const Batch& batch, cpu::InputForm form) const {
    Scratch scratch;
    scratch.form = form;
    const std::int64_t half = rope.half();
    scratch.cosine.resize(batch.queries().size() * half);
    scratch.sine.resize(scratch.cosine.size());
    for_rows(static_cast<std::int64_t>(batch.queries().size()), [&](std::int64_t row) {
      rope.angles(batch.queries()[row].position, scratch.cosine.data() + row * half, scratch.sine.data() + row * half);
    });
    scratch.queries.resize(batch.queries().size() * config.num_heads * config.head_dim);
    scratch.attended.resize(static_cast<std::size_t>(batch.num_tokens()) * config.num_heads * config.head_dim);
    return scratch;
  }

  /// Norms every head of Q and K in place, [num_rows, qkv].
  void normalize_heads(const LayerWeights& layer, std::int64_t num_rows, at::Tensor& qkv) const {
    const auto eps = static_cast<float>(config.rms_norm_eps);
    const float* q_scale = layer.q_norm.const_data_ptr<float>();
    const float* k_scale = layer.k_norm.const_data_ptr<float>();
    float* rows = qkv.data_ptr<float>();
    for_rows(num_rows, [&](std::int64_t row) {
      float* head = rows + row * qkv.size(1);
      for (std::int32_t i = 0; i < config.num_heads + config.num_kv_heads; ++i, head += config.head_dim) {
        cpu::rms_norm(head, i < config.num_heads ? q_scale : k_scale, eps, config.head_dim, head);
      }
    });
  }

  /// Splits [num_rows, qkv] into queries and keys, which are rotated, and values. Queries go to the scratch, keys and
  /// values to the sequences' own rows.
  void rotate(const at::Tensor& qkv, std::int32_t layer, const Batch& batch, Scratch& scratch) const {
    const std::int64_t head_dim = config.head_dim;
    const std::int64_t query_size = config.num_heads * head_dim;
    const std::int64_t kv_size = config.num_kv_heads * head_dim;
    const std::int64_t half = rope.half();
    const float* from = qkv.const_data_ptr<float>();
    for_pieces(static_cast<std::int64_t>(batch.queries().size()), kRowsAtOnce,
               [&](std::int64_t begin, std::int64_t end) {
                 std::vector<float> keys(static_cast<std::size_t>(kv_size));
                 for (std::int64_t row = begin; row < end; ++row) {
                   const float* source = from + batch.queries()[row].source * qkv.size(1);
                   const float* cosine = scratch.cosine.data() + row * half;
                   const float* sine = scratch.sine.data() + row * half;
                   for (std::int64_t head = 0; head < config.num_heads; ++head) {
                     cpu::rotate(source + head * head_dim, cosine, sine, half,
                                 scratch.queries.data() + row * query_size + head * head_dim);
                   }
                   // The first rows are the batch's own, at their own positions: the ones that keys are rotated for.
                   if (row >= batch.num_tokens()) continue;
                   const float* key = source + query_size;
                   for (std::int64_t head = 0; head < config.num_kv_heads; ++head) {
                     cpu::rotate(key + head * head_dim, cosine, sine, half, keys.data() + head * head_dim);
                   }
                   const Batch::OwnRow own = batch.own_row(static_cast<std::int32_t>(row));
                   own.buffer->write(layer, own.row, 1, keys.data(), key + kv_size);
                 }
               });
  }

  /// Attention is rounded as products are: in bf16 all of it, with integers where it pays.
  AttentionRounding rounding(cpu::InputForm form) const {
    if (weight_type == WeightType::f32) return AttentionRounding::none;
    return form == cpu::InputForm::bf16 ? AttentionRounding::all : AttentionRounding::wide;
  }

  /// `segments`: of one layer.
  AttentionArguments attention_arguments(const Batch& batch, std::span<const AttentionSegment> segments,
                                         Scratch& scratch) const {
    AttentionArguments arguments;
    arguments.num_heads = config.num_heads;
    arguments.num_kv_heads = config.num_kv_heads;
    arguments.head_dim = config.head_dim;
    arguments.num_queries = batch.num_tokens();
    arguments.rounding = rounding(scratch.form);
    arguments.scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(config.head_dim)));
    arguments.queries = scratch.queries.data();
    arguments.segments = segments;
    arguments.parts = batch.parts();
    arguments.out = scratch.attended.data();
    return arguments;
  }

  void attend(std::int32_t layer, const Batch& batch, Scratch& scratch) const {
    const std::vector<AttentionSegment> segments = batch.segments(layer);
    const AttentionArguments arguments = attention_arguments(batch, segments, scratch);
    if (!scratch.attention) scratch.attention.emplace(arguments);
    scratch.attention->run(arguments, kParallelFor);
  }

  /// `wants_output`: false where only the layer's KV are wanted.
  void run_layer(std::int32_t index, const Batch& batch, Scratch& scratch, at::Tensor& x, bool wants_output) const {
    const LayerWeights& layer = weights.layers[static_cast<std::size_t>(index)];
    normalize(x, layer.input_norm, layer.qkv, scratch.form, scratch.qkv_input);
    layer.qkv.multiply(scratch.qkv_input, scratch.qkv);
    if (config.qk_norm) normalize_heads(layer, batch.num_tokens(), scratch.qkv);
    rotate(scratch.qkv, index, batch, scratch);
    if (!wants_output) return;
    attend(index, batch, scratch);
    scratch.output_input.prepare(layer.output, x.size(0), scratch.form);
    for_rows(x.size(0), [&](std::int64_t row) {
      scratch.output_input.set(row, scratch.attended.data() + row * layer.output.num_inputs());
    });
    layer.output.add_to(x, scratch.output_input);
    normalize(x, layer.mlp_norm, layer.gate_up, scratch.form, scratch.gate_up_input);
    if (layer.gate_up.can_multiply_gated(scratch.form) && layer.down.is_packed()) {
      layer.gate_up.multiply_gated(scratch.gate_up_input, layer.down, scratch.down_input);
    } else {
      layer.gate_up.multiply(scratch.gate_up_input, scratch.gate_up);
      activate(scratch.gate_up, layer.down, scratch.form, scratch.down_input);
    }
    layer.down.add_to(x, scratch.down_input);
  }

  static std::int64_t count_logits(std::span<const SequenceInput> sequences) {
    std::int64_t count = 0;
    for (const SequenceInput& sequence : sequences) count += sequence.num_logits;
    return count;
  }

  std::vector<float> logits(std::span<const SequenceInput> sequences, const at::Tensor& x) const {
    const std::int64_t wanting = count_logits(sequences);
    if (wanting == 0) return {};
    at::Tensor last = at::empty({wanting, config.hidden_size}, at::kFloat);
    const auto row_size = static_cast<std::size_t>(config.hidden_size);
    float* to = last.data_ptr<float>();
    const float* end = x.const_data_ptr<float>();
    for (const SequenceInput& sequence : sequences) {
      end += sequence.tokens.size() * row_size;
      const std::size_t count = static_cast<std::size_t>(sequence.num_logits) * row_size;
      std::copy_n(end - count, count, to);
      to += count;
    }
    LinearInput input;
    normalize(last, weights.norm, weights.head, cpu::InputForm::integers, input);
    at::Tensor result;
    weights.head.multiply(input, result);
    const float* from = result.const_data_ptr<float>();
    return {from, from + wanting * config.vocab_size};
  }

  compiler::ModelConfig config;
  Rope rope;
  Weights weights;
  WeightType weight_type;
};

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

Result<Model> Model::load(const compiler::ModelFile& file, const ModelOptions& options) {
  if (options.device != "cpu") {
    return fail("the device `" + options.device + "` is not in this build; `cpu` is");
  }
  set_num_threads(options.num_threads);
  // Products of packed weights are ours, and so are all loops around them. A second set of threads would only be in
  // the way of the first.
  const bool all_packed =
      options.weights != WeightType::f32 && (options.weights != WeightType::bf16 || cpu::has_bf16_products());
  at::set_num_threads(all_packed ? 1 : num_threads());
  const c10::InferenceMode guard;
  return Model(std::make_unique<Impl>(file, options));
}

const compiler::ModelConfig& Model::config() const { return impl_->config; }

KvShape Model::kv_shape(KvType type) const {
  return {impl_->config.num_layers, impl_->config.num_kv_heads, impl_->config.head_dim, type};
}

std::vector<float> Model::forward(std::span<const SequenceInput> sequences, const ShowQueries& show) const {
  const c10::InferenceMode guard;
  const Batch batch(sequences);
  const std::int64_t num_rows = batch.num_tokens();
  Impl::Scratch scratch = impl_->make_scratch(batch, input_form(impl_->weight_type, sequences));
  at::Tensor x = impl_->embed(sequences, num_rows);
  const bool wants_logits = Impl::count_logits(sequences) > 0;
  for (std::int32_t layer = 0; layer < impl_->config.num_layers; ++layer) {
    const bool is_last = layer + 1 == impl_->config.num_layers;
    impl_->run_layer(layer, batch, scratch, x, !is_last || wants_logits);
    if (show) show(scratch.queries.data());
  }
  return impl_->logits(sequences, x);
}

std::vector<float> prefill(const Model& model, std::span<const TokenId> tokens, std::span<const Slot> positions,
                           std::span<const KvView> context, KvBuffer& own, std::int32_t num_logits) {
  std::vector<float> logits;
  const std::size_t first_wanted = tokens.size() - static_cast<std::size_t>(num_logits);
  for (std::size_t begin = 0; begin < tokens.size(); begin += Model::kMaxRows) {
    const std::size_t end = std::min<std::size_t>(begin + Model::kMaxRows, tokens.size());
    SequenceInput input;
    input.tokens = tokens.subspan(begin, end - begin);
    input.positions = positions.subspan(begin, end - begin);
    input.context = context;
    input.own = &own;
    input.num_logits = static_cast<std::int32_t>(end - std::clamp(first_wanted, begin, end));
    const std::vector<float> some = model.forward({&input, 1});
    logits.insert(logits.end(), some.begin(), some.end());
  }
  return logits;
}

}  // namespace pml::runtime
