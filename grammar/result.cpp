#include "grammar/result.h"

#include <new>
#include <stdexcept>
#include <string_view>

namespace pml {

Error error_of(const std::exception& exception) {
  // A vector that is too long for the address space is a std::length_error. LibTorch has an exception of its own for
  // an allocation that failed, and writes a backtrace below its messages.
  const std::string_view text = exception.what();
  const bool is_memory = dynamic_cast<const std::bad_alloc*>(&exception) != nullptr ||
                         dynamic_cast<const std::length_error*>(&exception) != nullptr ||
                         text.find("DefaultCPUAllocator") != std::string_view::npos;
  return {is_memory ? "out of memory" : std::string(text.substr(0, text.find('\n')))};
}

}  // namespace pml
