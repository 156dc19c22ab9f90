// A progress bar on standard error, where that is a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace pml::cli {

class Progress {
 public:
  /// `unit` is what is counted, such as "tokens". Nothing is shown if `is_shown` is false or standard error is
  /// no terminal.
  Progress(std::string label, std::string unit, std::int64_t total, bool is_shown);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Wipes the bar.
  ~Progress();

  void advance(std::int64_t count);

 private:
  void draw();

  std::string label_;
  std::string unit_;
  std::int64_t total_;
  std::int64_t done_ = 0;
  bool is_shown_;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point drawn_;
};

}  // namespace pml::cli
