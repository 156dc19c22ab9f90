// A "model" without weights, for what is around the forward pass.
#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <span>
#include <vector>

#include "runtime/generation/scheduler.h"

namespace pml::runtime {

/// What a row holds and the next token are a hash of everything that the row sees: its own token and position, and what
/// the rows before it hold, in the request's own memory and in its views. So a row that is lost, doubled, swapped or
/// not the request's changes the answer.
struct FakeModel {
  static constexpr std::int32_t kVocabSize = 50;
  static constexpr KvShape kShape{1, 1, 2, KvType::f32};

  struct Step {
    std::int32_t num_rows = 0;
    std::int32_t num_sequences = 0;
  };
  std::vector<Step> steps;
  /// May throw, as a real forward pass does: when the rows are appended, and nothing else is done.
  std::function<void(std::span<const SequenceInput>)> fault;

  /// Logits as Model::forward gives them.
  std::vector<float> forward(std::span<const SequenceInput> inputs);
  Forward function() {
    return [this](std::span<const SequenceInput> inputs) { return forward(inputs); };
  }
};

/// What the request gets from a scheduler of its own.
Answer answer_alone(GenerationRequest request, Slot max_positions);

}  // namespace pml::runtime
