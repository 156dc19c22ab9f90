#include "runtime/generation/scheduler.h"

#include <algorithm>
#include <cmath>

#include "grammar/check.h"

namespace pml::runtime {
namespace {

double seconds_between(std::chrono::steady_clock::time_point from, std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

/// However many requests are generating, prompts go on by this many rows a step.
constexpr std::int32_t kLeastPrefill = 16;

/// Rounded up.
std::string mebibytes(double size_bytes) { return std::to_string(std::llround(std::ceil(size_bytes / (1 << 20)))); }

/// Own rows that a request may come to. The last generated token is never read back, so it has no row.
std::int64_t most_rows(const GenerationRequest& request, std::int64_t most_tokens) {
  return static_cast<std::int64_t>(request.tokens.size()) + std::max<std::int64_t>(most_tokens - 1, 0);
}

void tell(const GenerationRequest& request, Answer answer) {
  if (!request.on_done) return;
  try {
    request.on_done(std::move(answer));
  } catch (...) {  // request.h says so
  }
}

void tell(const GenerationRequest& request, FinishReason reason, std::string error = {}) {
  Answer answer;
  answer.finish_reason = reason;
  answer.error = std::move(error);
  tell(request, std::move(answer));
}

}  // namespace

std::string_view to_string(FinishReason reason) {
  switch (reason) {
    case FinishReason::stop:
      return "stop";
    case FinishReason::length:
      return "length";
    case FinishReason::cancelled:
      return "cancelled";
    case FinishReason::failed:
      return "failed";
  }
  return "";
}

Scheduler::Scheduler(Forward forward, const KvShape& shape, Slot max_positions, const SchedulerOptions& options)
    : forward_(std::move(forward)),
      shape_(shape),
      max_positions_(max_positions),
      options_(options),
      pool_(options.own_kv_bytes),
      tails_(pool_, options.tail_kv_bytes) {}

Scheduler::~Scheduler() {
  while (!running_.empty()) finish(running_.begin(), FinishReason::cancelled);
  for (const Waiting& waiting : queue_) tell(waiting.request, FinishReason::cancelled);
}

KvShape Scheduler::shape_of(const GenerationRequest& request) const {
  KvShape shape = shape_;
  shape.type = request.options.kv_type;
  return shape;
}

/// How many tokens the request may generate; 0 or less if its last row leaves no position for one.
std::int64_t Scheduler::most_tokens(const GenerationRequest& request) const {
  const GenerationOptions& options = request.options;
  const std::int64_t most = std::min<std::int64_t>(options.max_tokens, max_positions_ - request.positions.back());
  return options.forced_tokens.empty() ? most : std::min(most, static_cast<std::int64_t>(options.forced_tokens.size()));
}

Result<RequestId> Scheduler::submit(GenerationRequest request) {
  PML_CHECK(!request.tokens.empty() && request.tokens.size() == request.positions.size(),
            "a request's last row is live, and every row has a position");
  if (const auto checked = check(request.options.sampler); !checked) return tl::make_unexpected(checked.error());
  const std::int64_t num_pages = KvBuffer::num_pages(most_rows(request, most_tokens(request)));
  const std::size_t page_bytes = KvBuffer::page_bytes(shape_of(request));
  if (static_cast<std::size_t>(num_pages) > pool_.limit_bytes() / page_bytes) {
    const double needed_bytes = static_cast<double>(num_pages) * static_cast<double>(page_bytes);
    return fail("the request may need " + mebibytes(needed_bytes) +
                " MiB for its own rows, and all requests together have " +
                mebibytes(static_cast<double>(pool_.limit_bytes())) + " MiB");
  }
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

void Scheduler::end_cancelled() {
  std::set<RequestId> cancelled;
  std::list<Waiting> dropped;
  {
    const std::scoped_lock lock(mutex_);
    cancelled.swap(cancelled_);
    for (auto waiting = queue_.begin(); waiting != queue_.end();) {
      const auto next = std::next(waiting);
      if (cancelled.contains(waiting->id)) dropped.splice(dropped.end(), queue_, waiting);
      waiting = next;
    }
  }
  // Callbacks without the lock.
  for (const Waiting& waiting : dropped) tell(waiting.request, FinishReason::cancelled);
  for (auto request = running_.begin(); request != running_.end();) {
    const auto& is_cancelled = request->request.is_cancelled;
    const bool ends = cancelled.contains(request->id) || (is_cancelled && is_cancelled());
    request = ends ? finish(request, FinishReason::cancelled) : std::next(request);
  }
}

/// Takes from the queue what there is room for, and nothing that came after what there is none for.
void Scheduler::admit() {
  while (running_.size() < static_cast<std::size_t>(options_.max_running)) {
    const Waiting* next = nullptr;
    {
      const std::scoped_lock lock(mutex_);
      if (queue_.empty()) return;
      next = &queue_.front();  // and stays it: others only add to the queue
    }
    if (!is_ready(next->request)) return;
    std::list<Waiting> admitted;
    {
      const std::scoped_lock lock(mutex_);
      admitted.splice(admitted.end(), queue_, queue_.begin());
    }
    start(std::move(admitted.front()));
  }
}

/// Whether the request need not wait any longer: it ends at once, or there is memory for all its rows.
bool Scheduler::is_ready(const GenerationRequest& request) const {
  if (request.is_cancelled && request.is_cancelled()) return true;
  const std::int64_t limit = most_tokens(request);
  return limit <= 0 || tails_.fits(shape_of(request), most_rows(request, limit));
}

void Scheduler::start(Waiting waiting) {
  GenerationRequest& request = waiting.request;
  const std::int64_t limit = most_tokens(request);
  if (request.is_cancelled && request.is_cancelled()) return tell(request, FinishReason::cancelled);
  if (limit <= 0) return tell(request, FinishReason::length);
  try {
    TailCache::Start found =
        tails_.take({request.tokens, request.positions, request.context}, shape_of(request), most_rows(request, limit));
    running_.emplace_back(waiting.id, std::move(found.buffer), Sampler(request.options.sampler), limit,
                          waiting.submitted_at);
    running_.back().answer.copied_bytes = found.copied_bytes;
  } catch (const std::exception& exception) {
    return tell(request, FinishReason::failed, error_of(exception).message);
  }
  running_.back().answer.reused_rows = running_.back().num_rows;
  running_.back().last_position = request.positions.back();
  running_.back().request = std::move(request);
}

bool Scheduler::step() {
  end_cancelled();
  admit();
  const auto num_generating = static_cast<std::int32_t>(
      std::count_if(running_.begin(), running_.end(), [](const Running& request) { return request.is_generating(); }));
  std::int32_t prefill_budget = std::max(kLeastPrefill, options_.step_tokens - num_generating);

  std::vector<SequenceInput> inputs;
  std::vector<RunningList::iterator> requests;  // of the inputs
  for (auto request = running_.begin(); request != running_.end(); ++request) {
    const SequenceInput input = next_input(*request, prefill_budget);
    if (input.tokens.empty()) continue;
    if (!request->is_generating()) prefill_budget -= static_cast<std::int32_t>(input.tokens.size());
    inputs.push_back(input);
    requests.push_back(request);
  }
  if (!inputs.empty()) compute(inputs, requests);
  num_running_ = static_cast<std::int32_t>(running_.size());
  return !running_.empty() || num_queued() > 0;
}

/// The row of the last generated token, or as much of the prompt as the budget admits.
SequenceInput Scheduler::next_input(Running& request, std::int32_t prefill_budget) {
  SequenceInput input;
  input.context = request.request.context;
  input.own = &request.own;
  if (request.is_generating()) {
    input.tokens = {&request.last_token, 1};
    input.positions = {&request.last_position, 1};
    input.num_logits = 1;
    input.is_generating = true;
    return input;
  }
  const auto begin = static_cast<std::size_t>(request.num_rows);
  const std::int64_t left = request.num_prompt_rows() - request.num_rows;
  const auto count = static_cast<std::size_t>(std::min<std::int64_t>(left, prefill_budget));
  input.tokens = std::span(request.request.tokens).subspan(begin, count);
  input.positions = std::span(request.request.positions).subspan(begin, count);
  input.num_logits = begin + count == request.request.tokens.size() ? 1 : 0;
  return input;
}

/// One forward pass. If it throws, it is tried again with the memory that tails held, and then its inputs one by one,
/// so that only those fail that throw alone: a row's bits do not depend on what is computed with it.
void Scheduler::compute(std::span<const SequenceInput> inputs, std::span<const RunningList::iterator> requests) {
  std::vector<float> logits;
  std::optional<Error> error;
  try {
    logits = forward_(inputs);
  } catch (const std::exception& exception) {
    error = error_of(exception);
  }
  if (error) {
    for (const auto& request : requests) request->own.truncate(request->num_rows);
    if (tails_.clear()) return compute(inputs, requests);
    if (inputs.size() == 1) {
      finish(requests.front(), FinishReason::failed, std::move(error->message));
      return;
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) compute(inputs.subspan(i, 1), requests.subspan(i, 1));
    return;
  }
  const auto num_wanting = static_cast<std::size_t>(
      std::count_if(inputs.begin(), inputs.end(), [](const SequenceInput& input) { return input.num_logits > 0; }));
  const std::size_t vocab_size = num_wanting == 0 ? 0 : logits.size() / num_wanting;
  std::span<const float> left = logits;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::size_t size = inputs[i].num_logits > 0 ? vocab_size : 0;
    advance(requests[i], static_cast<std::int64_t>(inputs[i].tokens.size()), left.first(size));
    left = left.subspan(size);
  }
}

/// The request after a pass that computed `num_rows` rows. `logits` [vocab_size], empty if it wanted none.
void Scheduler::advance(RunningList::iterator request, std::int64_t num_rows, std::span<const float> logits) {
  request->num_rows += num_rows;
  if (logits.empty()) return;
  try {
    if (const auto end = take_token(*request, logits)) finish(request, *end);
  } catch (const std::exception& exception) {
    finish(request, FinishReason::failed, error_of(exception).message);
  }
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

Scheduler::RunningList::iterator Scheduler::finish(RunningList::iterator request, FinishReason reason,
                                                   std::string error) {
  request->answer.finish_reason = reason;
  request->answer.error = std::move(error);
  request->answer.private_bytes = request->own.size_bytes();
  if (reason != FinishReason::failed) keep_tail(*request);
  tell(request->request, std::move(request->answer));
  return running_.erase(request);
}

/// Leaves the rows of a request that is done to the requests to come.
void Scheduler::keep_tail(Running& request) {
  GenerationRequest& from = request.request;
  if (from.keeps.size() < from.context.size()) return;  // another artifact may come to lie where one of these did
  const std::int64_t num_prompt_rows = std::min(request.num_rows, request.num_prompt_rows());
  const std::vector<TokenId>& generated = request.answer.tokens;
  std::vector<TokenId> tokens = std::move(from.tokens);
  try {
    tokens.resize(static_cast<std::size_t>(num_prompt_rows));
    tokens.insert(tokens.end(), generated.begin(), generated.begin() + (request.num_rows - num_prompt_rows));
  } catch (const std::bad_alloc&) {
    return;
  }
  tails_.put({std::move(tokens), std::move(from.context), std::move(from.keeps), std::move(request.own)});
}

}  // namespace pml::runtime
