#include "cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace pml::cli {

using Clock = std::chrono::steady_clock;

Progress::Progress(std::string label, std::string unit, std::int64_t total, bool is_shown)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      is_shown_(is_shown && total > 0 && ::isatty(STDERR_FILENO) == 1),
      start_(Clock::now()),
      drawn_(start_) {
  draw();
}

Progress::~Progress() {
  if (is_shown_) std::fputs("\r\x1B[K", stderr);
}

void Progress::advance(std::int64_t count) {
  done_ = std::min(done_ + count, total_);
  if (Clock::now() - drawn_ > std::chrono::milliseconds(50)) draw();
}

void Progress::draw() {
  if (!is_shown_) return;
  drawn_ = Clock::now();
  constexpr std::int64_t kWidth = 30;
  const std::int64_t filled = kWidth * done_ / total_;
  const double seconds = std::chrono::duration<double>(drawn_ - start_).count();
  const double rate = seconds > 0.1 ? static_cast<double>(done_) / seconds : 0.0;
  std::fprintf(stderr, "\r\x1B[K%s [%s%s] %lld/%lld %s", label_.c_str(),
               std::string(static_cast<std::size_t>(filled), '#').c_str(),
               std::string(static_cast<std::size_t>(kWidth - filled), '.').c_str(), static_cast<long long>(done_),
               static_cast<long long>(total_), unit_.c_str());
  if (rate > 0.0) std::fprintf(stderr, ", %.0f/s", rate);
  std::fflush(stderr);
}

}  // namespace pml::cli
