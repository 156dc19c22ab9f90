// Conversations on a fake forward pass: whatever is found again, a request gets the tokens that it would get alone.
#include <catch2/catch.hpp>
#include <numeric>
#include <random>

#include "runtime/fake_model.h"

namespace pml::runtime {
namespace {

constexpr Slot kMaxPositions = 4000;

/// KV as an artifact holds it, with content of its own.
std::shared_ptr<const KvBuffer> artifact_of(std::int32_t num_rows, float salt) {
  auto buffer = std::make_shared<KvBuffer>(FakeModel::kShape, num_rows);
  std::vector<Slot> positions(static_cast<std::size_t>(num_rows));
  std::iota(positions.begin(), positions.end(), 0);
  buffer->append(positions);
  for (std::int32_t row = 0; row < num_rows; ++row) {
    const std::vector<float> values{salt, static_cast<float>(row), salt, 1.0F};
    buffer->write(0, row, 1, values.data(), values.data() + 2);
  }
  return buffer;
}

/// What a conversation's requests are made of: artifacts in slots, and rows that grow turn by turn.
struct Conversation {
  std::vector<std::shared_ptr<const KvBuffer>> artifacts;  // artifact i in slots [60 i, 60 i + 50), null: absent
  std::vector<TokenId> tokens;
  std::vector<Slot> positions;

  GenerationRequest request(std::int32_t max_tokens) const {
    GenerationRequest request;
    request.tokens = tokens;
    request.positions = positions;
    for (std::size_t slot = 0; slot < artifacts.size(); ++slot) {
      if (artifacts[slot] == nullptr) continue;
      KvView view = artifacts[slot]->view();
      view.first = static_cast<Slot>(60 * slot);
      request.context.push_back(view);
      request.keeps.push_back(artifacts[slot]);
    }
    request.options.kv_type = KvType::f32;
    request.options.max_tokens = max_tokens;
    return request;
  }
  void add(std::span<const TokenId> more) {
    for (const TokenId token : more) {
      tokens.push_back(token);
      positions.push_back(std::max<Slot>(positions.back() + 1, static_cast<Slot>(60 * artifacts.size())));
    }
  }
};

/// Draws conversations that have much in common, so that what is wrong to share is often near.
class Draw {
 public:
  explicit Draw(std::uint32_t seed) : random_(seed) {
    for (int slot = 0; slot < 3; ++slot) {
      members_.push_back(
          {nullptr, artifact_of(50, static_cast<float>(2 * slot)), artifact_of(50, static_cast<float>(2 * slot + 1))});
    }
  }

  std::int32_t below(std::uint32_t limit) { return static_cast<std::int32_t>(random_() % limit); }
  std::vector<TokenId> text(std::int32_t count) {
    std::vector<TokenId> tokens;
    const TokenId kind = below(3);  // texts are often the same, or begin so
    for (std::int32_t i = 0; i < count; ++i) tokens.push_back((kind + i * i) % FakeModel::kVocabSize);
    return tokens;
  }
  Conversation begin() {
    Conversation conversation;
    for (const auto& members : members_) {
      conversation.artifacts.push_back(members[static_cast<std::size_t>(below(3))]);
    }
    // Arguments between the artifacts, then the first turn.
    for (Slot slot = 0; slot < 3; ++slot) {
      for (std::int32_t i = below(11) - 1; i >= 0; --i) conversation.tokens.push_back(below(2));
      while (conversation.positions.size() < conversation.tokens.size()) {
        const Slot first = 60 * slot + 50;
        conversation.positions.push_back(
            conversation.positions.empty() ? first : std::max(first, conversation.positions.back() + 1));
      }
    }
    if (conversation.positions.empty()) {
      conversation.tokens = {1};
      conversation.positions = {175};
    }
    conversation.add(text(1 + below(60)));
    return conversation;
  }
  void go_on(Conversation& conversation, std::vector<TokenId> answer) {
    if (below(3) == 0 && !answer.empty()) answer.resize(answer.size() - 1);  // as a text is tokenised another way
    if (below(8) == 0) {                                                     // said again, in other words
      const auto kept = 1 + static_cast<std::size_t>(below(static_cast<std::uint32_t>(conversation.tokens.size())));
      conversation.tokens.resize(kept);
      conversation.positions.resize(kept);
    }
    if (below(8) == 0) {  // another module
      const auto slot = static_cast<std::size_t>(below(3));
      conversation.artifacts[slot] = members_[slot][static_cast<std::size_t>(below(3))];
    }
    conversation.add(answer);
    conversation.add(text(1 + below(30)));
  }

