#include "runtime/ranking.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>

#include "runtime/rope.h"

namespace pml::runtime {
namespace {

at::ScalarType scalar_type(KvType type) {
  return type == KvType::f32 ? at::kFloat : type == KvType::f16 ? at::kHalf : at::kBFloat16;
}

/// One layer of keys or values as f32: [num_kv_heads, num_rows, head_dim]. `data`: [layers, kv_heads, capacity, dim].
at::Tensor layer_of(const std::byte* data, const KvShape& shape, std::int64_t capacity, std::int64_t num_rows,
                    std::int32_t layer) {
  const auto all = at::from_blob(const_cast<std::byte*>(data),  // only read
                                 {shape.num_layers, shape.num_kv_heads, capacity, shape.head_dim},
                                 at::TensorOptions(scalar_type(shape.type)));
  return all[layer].narrow(1, 0, num_rows).to(at::kFloat);
}

/// Keys as they are `shift` positions further on.
at::Tensor relocated(const at::Tensor& keys, const Rope& rope, Slot shift) {
  if (shift == 0) return keys;
  const std::int64_t half = rope.half();
  at::Tensor cosine = at::empty({half}), sine = at::empty({half});
  rope.angles(shift, cosine.data_ptr<float>(), sine.data_ptr<float>());
  const at::Tensor first = keys.narrow(2, 0, half), second = keys.narrow(2, half, half);
  at::Tensor result = keys.clone();
  result.narrow(2, 0, half).copy_(first * cosine - second * sine);
  result.narrow(2, half, half).copy_(second * cosine + first * sine);
  return result;
}

/// A segment that is measured: where its rows are in the prompt, and its artifact.
struct Measured {
  const compiler::PlannedSegment& segment;
  const Artifact& artifact;
  std::int64_t first_row = 0;
};

}  // namespace

Ranker::Ranker(const Model& model, KvType kv_type, std::size_t num_nodes)
    : model_(model), kv_type_(kv_type), sums_(num_nodes), counts_(num_nodes, 0) {}

void Ranker::add(const compiler::Plan& plan, const std::vector<std::shared_ptr<const Artifact>>& artifacts) {
  const c10::InferenceMode guard;
  std::vector<TokenId> tokens;
  std::vector<Slot> positions;
  for (const compiler::PlannedRow& row : plan.rows) {
    tokens.push_back(row.token);
    positions.push_back(row.position);
  }
  std::vector<Measured> measured;
  std::size_t next_artifact = 0;
  std::int64_t next_row = 0;
  for (const compiler::PlannedSegment& segment : plan.segments) {
    if (!segment.present) continue;
    if (segment.artifact != compiler::kNone) {
      const Artifact& artifact = *artifacts.at(next_artifact++);
      if (!segment.exact) measured.push_back({segment, artifact, next_row});
    }
    next_row += static_cast<std::int64_t>(segment.tokens.size());
  }
  if (measured.empty()) return;

  // The exact prompt, its last rows in a pass of their own whose queries are looked at.
  const compiler::ModelConfig& config = model_.config();
  const KvShape shape = model_.kv_shape(kv_type_);
  const auto num_rows = static_cast<std::int64_t>(tokens.size());
  const std::int64_t num_later = std::min(kLaterRows, num_rows);
  const auto num_before = static_cast<std::size_t>(num_rows - num_later);
  KvBuffer own(shape, num_rows);
  prefill(model_, std::span(tokens).first(num_before), std::span(positions).first(num_before), {}, own, 0);
  std::vector<at::Tensor> queries;  // by layer: [num_heads, num_later, head_dim]
  SequenceInput last;
  last.tokens = std::span(tokens).subspan(num_before);
  last.positions = std::span(positions).subspan(num_before);
  last.own = &own;
  last.num_logits = 1;  // without, the last layer would not attend
  model_.forward({&last, 1}, [&](const float* rotated) {
    queries.push_back(at::from_blob(const_cast<float*>(rotated), {num_later, config.num_heads, config.head_dim})
                          .transpose(0, 1)
                          .contiguous());
  });

  const Rope rope(config.rope);
  const auto scale = 1.0 / std::sqrt(static_cast<double>(config.head_dim));
  const std::int64_t group = config.num_heads / config.num_kv_heads;
  // Row i of the later ones sees the rows up to num_before + i.
  const at::Tensor hidden = at::full({num_later, num_rows}, -INFINITY).triu(static_cast<std::int64_t>(num_before) + 1);
  std::vector<at::Tensor> worth;
  for (const Measured& one : measured) worth.push_back(at::zeros({one.segment.num_cached}));
  for (std::int32_t layer = 0; layer < config.num_layers; ++layer) {
    const at::Tensor keys = layer_of(own.k().data(), shape, own.capacity(), num_rows, layer);
    const at::Tensor values = layer_of(own.v().data(), shape, own.capacity(), num_rows, layer);
    // [kv_heads, group * num_later, rows]
    const at::Tensor query =
        (queries[static_cast<std::size_t>(layer)] * scale).view({config.num_kv_heads, group * num_later, -1});
    const at::Tensor scores = at::bmm(query, keys.transpose(1, 2)) + hidden.repeat({group, 1});
    const at::Tensor total = scores.logsumexp(2, /*keepdim=*/true);
    const at::Tensor weights = (scores - total).exp();
    for (std::size_t i = 0; i < measured.size(); ++i) {
      const Measured& one = measured[i];
      const std::int64_t count = one.segment.num_cached;
      const KvView& view = one.artifact.view();
      const at::Tensor old_keys =
          relocated(layer_of(view.k, view.shape, view.capacity, count, layer), rope, one.segment.shift);
      const at::Tensor old_values = layer_of(view.v, view.shape, view.capacity, count, layer);
      const at::Tensor new_values = values.narrow(1, one.first_row, count);
      const at::Tensor a = weights.narrow(2, one.first_row, count);
      const at::Tensor seen = hidden.repeat({group, 1}).narrow(1, one.first_row, count);
      const at::Tensor b = (at::bmm(query, old_keys.transpose(1, 2)) + seen - total).exp();
      const auto length = [](const at::Tensor& x, const at::Tensor& y) { return (x * y).sum(2).unsqueeze(1); };
      const at::Tensor difference = a * a * length(new_values, new_values) -
                                    2.0 * a * b * length(new_values, old_values) +
                                    b * b * length(old_values, old_values);
      worth[i] += difference.clamp_min(0.0).sqrt().sum({0, 1});
    }
  }
  for (std::size_t i = 0; i < measured.size(); ++i) {
    const compiler::PlannedSegment& segment = measured[i].segment;
    std::vector<float>& sum = sums_[static_cast<std::size_t>(segment.artifact)];
    sum.resize(segment.tokens.size(), 0.0F);
    const float* values = worth[i].const_data_ptr<float>();
    for (std::int32_t j = 0; j < segment.num_cached; ++j) sum[static_cast<std::size_t>(j)] += values[j];
    ++counts_[static_cast<std::size_t>(segment.artifact)];
  }
}

compiler::Ranking Ranker::ranking() const {
  compiler::Ranking ranking = sums_;
  for (std::size_t node = 0; node < ranking.size(); ++node) {
    for (float& worth : ranking[node]) worth /= static_cast<float>(counts_[node]);
  }
  return ranking;
}

}  // namespace pml::runtime
