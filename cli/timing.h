// Where a command's time goes (--timing): parts that follow one another from the start of the process, so that they add
// up to what a stopwatch beside the program shows.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "cli/json_output.h"

namespace pml::cli {

class Timing {
 public:
  /// The first part began with the process.
  explicit Timing(std::string first_part);

  /// Ends the part at hand; the next one begins. A part that is begun again goes on.
  void begin(const std::string& part);

  /// {"parts_ms": {part: time, ...}, "wall_ms": their sum}, until now.
  Json to_json();
  /// A table on standard error, until now.
  void print();

 private:
  using Clock = std::chrono::steady_clock;

  std::vector<std::pair<std::string, double>> parts_;  // in milliseconds
  std::size_t current_ = 0;
  Clock::time_point since_;
};

}  // namespace pml::cli