 private:
  std::mt19937 random_;
  std::vector<std::vector<std::shared_ptr<const KvBuffer>>> members_;
};

}  // namespace

TEST_CASE("conversations: every turn gets the tokens that it gets alone, whatever is found again") {
  struct Row {
    const char* what;
    std::size_t own_pages, tail_pages;
    bool finds;
  };
  const std::vector<Row> rows{
      {"room for all", 4000, 4000, true},
      {"tails come and go", 4000, 30, true},
      {"the pool is short", 40, 30, true},
      {"no tails", 40, 0, false},
  };
  const std::size_t page = KvBuffer::page_bytes(FakeModel::kShape);
  for (const Row& row : rows) {
    INFO(row.what);
    FakeModel model;
    Draw draw(11);
    Scheduler scheduler(model.function(), FakeModel::kShape, kMaxPositions,
                        {.max_running = 4,
                         .max_queued = 100,
                         .step_tokens = 40,
                         .own_kv_bytes = row.own_pages * page,
                         .tail_kv_bytes = row.tail_pages * page});
    std::vector<Conversation> conversations;
    for (int i = 0; i < 8; ++i) conversations.push_back(draw.begin());
    std::int64_t num_reused = 0, num_rows = 0;
    std::size_t num_copied = 0;
    for (int round = 0; round < 12; ++round) {
      std::vector<Answer> answers(conversations.size());
      std::vector<std::int32_t> limits;
      for (std::size_t i = 0; i < conversations.size(); ++i) {
        limits.push_back(1 + draw.below(30));
        GenerationRequest request = conversations[i].request(limits.back());
        request.on_done = [&, i](Answer answer) { answers[i] = std::move(answer); };
        const bool ends = draw.below(10) == 0;
        const auto id = scheduler.submit(std::move(request));
        REQUIRE(id);
        for (int step = draw.below(4); step > 0; --step) scheduler.step();
        if (ends) scheduler.cancel(*id);
      }
      while (scheduler.step()) continue;
      for (std::size_t i = 0; i < conversations.size(); ++i) {
        INFO("round " << round << ", conversation " << i);
        const Answer alone = answer_alone(conversations[i].request(limits[i]), kMaxPositions);
        const Answer& answer = answers[i];
        if (answer.finish_reason != FinishReason::cancelled) REQUIRE(answer.tokens == alone.tokens);
        REQUIRE(std::equal(answer.tokens.begin(), answer.tokens.end(), alone.tokens.begin()));
        REQUIRE(answer.reused_rows < static_cast<std::int64_t>(conversations[i].tokens.size()));
        num_reused += answer.reused_rows;
        num_copied += answer.copied_bytes;
        num_rows += static_cast<std::int64_t>(conversations[i].tokens.size());
        draw.go_on(conversations[i], answer.tokens);
        if (conversations[i].tokens.size() > 500) conversations[i] = draw.begin();
      }
    }
    CHECK((num_reused > 0) == row.finds);
    CHECK((num_copied > 0) == row.finds);
    if (row.own_pages == 4000 && row.tail_pages == 4000) CHECK(num_reused * 10 > num_rows * 6);
  }
}

TEST_CASE("conversations: a request whose views nobody keeps leaves no tail") {
  FakeModel model;
  Scheduler scheduler(model.function(), FakeModel::kShape, kMaxPositions);
  Draw draw(3);
  Conversation conversation = draw.begin();
  conversation.artifacts[0] = artifact_of(50, 9);
  for (const bool keeps : {false, true, true}) {
    GenerationRequest request = conversation.request(5);
    if (!keeps) request.keeps.clear();
    std::int64_t num_reused = -1;
    request.on_done = [&](Answer answer) { num_reused = answer.reused_rows; };
    REQUIRE(scheduler.submit(std::move(request)));
    const std::size_t num_steps = model.steps.size();
    while (scheduler.step()) continue;
    CHECK(model.steps.size() == num_steps + 5);
    if (num_steps < 10) CHECK(num_reused == 0);
  }
}

TEST_CASE("conversations: a pass that fails is tried again with the memory that tails held") {
  FakeModel model;
  Scheduler scheduler(model.function(), FakeModel::kShape, kMaxPositions);
  Draw draw(5);
  const Conversation conversation = draw.begin();
  std::vector<Answer> answers;
  int num_faults = 0;
  const auto serve = [&] {
    GenerationRequest request = conversation.request(5);
    request.on_done = [&](Answer answer) { answers.push_back(std::move(answer)); };
    REQUIRE(scheduler.submit(std::move(request)));
    while (scheduler.step()) continue;
  };
  serve();
  model.fault = [&](std::span<const SequenceInput>) {
    if (++num_faults == 1) throw std::bad_alloc();
  };
  serve();
  CHECK(num_faults > 1);
  for (const Answer& answer : answers)
    CHECK(answer.tokens == answer_alone(conversation.request(5), kMaxPositions).tokens);
}

}  // namespace pml::runtime
