// A decoder of the Llama family, ready to compute: weights converted once, and the one forward pass that
// compiling, answering and checking share.
//
// Immutable after load(); forward() may be called from one thread at a time. LibTorch stays in model.cpp.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "compiler/model_file.h"
#include "runtime/model_options.h"
#include "runtime/sequence.h"

namespace pml::runtime {

class Model {
 public:
  /// Converts the weights, or maps them as they were packed before. Fails on a device that this build does not have.
  /// The file must outlive the model.
  static Result<Model> load(const compiler::ModelFile& file, const ModelOptions& options);

  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;
  ~Model();

  const compiler::ModelConfig& config() const;
  KvShape kv_shape(KvType type) const;

  /// One pass over the new tokens of all sequences. Returns the logits that the sequences want, of their last tokens,
  /// in order: [sum of num_logits, vocab_size], f32.
  ///
  /// A row's result depends on its own sequence alone, to the bit: not on the number of threads, not on which
  /// other sequences are in the batch. Except with packed weights where the processor has tiles (AMX): then a generated
  /// token is rounded otherwise among many rows than among few. Prompts are not.
  std::vector<float> forward(std::span<const SequenceInput> sequences) const { return forward(sequences, {}); }
  /// Shows the queries of every layer, as they are rotated for the rows' own positions: [num_rows, num_heads,
  /// head_dim].
  using ShowQueries = std::function<void(const float* queries)>;
  std::vector<float> forward(std::span<const SequenceInput> sequences, const ShowQueries& show) const;

  /// Rows that one forward pass takes at most; longer inputs are split by prefill().
  static constexpr std::int32_t kMaxRows = 256;

 private:
  struct Impl;
  explicit Model(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Computes `tokens` at `positions` after `context`, in chunks of a fixed size, appending their KV to `own`.
/// Returns the logits of the last `num_logits` tokens, [num_logits, vocab_size]. The rows' bytes depend on tokens,
/// positions and context alone.
std::vector<float> prefill(const Model& model, std::span<const TokenId> tokens, std::span<const Slot> positions,
                           std::span<const KvView> context, KvBuffer& own, std::int32_t num_logits);

}  // namespace pml::runtime
