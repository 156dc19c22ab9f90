// Lines of a file or of standard input, as they come.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "grammar/result.h"

namespace pml::cli {

class LineInput {
 public:
  /// `-` is standard input. The message leaves out the path.
  static Result<LineInput> open(const std::string& path);
  LineInput(LineInput&& other) noexcept;
  LineInput& operator=(LineInput&&) = delete;
  ~LineInput();

  enum class Next { line, none_yet, end };

  /// The next line, without its line break. `none_yet`: a signal came, or `patience` ended, before one was complete.
  /// Of a line that is longer than kMaxLineBytes only one byte more than that is kept. The first one comes without the
  /// byte order mark of UTF-8; with that of UTF-16 it is the last one, as no further line could be read either. Fails
  /// where reading fails.
  Result<Next> next(std::string& line, std::chrono::milliseconds patience);

  static constexpr std::size_t kMaxLineBytes = 16U << 20;

 private:
  explicit LineInput(int descriptor) : descriptor_(descriptor) {}
  /// Moves what is read up to a line break to line_; true if there was one.
  bool complete_line();

  int descriptor_;
  std::string read_;      // and not looked at yet
  std::string line_;      // what is known of the next line
  bool is_first_ = true;  // no line has been given yet
  bool is_at_end_ = false;
};

}  // namespace pml::cli
