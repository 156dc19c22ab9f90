// Bytes of tokens -> whole UTF-8 characters, as soon as they are complete.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace pml::cli {

class TextStream {
 public:
  explicit TextStream(std::function<void(std::string_view)> sink) : sink_(std::move(sink)) {}
  void add(std::string_view bytes);
  /// What is left is not going to become a character; U+FFFD stands for it.
  void finish();

 private:
  std::function<void(std::string_view)> sink_;
  std::string pending_;
};

}  // namespace pml::cli
