// The forward pass on the real model: bits that must not depend on what else is computed.
#include <catch2/catch.hpp>
#include <cstring>
#include <numeric>

#include "runtime/generate.h"
#include "runtime/generation/scheduler.h"
#include "runtime/model.h"

namespace pml::runtime {
namespace {

struct Loaded {
  compiler::ModelFile file;
  Model model;
};

Loaded& loaded() {
  static Loaded instance = [] {
    auto file = compiler::ModelFile::open(PML_TEST_MODEL);
    REQUIRE(file);
    auto model = Model::load(*file, {});
    REQUIRE(model);
    return Loaded{std::move(*file), std::move(*model)};
  }();
  return instance;
}

std::vector<TokenId> some_tokens(std::int32_t count, std::int32_t seed) {
  std::vector<TokenId> tokens(static_cast<std::size_t>(count));
  for (std::int32_t i = 0; i < count; ++i) tokens[i] = 300 + (i * 7919 + seed * 104729) % 40000;
  return tokens;
}

std::vector<Slot> positions_from(Slot first, std::int32_t count) {
  std::vector<Slot> positions(static_cast<std::size_t>(count));
  std::iota(positions.begin(), positions.end(), first);
  return positions;
}

bool same_bytes(const KvBuffer& a, const KvBuffer& b) {
  return a.k().size() == b.k().size() && std::memcmp(a.k().data(), b.k().data(), a.k().size()) == 0 &&
         std::memcmp(a.v().data(), b.v().data(), a.v().size()) == 0;
}

}  // namespace

TEST_CASE("a sequence gives the same bits alone and in a batch", "[model]") {
  const Model& model = loaded().model;
  const KvShape shape = model.kv_shape(KvType::f32);
  const std::vector<std::int32_t> lengths{1, 17, 37, 3};
  std::vector<std::vector<TokenId>> tokens;
  std::vector<std::vector<Slot>> positions;
  std::vector<KvBuffer> together, alone;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    tokens.push_back(some_tokens(lengths[i], static_cast<std::int32_t>(i)));
    positions.push_back(positions_from(static_cast<Slot>(1000 * i + 5), lengths[i]));
    together.emplace_back(shape, lengths[i]);
    alone.emplace_back(shape, lengths[i]);
  }
  std::vector<SequenceInput> batch;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    batch.push_back({tokens[i], positions[i], {}, &together[i], true});
  }
  const std::vector<float> logits = model.forward(batch);
  const auto vocab = static_cast<std::size_t>(model.config().vocab_size);
  REQUIRE(logits.size() == lengths.size() * vocab);
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    const SequenceInput input{tokens[i], positions[i], {}, &alone[i], true};
    const std::vector<float> own = model.forward({&input, 1});
    CHECK(same_bytes(alone[i], together[i]));
    CHECK(std::memcmp(own.data(), logits.data() + i * vocab, vocab * sizeof(float)) == 0);
  }
}

TEST_CASE("rows that were spliced give what rows of one's own give", "[model]") {
  const Model& model = loaded().model;
  const KvShape shape = model.kv_shape(KvType::f32);
  const auto head = some_tokens(40, 1);
  const auto tail = some_tokens(9, 2);
  KvBuffer first(shape, 40);
  prefill(model, head, positions_from(4000, 40), {}, first, false);
  KvBuffer second(shape, 9);
  const KvView view = first.view();
  const auto spliced = prefill(model, tail, positions_from(4040, 9), {&view, 1}, second, true);

  std::vector<TokenId> all = head;
  all.insert(all.end(), tail.begin(), tail.end());
  KvBuffer whole(shape, 49);
  const auto full = prefill(model, all, positions_from(4000, 49), {}, whole, true);
  float difference = 0.0F;
  for (std::size_t i = 0; i < full.size(); ++i) difference = std::max(difference, std::abs(full[i] - spliced[i]));
  CHECK(difference < 2e-4F);
}

TEST_CASE("a shifted view stands where its rows would have been encoded", "[model]") {
  const Model& model = loaded().model;
  const KvShape shape = model.kv_shape(KvType::f32);
  const auto head = some_tokens(30, 3);
  const auto tail = some_tokens(5, 4);
  std::vector<float> logits[2];
  for (const Slot shift : {0, 4500}) {
    KvBuffer first(shape, 30);
    prefill(model, head, positions_from(4600 - shift, 30), {}, first, false);
    KvView view = first.view();
    view.first = 4600;
    view.shift = shift;
    KvBuffer second(shape, 5);
    logits[shift == 0 ? 0 : 1] = prefill(model, tail, positions_from(4630, 5), {&view, 1}, second, true);
  }
  float difference = 0.0F;
  for (std::size_t i = 0; i < logits[0].size(); ++i) {
    difference = std::max(difference, std::abs(logits[0][i] - logits[1][i]));
  }
  CHECK(difference < 5e-4F);
}

TEST_CASE("requests that are answered together get what they get alone, to the bit", "[model]") {
  const Model& model = loaded().model;
  const KvShape shape = model.kv_shape(KvType::f32);
  KvBuffer shared(shape, 90);
  prefill(model, some_tokens(90, 9), positions_from(20, 90), {}, shared, false);
  const auto request = [&](std::int32_t i) {
    const std::int32_t length = 1 + 23 * i;
    GenerationRequest result;
    result.tokens = some_tokens(length, i);
    // Some of the rows stand before the shared ones.
    for (std::int32_t row = 0; row < length; ++row) result.positions.push_back(row < 3 ? row : 200 + 2 * row);
    if (i % 2 == 0) {  // one copy, at three places
      KvView view = shared.view();
      view.shift = i == 0 ? 0 : i == 2 ? 60 : -10;
      view.first += view.shift;
      result.context = {view};
    }
    result.options.max_tokens = 6 + i % 3;
    result.options.num_logprobs = 3;
    result.options.kv_type = KvType::f32;
    if (i == 3) result.options.sampler = {.temperature = 0.9, .top_k = 50, .seed = 4};
    return result;
  };
  constexpr std::int32_t kCount = 6;
  std::vector<Answer> together(kCount);
  Scheduler scheduler([&](std::span<const SequenceInput> inputs) { return model.forward(inputs); }, shape, 8192,
                      {.max_running = 4, .max_queued = kCount, .step_tokens = 40});
  for (std::int32_t i = 0; i < kCount; ++i) {
    GenerationRequest one = request(i);
    one.on_done = [&together, i](Answer answer) { together[i] = std::move(answer); };
    REQUIRE(scheduler.submit(std::move(one)));
  }
  while (scheduler.step()) continue;
  for (std::int32_t i = 0; i < kCount; ++i) {
    INFO("request " << i);
    const Answer alone = generate(model, request(i));
    CHECK(alone.tokens == together[i].tokens);
    REQUIRE(alone.logprobs.size() == together[i].logprobs.size());
    for (std::size_t step = 0; step < alone.logprobs.size(); ++step) {
      for (std::size_t best = 0; best < 3; ++best) {
        CHECK(alone.logprobs[step][best].id == together[i].logprobs[step][best].id);
        CHECK(alone.logprobs[step][best].logprob == together[i].logprobs[step][best].logprob);
      }
    }
  }
}

}  // namespace pml::runtime
