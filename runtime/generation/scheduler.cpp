#include "runtime/generation/scheduler.h"

#include <algorithm>

#include "grammar/check.h"

namespace pml::runtime {
namespace {

double seconds_between(std::chrono::steady_clock::time_point from, std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

/// However many requests are generating, prompts go on by this many rows a step.
constexpr std::int32_t kLeastPrefill = 16;

}  // namespace

std::string_view to_string(FinishReason reason) {
  switch (reason) {
    case FinishReason::stop:
      return "stop";
    case FinishReason::length:
      return "length";
    case FinishReason::cancelled:
      return "cancelled";
  }
  return "";
}

Scheduler::Scheduler(Forward forward, const KvShape& shape, Slot max_positions, const SchedulerOptions& options)
    : forward_(std::move(forward)), shape_(shape), max_positions_(max_positions), options_(options) {}

Result<RequestId> Scheduler::submit(GenerationRequest request) {
  PML_CHECK(!request.tokens.empty() && request.tokens.size() == request.positions.size(),
            "a request's last row is live, and every row has a position");
  const std::scoped_lock lock(mutex_);
  if (queue_.size() >= static_cast<std::size_t>(options_.max_queued)) {
    return fail("the queue is full: " + std::to_string(queue_.size()) + " requests wait");
  }
  queue_.push_back({next_id_, std::move(request), Clock::now()});
  return next_id_++;
}

void Scheduler::cancel(RequestId id) {
  const std::scoped_lock lock(mutex_);
  if (id < next_id_) cancelled_.insert(id);
}

std::int32_t Scheduler::num_queued() const {
  const std::scoped_lock lock(mutex_);
  return static_cast<std::int32_t>(queue_.size());
}

/// Takes from the queue what there is room for, and ends what was cancelled.
void Scheduler::admit() {
  std::vector<Waiting> admitted;
  std::vector<Waiting> dropped;
  std::set<RequestId> cancelled;
  {
    const std::scoped_lock lock(mutex_);
    cancelled.swap(cancelled_);
    std::deque<Waiting> kept;
    for (Waiting& waiting : queue_) {
      if (cancelled.contains(waiting.id)) {
        dropped.push_back(std::move(waiting));
      } else if (running_.size() + admitted.size() < static_cast<std::size_t>(options_.max_running)) {
        admitted.push_back(std::move(waiting));
      } else {
        kept.push_back(std::move(waiting));
      }
    }
    queue_.swap(kept);
  }
  // Callbacks and memory without the lock.
  for (Waiting& waiting : dropped) {
    Answer answer;
    answer.finish_reason = FinishReason::cancelled;
    if (waiting.request.on_done) waiting.request.on_done(std::move(answer));
  }
  for (auto request = running_.begin(); request != running_.end();) {
    request = cancelled.contains(request->id) ? finish(request, FinishReason::cancelled) : std::next(request);
  }
  for (Waiting& waiting : admitted) {
    GenerationRequest& request = waiting.request;
    const GenerationOptions& options = request.options;
    std::int64_t limit = std::min<std::int64_t>(options.max_tokens, max_positions_ - request.positions.back());
    if (!options.forced_tokens.empty()) {
      limit = std::min(limit, static_cast<std::int64_t>(options.forced_tokens.size()));
    }
    KvShape shape = shape_;
    shape.type = options.kv_type;
    // The last generated token is never read back, so it has no row.
    const auto num_rows = static_cast<std::int64_t>(request.tokens.size()) + std::max<std::int64_t>(limit - 1, 0);
    Running& running = running_.emplace_back(waiting.id, KvBuffer(shape, num_rows), Sampler(options.sampler), limit,
                                             waiting.submitted_at);
    running.answer.private_bytes = running.own.size_bytes();
    running.last_position = request.positions.back();
    running.request = std::move(request);
  }
}

bool Scheduler::step() {
  admit();
  for (auto request = running_.begin(); request != running_.end();) {
    request = request->limit <= 0 ? finish(request, FinishReason::length) : std::next(request);
  }
  const auto num_generating = static_cast<std::int32_t>(
      std::count_if(running_.begin(), running_.end(), [](const Running& request) { return request.is_generating(); }));
  std::int32_t budget = std::max(kLeastPrefill, options_.step_tokens - num_generating);

  std::vector<SequenceInput> inputs;
  std::vector<Running*> takers;  // of the logits, in order
  for (Running& request : running_) {
    SequenceInput input;
    if (request.is_generating()) {
      input.tokens = {&request.last_token, 1};
      input.positions = {&request.last_position, 1};
    } else {
      const std::size_t left = request.request.tokens.size() - request.num_prefilled;
      const std::size_t count = std::min<std::size_t>(left, static_cast<std::size_t>(budget));
      if (count == 0) continue;
      budget -= static_cast<std::int32_t>(count);
      input.tokens = std::span(request.request.tokens).subspan(request.num_prefilled, count);
      input.positions = std::span(request.request.positions).subspan(request.num_prefilled, count);
      request.num_prefilled += count;
    }
    input.context = request.request.context;
    input.own = &request.own;
    input.wants_logits = request.is_generating();
    if (input.wants_logits) takers.push_back(&request);
    inputs.push_back(input);
  }
  num_running_ = static_cast<std::int32_t>(running_.size());
  if (inputs.empty()) return false;

  const std::vector<float> logits = forward_(inputs);
  const std::size_t vocab_size = takers.empty() ? 0 : logits.size() / takers.size();
  std::vector<std::optional<FinishReason>> ends;
  for (std::size_t i = 0; i < takers.size(); ++i) {
    ends.push_back(take_token(*takers[i], std::span(logits).subspan(i * vocab_size, vocab_size)));
  }
  std::size_t taker = 0;
  for (auto request = running_.begin(); request != running_.end() && taker < takers.size();) {
    const bool took = &*request == takers[taker];
    request = took && ends[taker] ? finish(request, *ends[taker]) : std::next(request);
    taker += took ? 1 : 0;
  }
  num_running_ = static_cast<std::int32_t>(running_.size());
  return true;
}

std::optional<FinishReason> Scheduler::take_token(Running& request, std::span<const float> logits) {
  const GenerationOptions& options = request.request.options;
  Answer& answer = request.answer;
  const std::size_t index = answer.tokens.size();
  const TokenId token =
      index < options.forced_tokens.size() ? options.forced_tokens[index] : request.sampler.choose(logits);
  if (options.num_logprobs > 0) answer.logprobs.push_back(best_logprobs(logits, options.num_logprobs));
  answer.tokens.push_back(token);
  const Clock::time_point now = Clock::now();
  if (index == 0) {
    request.first_token_at = now;
    answer.first_token_seconds = seconds_between(request.submitted_at, now);
  }
  answer.decode_seconds = seconds_between(request.first_token_at, now);
  request.last_token = token;
  ++request.last_position;

  const auto end = request.request.on_token ? request.request.on_token(token) : std::nullopt;
  if (end) return end;
  const bool is_end =
      std::find(options.end_tokens.begin(), options.end_tokens.end(), token) != options.end_tokens.end();
  if (is_end && options.forced_tokens.empty()) return FinishReason::stop;
  if (static_cast<std::int64_t>(answer.tokens.size()) == request.limit) return FinishReason::length;
  return std::nullopt;
}

std::list<Scheduler::Running>::iterator Scheduler::finish(std::list<Running>::iterator request, FinishReason reason) {
  request->answer.finish_reason = reason;
  if (request->request.on_done) request->request.on_done(std::move(request->answer));
  return running_.erase(request);
}

}  // namespace pml::runtime
