// Asks for the rows of the next sub-block, line by line, while the present one is computed. With few queries
// attention takes as long as reading memory does; the hardware's own prefetchers stop at every page and at
// every change between keys and values, and rest while a sub-block is worked on in the L1 cache.
#pragma once

#include <cstdint>

namespace pml::runtime::cpu {

class RowPrefetch {
 public:
  /// Nothing to ask for.
  RowPrefetch() = default;

  /// The keys, then the values of `num_rows` rows, spread over `num_steps` calls of `step`. Sizes in bytes.
  RowPrefetch(const void* keys, const void* values, std::int64_t row_stride, std::int64_t row_size,
              std::int64_t num_rows, std::int64_t num_steps)
      : run_(static_cast<const char*>(keys)),
        next_line_(run_),
        values_(static_cast<const char*>(values)),
        run_stride_(row_stride) {
    const bool one_run = row_stride == row_size;
    runs_left_ = runs_each_ = one_run ? 1 : num_rows;
    lines_left_ = run_lines_ = ((one_run ? num_rows : 1) * row_size + kLineSize - 1) / kLineSize;
    lines_per_step_ = (2 * runs_each_ * run_lines_ + num_steps - 1) / num_steps;
  }

  void step() {
    for (std::int64_t i = 0; i < lines_per_step_; ++i) {
      __builtin_prefetch(next_line_, 0, 2);  // into the L2 cache: the L1 cache is full of the present rows
      next_line_ += kLineSize;
      if (--lines_left_ == 0) next_run();
    }
  }

 private:
  static constexpr std::int64_t kLineSize = 64;

  // A run is a row, or all rows if they lie side by side.
  void next_run() {
    run_ += run_stride_;
    if (--runs_left_ == 0) {
      if (values_ == nullptr) lines_per_step_ = 0;  // done
      run_ = values_;
      values_ = nullptr;
      runs_left_ = runs_each_;
    }
    next_line_ = run_;
    lines_left_ = run_lines_;
  }

  const char* run_ = nullptr;
  const char* next_line_ = nullptr;
  const char* values_ = nullptr;  // null once their turn has come
  std::int64_t run_stride_ = 0;
  std::int64_t run_lines_ = 0;
  std::int64_t runs_each_ = 0;
  std::int64_t lines_left_ = 0;
  std::int64_t runs_left_ = 0;
  std::int64_t lines_per_step_ = 0;
};

}  // namespace pml::runtime::cpu
