#include "cli/timing.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace pml::cli {
namespace {

/// How long the process has been running; 0 if the system does not say.
double milliseconds_of_process() {
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  // Fields from the third on; the second, the program's name, may hold anything.
  std::istringstream fields(text.substr(std::min(text.size(), text.rfind(')') + 2)));
  constexpr int kStartTime = 22 - 3;
  std::string field;
  for (int i = 0; i <= kStartTime; ++i) fields >> field;
  timespec now{};
  if (field.empty() || !fields || ::clock_gettime(CLOCK_BOOTTIME, &now) != 0) return 0.0;
  const double ticks = std::strtod(field.c_str(), nullptr);
  const double started = 1e3 * ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
  return std::max(0.0, 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec) - started);
}

}  // namespace

Timing::Timing(std::string first_part) : since_(Clock::now()) {
  parts_.emplace_back(std::move(first_part), milliseconds_of_process());
}

void Timing::begin(const std::string& part) {
  const Clock::time_point now = Clock::now();
  parts_[current_].second += std::chrono::duration<double, std::milli>(now - since_).count();
  since_ = now;
  const auto found = std::ranges::find(parts_, part, &std::pair<std::string, double>::first);
  current_ = static_cast<std::size_t>(found - parts_.begin());
  if (found == parts_.end()) parts_.emplace_back(part, 0.0);
}

Json Timing::to_json() {
  begin(std::string(parts_[current_].first));
  Json parts = Json::object();
  double sum = 0.0;
  for (const auto& [name, milliseconds] : parts_) {
    parts[name] = milliseconds;
    sum += milliseconds;
  }
  return {{"parts_ms", std::move(parts)}, {"wall_ms", sum}};
}

void Timing::print() {
  begin(std::string(parts_[current_].first));
  double sum = 0.0;
  for (const auto& [name, milliseconds] : parts_) {
    std::fprintf(stderr, "%10.1f ms  %s\n", milliseconds, name.c_str());
    sum += milliseconds;
  }
  std::fprintf(stderr, "%10.1f ms  in all\n", sum);
}

}  // namespace pml::cli
