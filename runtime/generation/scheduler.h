// Continuous batching: many requests on one model, each joining and leaving at any step.
//
// A step is one forward pass. Every request that is already generating gets its next token in every step; what is
// left of the step's budget goes to the prompts of newer requests, in the order of their arrival and in pieces, so
// that a long prompt does not hold up the others. Needs no LibTorch: the forward pass is an argument.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <set>
#include <span>
#include <vector>

#include "grammar/result.h"
#include "runtime/generation/request.h"
#include "runtime/sequence.h"

namespace pml::runtime {

/// What Model::forward computes: logits [num_wanting, vocab_size] of the sequences that want them, in order.
using Forward = std::function<std::vector<float>(std::span<const SequenceInput>)>;

struct SchedulerOptions {
  std::int32_t max_running = 32;   // requests in one forward pass
  std::int32_t max_queued = 1024;  // requests that wait for their turn
  std::int32_t step_tokens = 256;  // rows of one forward pass, as long as no more are generating
};

using RequestId = std::uint64_t;

/// submit() and cancel() may be called from any thread, also from a request's callbacks; step() from one at a time.
/// A request's tokens depend on the request alone, not on what else is running: the forward pass promises that.
class Scheduler {
 public:
  /// `shape`: of the model's KV; each request chooses its own type. `max_positions`: the model's context.
  Scheduler(Forward forward, const KvShape& shape, Slot max_positions, const SchedulerOptions& options = {});

  /// Fails if the queue is full. Requests are admitted in the order of submission.
  Result<RequestId> submit(GenerationRequest request);
  /// The request ends at the next step, with what it has; one that is unknown or done is none of its business.
  void cancel(RequestId id);
  /// One forward pass. False if there was nothing to do.
  bool step();

  std::int32_t num_queued() const;
  /// As of the last step.
  std::int32_t num_running() const { return num_running_; }

 private:
  using Clock = std::chrono::steady_clock;

  struct Waiting {
    RequestId id;
    GenerationRequest request;
    Clock::time_point submitted_at;
  };
  struct Running {
    Running(RequestId request_id, KvBuffer buffer, Sampler token_sampler, std::int64_t most, Clock::time_point since)
        : id(request_id), own(std::move(buffer)), sampler(std::move(token_sampler)), limit(most), submitted_at(since) {}

    RequestId id;
    GenerationRequest request;
    KvBuffer own;
    Sampler sampler;
    Answer answer;
    std::int64_t limit;             // tokens to generate
    std::size_t num_prefilled = 0;  // of the request's live rows
    TokenId last_token = 0;         // generated, and not computed yet
    Slot last_position = 0;
    Clock::time_point submitted_at;
    Clock::time_point first_token_at{};

    bool is_generating() const { return num_prefilled == request.tokens.size(); }
  };

  void admit();
  std::list<Running>::iterator finish(std::list<Running>::iterator request, FinishReason reason);
  std::optional<FinishReason> take_token(Running& request, std::span<const float> logits);

  Forward forward_;
  KvShape shape_;
  Slot max_positions_;
  SchedulerOptions options_;
  std::list<Running> running_;  // in the order of admission
  std::atomic<std::int32_t> num_running_ = 0;

  mutable std::mutex mutex_;  // guards what follows
  std::deque<Waiting> queue_;
  std::set<RequestId> cancelled_;
  RequestId next_id_ = 1;
};

}  // namespace pml::runtime
