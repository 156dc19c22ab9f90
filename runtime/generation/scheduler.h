// Continuous batching: many requests on one model, each joining and leaving at any step.
//
// A step is one forward pass. Every request that is already generating gets its next token in every step; what is
// left of the step's budget goes to the prompts of newer requests, in the order of their arrival and in pieces, so
// that a long prompt does not hold up the others. A request is admitted once there is memory for all rows that it may
// come to, so one that runs never fails for want of it; and it goes on from the rows of an earlier request that began
// in the same way (tail_cache.h). Needs no LibTorch: the forward pass is an argument.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <mutex>
#include <set>
#include <span>
#include <vector>

#include "grammar/result.h"
#include "runtime/generation/request.h"
#include "runtime/generation/tail_cache.h"
#include "runtime/sequence.h"

namespace pml::runtime {

/// What Model::forward computes: logits [num_wanting, vocab_size] of the sequences that want them, in order.
using Forward = std::function<std::vector<float>(std::span<const SequenceInput>)>;

struct SchedulerOptions {
  std::int32_t max_running = 32;                    // requests in one forward pass
  std::int32_t max_queued = 1024;                   // requests that wait for their turn
  std::int32_t step_tokens = 256;                   // rows of one forward pass, as long as no more are generating
  std::size_t own_kv_bytes = std::size_t{4} << 30;  // of all requests' own rows, tails included
  std::size_t tail_kv_bytes = kDefaultTailBytes;    // of tails; 0: none is kept
};

using RequestId = std::uint64_t;

/// submit() and cancel() may be called from any thread, also from a request's callbacks; step() from one at a time.
/// A request's tokens depend on the request alone, not on what else is running: the forward pass promises that.
class Scheduler {
 public:
  /// `shape`: of the model's KV; each request chooses its own type. `max_positions`: the model's context.
  Scheduler(Forward forward, const KvShape& shape, Slot max_positions, const SchedulerOptions& options = {});

  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  /// Cancels what is left.
  ~Scheduler();

  /// Fails, and does not take the request, if the queue is full, if the sampler's options are out of range, or if the
  /// request may come to more rows than there is memory for. Requests are admitted in the order of submission: one that
  /// waits until others give memory back holds up those behind it.
  Result<RequestId> submit(GenerationRequest request);
  /// The request ends at the next step, with what it has; one that is unknown or done is none of its business.
  void cancel(RequestId id);
  /// One forward pass. False once nothing is left to do. A request for which the system has no memory, or whose own
  /// part of the pass throws, fails alone; the others go on.
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
        : id(request_id),
          own(std::move(buffer)),
          sampler(std::move(token_sampler)),
          limit(most),
          num_rows(own.num_rows()),
          submitted_at(since) {}

    RequestId id;
    GenerationRequest request;
    KvBuffer own;
    Sampler sampler;
    Answer answer;
    std::int64_t limit;      // tokens to generate
    std::int64_t num_rows;   // of its own that are computed
    TokenId last_token = 0;  // generated, and not computed yet
    Slot last_position = 0;
    Clock::time_point submitted_at;
    Clock::time_point first_token_at{};

    std::int64_t num_prompt_rows() const { return static_cast<std::int64_t>(request.tokens.size()); }
    bool is_generating() const { return num_rows >= num_prompt_rows(); }
  };
  using RunningList = std::list<Running>;

  KvShape shape_of(const GenerationRequest& request) const;
  std::int64_t most_tokens(const GenerationRequest& request) const;
  void end_cancelled();
  void admit();
  bool is_ready(const GenerationRequest& request) const;
  void start(Waiting waiting);
  SequenceInput next_input(Running& request, std::int32_t prefill_budget);
  void compute(std::span<const SequenceInput> inputs, std::span<const RunningList::iterator> requests);
  void advance(RunningList::iterator request, std::int64_t num_rows, std::span<const float> logits);
  std::optional<FinishReason> take_token(Running& request, std::span<const float> logits);
  RunningList::iterator finish(RunningList::iterator request, FinishReason reason, std::string error = {});
  void keep_tail(Running& request);

  Forward forward_;
  KvShape shape_;
  Slot max_positions_;
  SchedulerOptions options_;
  KvPool pool_;  // outlives the tails and the requests that use it
  TailCache tails_;
  RunningList running_;  // in the order of admission
  std::atomic<std::int32_t> num_running_ = 0;

  mutable std::mutex mutex_;  // guards what follows
  std::list<Waiting> queue_;  // a list: requests leave it without an allocation that could fail
  std::set<RequestId> cancelled_;
  RequestId next_id_ = 1;
};

}  // namespace pml::runtime
