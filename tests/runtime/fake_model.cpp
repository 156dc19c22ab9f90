#include "runtime/fake_model.h"

#include <array>
#include <cstring>

namespace pml::runtime {
namespace {

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t hash = (a ^ (b + 0x9E3779B97F4A7C15U + (a << 6U) + (a >> 2U))) * 0xBF58476D1CE4E5B9U;
  return hash ^ (hash >> 29U);
}

/// 64 bits in a row: two floats of its key and two of its value hold 16 each.
std::uint64_t read_row(const std::byte* k, const std::byte* v, std::int64_t row) {
  std::array<float, 4> parts{};
  std::memcpy(parts.data(), k + row * 8, 8);
  std::memcpy(parts.data() + 2, v + row * 8, 8);
  std::uint64_t hash = 0;
  for (const float part : parts) hash = (hash << 16U) | static_cast<std::uint64_t>(part);
  return hash;
}

void write_row(KvBuffer& buffer, std::int64_t row, std::uint64_t hash) {
  std::array<float, 4> parts{};
  for (std::size_t i = 0; i < 4; ++i) parts[i] = static_cast<float>((hash >> (48U - 16U * i)) & 0xFFFFU);
  buffer.write(0, row, 1, parts.data(), parts.data() + 2);
}

/// What the row at `index` of the sequence's own rows sees. A sum: rows are a set, whatever order they came in.
std::uint64_t hash_seen(const SequenceInput& input, std::int64_t index) {
  const KvBuffer& own = *input.own;
  const Slot position = own.positions()[static_cast<std::size_t>(index)];
  std::uint64_t sum = 17;
  for (std::int64_t row = 0; row < index; ++row) {
    sum += mix(read_row(own.k().data(), own.v().data(), row),
               static_cast<std::uint64_t>(own.positions()[static_cast<std::size_t>(row)]));
  }
  for (const KvView& view : input.context) {
    for (Slot row = 0; row < view.num_rows && view.first + row <= position; ++row) {
      sum += mix(mix(read_row(view.k, view.v, row), static_cast<std::uint64_t>(view.first + row)),
                 static_cast<std::uint64_t>(view.shift));
    }
  }
  return sum;
}

}  // namespace

std::vector<float> FakeModel::forward(std::span<const SequenceInput> inputs) {
  std::vector<std::int64_t> first_rows;
  for (const SequenceInput& input : inputs) first_rows.push_back(input.own->append(input.positions));
  if (fault) fault(inputs);
  Step step;
  std::vector<float> logits;
  for (std::size_t at = 0; at < inputs.size(); ++at) {
    const SequenceInput& input = inputs[at];
    ++step.num_sequences;
    step.num_rows += static_cast<std::int32_t>(input.tokens.size());
    std::uint64_t hash = 0;
    for (std::size_t i = 0; i < input.tokens.size(); ++i) {
      const std::int64_t row = first_rows[at] + static_cast<std::int64_t>(i);
      const auto token = static_cast<std::uint64_t>(input.tokens[i]);
      hash = mix(mix(hash_seen(input, row), token), static_cast<std::uint64_t>(input.positions[i]));
      write_row(*input.own, row, hash);
    }
    if (input.num_logits == 0) continue;
    std::vector<float> own(kVocabSize);
    own[hash % kVocabSize] = 1.0F;
    logits.insert(logits.end(), own.begin(), own.end());
  }
  steps.push_back(step);
  return logits;
}

Answer answer_alone(GenerationRequest request, Slot max_positions) {
  FakeModel model;
  Answer answer;
  request.on_done = [&](Answer done) { answer = std::move(done); };
  Scheduler scheduler(model.function(), FakeModel::kShape, max_positions);
  REQUIRE(scheduler.submit(std::move(request)));
  while (scheduler.step()) continue;
  return answer;
}

}  // namespace pml::runtime
