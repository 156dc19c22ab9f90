// The scheduler on a fake forward pass, without a model: what joins when, how much a step takes, who is done.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <thread>

#include "runtime/fake_model.h"
#include "runtime/generation/scheduler.h"

namespace pml::runtime {
namespace {

GenerationRequest request_of(std::int32_t num_rows, std::int32_t max_tokens, std::int32_t salt) {
  GenerationRequest request;
  for (std::int32_t i = 0; i < num_rows; ++i) {
    request.tokens.push_back((i * 7 + salt) % FakeModel::kVocabSize);
    request.positions.push_back(10 * salt + 2 * i);
  }
  request.options.max_tokens = max_tokens;
  request.options.kv_type = KvType::f32;
  return request;
}

std::vector<TokenId> alone(GenerationRequest request) { return answer_alone(std::move(request), 10000).tokens; }

}  // namespace

TEST_CASE("scheduler: a request's tokens are those it gets alone, whoever else is there") {
  FakeModel model;
  Scheduler scheduler(model.function(), FakeModel::kShape, 10000,
                      {.max_running = 3, .max_queued = 100, .step_tokens = 20});
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
  Scheduler scheduler(model.function(), FakeModel::kShape, 100000,
                      {.max_running = 8, .max_queued = 8, .step_tokens = 32});
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

TEST_CASE(
    "scheduler: under any load each gets its token in every step, within the budget, in the order of submission") {
  FakeModel model;
  constexpr std::int32_t kStepTokens = 24, kNumRequests = 80;
  std::mt19937 random(5);
  const auto below = [&](std::uint32_t limit) { return static_cast<std::int32_t>(random() % limit); };
  Scheduler scheduler(model.function(), FakeModel::kShape, 10000,
                      {.max_running = 5,
                       .max_queued = kNumRequests,
                       .step_tokens = kStepTokens,
                       .own_kv_bytes = 12 * KvBuffer::page_bytes(FakeModel::kShape)});
  std::vector<std::int32_t> started;  // in the order in which the first rows of each were computed
  model.fault = [&](std::span<const SequenceInput> inputs) {
    for (const SequenceInput& input : inputs) {
      const std::int32_t index = input.own->positions().front() / 10;
      if (std::ranges::find(started, index) == started.end()) started.push_back(index);
    }
  };
  std::vector<std::int32_t> num_tokens(kNumRequests), limits(kNumRequests);
  std::int32_t num_submitted = 0;
  while (true) {
    for (std::int32_t more = below(10) == 0 ? below(12) : 0; more > 0 && num_submitted < kNumRequests; --more) {
      const auto index = static_cast<std::size_t>(num_submitted++);
      limits[index] = 1 + below(40);
      GenerationRequest request = request_of(1 + below(100), limits[index], static_cast<std::int32_t>(index));
      request.on_token = [&, index](TokenId) {
        ++num_tokens[index];
        return std::nullopt;
      };
      REQUIRE(scheduler.submit(std::move(request)));
    }
    const std::vector<std::int32_t> before = num_tokens;
    const std::size_t num_steps = model.steps.size();
    const bool goes_on = scheduler.step();
    std::int32_t num_generating = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (before[i] == 0 || before[i] == limits[i]) continue;
      ++num_generating;
      REQUIRE(num_tokens[i] == before[i] + 1);
    }
    if (model.steps.size() > num_steps) {
      REQUIRE(model.steps.back().num_rows <= std::max(kStepTokens, num_generating + 16));
    }
    if (!goes_on && num_submitted == kNumRequests) break;
  }
  CHECK(num_tokens == limits);
  CHECK(std::ranges::is_sorted(started));
}

TEST_CASE("scheduler: first come, first served; the queue is bounded") {
  FakeModel model;
  Scheduler scheduler(model.function(), FakeModel::kShape, 10000,
                      {.max_running = 1, .max_queued = 3, .step_tokens = 8});
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
    Scheduler scheduler(model.function(), FakeModel::kShape, max_positions);
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
    Scheduler scheduler(model.function(), FakeModel::kShape, 10000,
                        {.max_running = 3, .max_queued = 100, .step_tokens = 20});
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

TEST_CASE("scheduler: a request for which there is no memory fails, and one that can never be served is not taken") {
  FakeModel model;
  SchedulerOptions options;
  options.own_kv_bytes = std::size_t{1} << 62;
  // 2^40 bytes a row, of keys and of values: 150 rows are more than can be addressed.
  Scheduler scheduler(model.function(), {1 << 20, 1 << 10, 1 << 8, KvType::f32}, 10000, options);
  std::vector<std::string> errors;
  GenerationRequest large = request_of(150, 1, 1);
  large.on_done = [&](Answer answer) { errors.push_back(answer.error); };
  REQUIRE(scheduler.submit(std::move(large)));
  CHECK_FALSE(scheduler.step());
  CHECK(errors == std::vector<std::string>{"out of memory"});

  const auto refuse = [&](Scheduler& by, GenerationRequest wrong) {
    wrong.on_done = [&](Answer) { errors.push_back("called"); };
    const auto id = by.submit(std::move(wrong));
    CHECK_FALSE(by.step());
    return id ? "" : id.error().message;
  };
  GenerationRequest wrong = request_of(3, 1, 1);
  wrong.options.sampler.top_p = 0.0;
  CHECK(refuse(scheduler, std::move(wrong)) == "top_p must be above 0 and at most 1");

  options.own_kv_bytes = 1 << 20;  // 65,536 rows
  Scheduler small(model.function(), FakeModel::kShape, 1 << 20, options);
  CHECK(refuse(small, request_of(10, 1 << 17, 1)) ==
        "the request may need 3 MiB for its own rows, and all requests together have 1 MiB");
  CHECK(refuse(small, request_of(10, 65536 - 8, 1)).find("the request may need 2 MiB") == 0);
  CHECK(small.submit(request_of(10, 65536 - 9, 1)));
  CHECK(errors.size() == 1);
}

TEST_CASE("scheduler: a request waits for memory, those behind it too, and none that runs is ever short of it") {
  FakeModel model;
  const std::size_t page = KvBuffer::page_bytes(FakeModel::kShape);
  SchedulerOptions options;
  options.own_kv_bytes = 5 * page;
  Scheduler scheduler(model.function(), FakeModel::kShape, 10000, options);
  std::vector<Answer> answers(4);
  std::vector<std::size_t> order;
  const auto submit = [&](std::size_t index, std::int32_t num_rows, std::int32_t max_tokens) {
    GenerationRequest request = request_of(num_rows, max_tokens, static_cast<std::int32_t>(index));
    request.on_done = [&, index](Answer answer) {
      answers[index] = std::move(answer);
      order.push_back(index);
    };
    REQUIRE(scheduler.submit(std::move(request)));
  };
  submit(0, 10, 80);  // 89 rows: three pages
  submit(1, 96, 3);   // four pages: waits for the first to end
  submit(2, 1, 2);    // one page: is there, but not before the second
  submit(3, 97, 20);  // four pages
  CHECK(scheduler.step());
  CHECK(scheduler.num_running() == 1);
  CHECK(scheduler.num_queued() == 3);
  std::int32_t most_running = 1;
  while (scheduler.step()) most_running = std::max(most_running, scheduler.num_running());
  CHECK(most_running == 2);
  CHECK(order == std::vector<std::size_t>{0, 2, 1, 3});
  const std::vector<std::size_t> pages{3, 4, 1, 4};
  for (std::size_t i = 0; i < answers.size(); ++i) {
    INFO("request " << i);
    CHECK(answers[i].finish_reason == FinishReason::length);
    CHECK(answers[i].private_bytes == pages[i] * page);
  }
}

TEST_CASE("scheduler: what a request has used counts, not what it might have needed") {
  FakeModel model;
  Scheduler scheduler(model.function(), FakeModel::kShape, 10000);
  GenerationRequest request = request_of(31, 1000, 1);
  request.on_token = [count = 0](TokenId) mutable {
    return ++count == 3 ? std::optional(FinishReason::stop) : std::nullopt;
  };
  std::size_t private_bytes = 0;
  request.on_done = [&](Answer answer) { private_bytes = answer.private_bytes; };
  REQUIRE(scheduler.submit(std::move(request)));
  while (scheduler.step()) continue;
  CHECK(private_bytes == 2 * KvBuffer::page_bytes(FakeModel::kShape));  // 33 rows
}

TEST_CASE("scheduler: a request that wants no more gets no further pass, also in the middle of its prompt") {
  FakeModel model;
  Scheduler scheduler(model.function(), FakeModel::kShape, 100000,
                      {.max_running = 1, .max_queued = 8, .step_tokens = 32});
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
    Scheduler scheduler(model.function(), FakeModel::kShape, 10000,
                        {.max_running = 2, .max_queued = 8, .step_tokens = 32});
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
  Scheduler scheduler(model.function(), FakeModel::kShape, 10000,
                      {.max_running = 4, .max_queued = 1000, .step_tokens = 16});
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
