// Ctrl-C as a question that a loop can ask, instead of the end of the program.
#pragma once

#include <csignal>

namespace pml::cli {

/// While it lives, the first SIGINT is only noted; a second one ends the program. One at a time.
class Interrupt {
 public:
  Interrupt() {
    flag() = 0;
    struct sigaction action {};
    action.sa_handler = [](int) { flag() = 1; };
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(SIGINT, &action, &before_);
  }
  ~Interrupt() { ::sigaction(SIGINT, &before_, nullptr); }
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool happened() const { return flag() != 0; }

 private:
  static volatile std::sig_atomic_t& flag() {
    static volatile std::sig_atomic_t value = 0;
    return value;
  }
  struct sigaction before_ {};
};

}  // namespace pml::cli
