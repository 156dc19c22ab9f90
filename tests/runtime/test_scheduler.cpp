// The scheduler on a fake forward pass, without a model: what joins when, how much a step takes, who is done.
#include <catch2/catch.hpp>
#include <map>
#include <thread>

#include "runtime/generation/scheduler.h"

namespace pml::runtime {
namespace {

constexpr std::int32_t kVocabSize = 50;
const KvShape kShape{1, 1, 2, KvType::f32};

/// A "model": the next token is a function of the positions and tokens that the sequence has shown so far, so a
/// lost, doubled or swapped row changes the answer.
struct FakeModel {
  struct Step {
    std::int32_t num_rows = 0;
    std::int32_t num_sequences = 0;
  };
  std::vector<Step> steps;
  std::map<const KvBuffer*, std::uint64_t> state;

  std::vector<float> forward(std::span<const SequenceInput> inputs) {
    Step step;
    std::vector<float> logits;
    for (const SequenceInput& input : inputs) {
      ++step.num_sequences;
      step.num_rows += static_cast<std::int32_t>(input.tokens.size());
      const bool is_first = input.own->num_rows() == 0;
      input.own->append(input.positions);
      std::uint64_t& hash = state[input.own];
      if (is_first) hash = 17;
      for (std::size_t i = 0; i < input.tokens.size(); ++i) {
        hash = hash * 1000003 + static_cast<std::uint64_t>(input.tokens[i]) * 31 +
               static_cast<std::uint64_t>(input.positions[i]);
      }
      if (!input.wants_logits) continue;
      std::vector<float> own(kVocabSize);
      own[hash % kVocabSize] = 1.0F;
      logits.insert(logits.end(), own.begin(), own.end());
    }
    steps.push_back(step);
    return logits;
  }
  Forward function() {
    return [this](std::span<const SequenceInput> inputs) { return forward(inputs); };
  }
};

GenerationRequest request_of(std::int32_t num_rows, std::int32_t max_tokens, std::int32_t salt) {
  GenerationRequest request;
  for (std::int32_t i = 0; i < num_rows; ++i) {
    request.tokens.push_back((i * 7 + salt) % kVocabSize);
    request.positions.push_back(10 * salt + 2 * i);
  }
  request.options.max_tokens = max_tokens;
  request.options.kv_type = KvType::f32;
  return request;
}

std::vector<TokenId> alone(GenerationRequest request) {
  FakeModel model;
  std::vector<TokenId> tokens;
  request.on_done = [&](Answer answer) { tokens = answer.tokens; };
  Scheduler scheduler(model.function(), kShape, 10000);
  REQUIRE(scheduler.submit(std::move(request)));
  while (scheduler.step()) continue;
  return tokens;
}

}  // namespace

TEST_CASE("scheduler: a request's tokens are those it gets alone, whoever else is there") {
  FakeModel model;
  Scheduler scheduler(model.function(), kShape, 10000, {.max_running = 3, .max_queued = 100, .step_tokens = 20});
  std::vector<std::vector<TokenId>> answers(12);
  for (std::int32_t i = 0; i < 12; ++i) {
    GenerationRequest request = request_of(1 + 9 * (i % 5), 1 + i % 7, i);
    request.on_done = [&answers, i](Answer answer) { answers[i] = answer.tokens; };
    REQUIRE(scheduler.submit(std::move(request)));
    if (i % 3 == 0) scheduler.step();
  }
  while (scheduler.step()) CHECK(scheduler.num_running() <= 3);
  for (std::int32_t i = 0; i < 12; ++i) {
    INFO("request " << i);
    CHECK(answers[i].size() == static_cast<std::size_t>(1 + i % 7));
    CHECK(answers[i] == alone(request_of(1 + 9 * (i % 5), 1 + i % 7, i)));
  }
}

TEST_CASE("scheduler: a long prompt is computed in pieces, and every running request gets its token in every step") {
  FakeModel model;
  Scheduler scheduler(model.function(), kShape, 100000, {.max_running = 8, .max_queued = 8, .step_tokens = 32});
  int num_tokens = 0;
  GenerationRequest quick = request_of(3, 40, 1);
  quick.on_token = [&](TokenId) {
    ++num_tokens;
    return std::nullopt;
  };
  REQUIRE(scheduler.submit(std::move(quick)));
  scheduler.step();
  CHECK(num_tokens == 1);
  REQUIRE(scheduler.submit(request_of(300, 2, 2)));
  for (int step = 2; step <= 11; ++step) {
    scheduler.step();
    CHECK(num_tokens == step);
    CHECK(model.steps.back().num_rows <= 32);
    CHECK(model.steps.back().num_sequences == 2);
  }
}

TEST_CASE("scheduler: first come, first served; the queue is bounded") {
  FakeModel model;
  Scheduler scheduler(model.function(), kShape, 10000, {.max_running = 1, .max_queued = 3, .step_tokens = 8});
  std::vector<int> order;
  for (int i = 0; i < 4; ++i) {
    GenerationRequest request = request_of(4, 2, i);
    request.on_done = [&order, i](Answer) { order.push_back(i); };
    CHECK(scheduler.submit(std::move(request)).has_value() == (i < 3));
  }
  while (scheduler.step()) continue;
  CHECK(order == std::vector<int>{0, 1, 2});
}

TEST_CASE("scheduler: ends, by token, by callback, by length, by cancelling") {
  const auto finish = [](GenerationRequest request, Slot max_positions, std::optional<int> cancel_after) {
    FakeModel model;
    std::string end;
    request.on_done = [&](Answer answer) {
      end = std::string(to_string(answer.finish_reason)) + " " + std::to_string(answer.tokens.size());
    };
    Scheduler scheduler(model.function(), kShape, max_positions);
    const auto id = scheduler.submit(std::move(request));
    for (int step = 0;; ++step) {
      if (cancel_after == step) scheduler.cancel(*id);
      if (!scheduler.step()) return end;
    }
  };
  const std::vector<TokenId> tokens = alone(request_of(5, 6, 3));

  CHECK(finish(request_of(5, 6, 3), 10000, {}) == "length 6");
  GenerationRequest with_end = request_of(5, 6, 3);
  with_end.options.end_tokens = {tokens[2]};
  CHECK(finish(std::move(with_end), 10000, {}) == "stop 3");
  GenerationRequest with_callback = request_of(5, 6, 3);
  with_callback.on_token = [&](TokenId token) -> std::optional<FinishReason> {
    return token == tokens[1] ? std::optional(FinishReason::stop) : std::nullopt;
  };
  CHECK(finish(std::move(with_callback), 10000, {}) == "stop 2");
  CHECK(finish(request_of(5, 6, 3), 41, {}) == "length 3");  // the last live row stands at 38
  CHECK(finish(request_of(5, 6, 3), 39, {}) == "length 1");
  CHECK(finish(request_of(5, 6, 3), 10000, 0) == "cancelled 0");
  CHECK(finish(request_of(5, 6, 3), 10000, 4) == "cancelled 4");
  GenerationRequest forced = request_of(5, 6, 3);
  forced.options.forced_tokens = {1, 2, 3};
  forced.options.end_tokens = {2};
  CHECK(finish(std::move(forced), 10000, {}) == "length 3");
}

TEST_CASE("scheduler: requests come and go from other threads") {
  FakeModel model;
  Scheduler scheduler(model.function(), kShape, 10000, {.max_running = 4, .max_queued = 1000, .step_tokens = 16});
  std::atomic<int> num_done = 0;
  constexpr int kThreads = 4, kEach = 50;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kEach; ++i) {
        GenerationRequest request = request_of(1 + i % 9, 3, thread * kEach + i);
        request.on_done = [&](Answer) { ++num_done; };
        const auto id = scheduler.submit(std::move(request));
        if (id && i % 5 == 0) scheduler.cancel(*id);
      }
    });
  }
  while (num_done < kThreads * kEach) {
    if (!scheduler.step()) std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(num_done == kThreads * kEach);
  CHECK(scheduler.num_queued() == 0);
}

}  // namespace pml::runtime
