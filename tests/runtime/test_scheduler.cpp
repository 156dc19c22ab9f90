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
  /// May throw, as a real forward pass does: when the rows are appended, and nothing else is done.
  std::function<void(std::span<const SequenceInput>)> fault;

  std::vector<float> forward(std::span<const SequenceInput> inputs) {
    Step step;
    std::vector<float> logits;
    for (const SequenceInput& input : inputs) input.own->append(input.positions);
    if (fault) fault(inputs);
    for (const SequenceInput& input : inputs) {
      ++step.num_sequences;
      step.num_rows += static_cast<std::int32_t>(input.tokens.size());
      const bool is_first = input.own->num_rows() == static_cast<std::int64_t>(input.tokens.size());
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

TEST_CASE("scheduler: what throws fails alone, and the others get what they get alone") {
  constexpr std::int32_t kWrong = 4;  // the request that something happens to
  struct Row {
    const char* what;
    std::function<void(std::span<const SequenceInput>)> fault;
    std::function<void(GenerationRequest&)> change;
    std::string error;
    std::size_t num_tokens;  // of the one that fails, before it does
  };
  const auto has_wrong_row = [](std::span<const SequenceInput> inputs, std::size_t num_positions) {
    return std::any_of(inputs.begin(), inputs.end(), [&](const SequenceInput& input) {
      return input.own->positions().front() == 10 * kWrong && input.own->positions().size() >= num_positions;
    });
  };
  const std::vector<Row> rows{
      {"in the prompt's first piece",
       [&](auto inputs) {
         if (has_wrong_row(inputs, 1)) throw std::bad_alloc();
       },
       {},
       "out of memory",
       0},
      {"in the prompt's second piece",
       [&](auto inputs) {
         if (has_wrong_row(inputs, 21)) throw std::runtime_error("it broke\nin many lines");
       },
       {},
       "it broke",
       0},
      {"while it generates",
       [&](auto inputs) {
         if (has_wrong_row(inputs, 43)) throw std::runtime_error("DefaultCPUAllocator: not enough memory");
       },
       {},
       "out of memory",
       2},
      {"in its callback",
       {},
       [](GenerationRequest& request) {
         request.on_token = [](TokenId) -> std::optional<FinishReason> { throw std::runtime_error("no disk"); };
       },
       "no disk",
       1},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    FakeModel model;
    model.fault = row.fault;
    Scheduler scheduler(model.function(), kShape, 10000, {.max_running = 3, .max_queued = 100, .step_tokens = 20});
    std::vector<std::vector<Answer>> answers(8);
    for (int round = 0; round < 2; ++round) {  // it can be used afterwards
      for (std::int32_t i = 0; i < 8; ++i) {
        GenerationRequest request = request_of(5 + 9 * i, 7, i);
        if (i == kWrong && row.change) row.change(request);
        request.on_done = [&answers, i](Answer answer) { answers[i].push_back(std::move(answer)); };
        REQUIRE(scheduler.submit(std::move(request)));
      }
      while (scheduler.step()) continue;
    }
    for (std::int32_t i = 0; i < 8; ++i) {
      INFO("request " << i);
      const std::vector<TokenId> expected = alone(request_of(5 + 9 * i, 7, i));
      REQUIRE(answers[i].size() == 2);
      for (const Answer& answer : answers[i]) {
        const std::size_t count = i == kWrong ? row.num_tokens : 7;
        CHECK(answer.finish_reason == (i == kWrong ? FinishReason::failed : FinishReason::length));
        CHECK(answer.error == (i == kWrong ? row.error : ""));
        CHECK(answer.tokens == std::vector<TokenId>(expected.begin(), expected.begin() + count));
      }
    }
  }
}

TEST_CASE("scheduler: a request whose memory cannot be had fails, and one that is out of range is not taken") {
  FakeModel model;
  // 2^56 bytes a row: 150 rows are more than can be addressed.
  Scheduler scheduler(model.function(), {1 << 30, 1 << 14, 1 << 10, KvType::f32}, 10000);
  std::vector<std::string> errors;
  GenerationRequest large = request_of(150, 1, 1);
  large.on_done = [&](Answer answer) { errors.push_back(answer.error); };
  REQUIRE(scheduler.submit(std::move(large)));
  CHECK_FALSE(scheduler.step());
  CHECK(errors == std::vector<std::string>{"out of memory"});

  GenerationRequest wrong = request_of(3, 1, 1);
  wrong.options.sampler.top_p = 0.0;
  wrong.on_done = [&](Answer) { errors.push_back("called"); };
  const auto id = scheduler.submit(std::move(wrong));
  REQUIRE_FALSE(id);
  CHECK(id.error().message == "top_p must be above 0 and at most 1");
  CHECK_FALSE(scheduler.step());
  CHECK(errors.size() == 1);
}

TEST_CASE("scheduler: memory comes page by page, and a request for which there is none fails alone") {
  FakeModel model;
  const std::size_t page = 2 * kShape.size_bytes(KvBuffer::kPageRows);
  SchedulerOptions options;
  options.own_kv_bytes = 5 * page;
  Scheduler scheduler(model.function(), kShape, 1 << 20, options);
  std::vector<Answer> answers(3);
  const auto submit = [&](std::size_t index, std::int32_t max_tokens) {
    GenerationRequest request = request_of(10, max_tokens, static_cast<std::int32_t>(index));
    request.on_done = [&, index](Answer answer) { answers[index] = std::move(answer); };
    REQUIRE(scheduler.submit(std::move(request)));
  };
  submit(0, 1 << 19);
  submit(1, 40);
  while (scheduler.step()) continue;
  CHECK(answers[1].finish_reason == FinishReason::length);
  CHECK(answers[1].private_bytes == 2 * page);  // 49 rows
  CHECK(answers[0].finish_reason == FinishReason::failed);
  CHECK(answers[0].error.find("the memory for requests' own rows is full") == 0);
  CHECK(answers[0].tokens.size() == 5 * KvBuffer::kPageRows - 10 + 1);
  submit(2, 100);  // what the others had is free again
  while (scheduler.step()) continue;
  CHECK(answers[2].tokens.size() == 100);
}

TEST_CASE("scheduler: a request that wants no more gets no further pass, also in the middle of its prompt") {
  FakeModel model;
  Scheduler scheduler(model.function(), kShape, 100000, {.max_running = 1, .max_queued = 8, .step_tokens = 32});
  bool is_cancelled = false;
  std::vector<std::string> ends;
  for (std::int32_t i = 0; i < 3; ++i) {  // one runs, two wait
    GenerationRequest request = request_of(1000, 5, i);
    request.is_cancelled = [&] { return is_cancelled; };
    request.on_done = [&](Answer answer) { ends.emplace_back(to_string(answer.finish_reason)); };
    REQUIRE(scheduler.submit(std::move(request)));
  }
  for (int step = 0; step < 3; ++step) CHECK(scheduler.step());
  is_cancelled = true;
  while (scheduler.step()) continue;
  CHECK(ends == std::vector<std::string>(3, "cancelled"));
  CHECK(model.steps.size() == 3);
}

TEST_CASE("scheduler: on_done is called once, also if it throws, and if the scheduler ends before the request") {
  FakeModel model;
  std::vector<std::string> ends;
  {
    Scheduler scheduler(model.function(), kShape, 10000, {.max_running = 2, .max_queued = 8, .step_tokens = 32});
    for (std::int32_t i = 0; i < 4; ++i) {
      GenerationRequest request = request_of(5, i == 0 ? 1 : 100, i);
      request.on_done = [&](Answer answer) {
        ends.emplace_back(to_string(answer.finish_reason));
        throw std::runtime_error("lost");
      };
      REQUIRE(scheduler.submit(std::move(request)));
    }
    scheduler.step();
    CHECK(ends == std::vector<std::string>{"length"});
  }
  CHECK(ends == std::vector<std::string>{"length", "cancelled", "cancelled", "cancelled"});
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
