// Bytes of tokens -> whole UTF-8 characters, as soon as they are complete and can no longer be the beginning of a
// stop string.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pml::runtime {

class TextStream {
 public:
  /// `sink` gets the text piece by piece. It ends before the first of `stops` that occurs in it; empty ones are
  /// never found.
  explicit TextStream(std::function<void(std::string_view)> sink, std::vector<std::string> stops = {});

  void add(std::string_view bytes);
  /// What is left is not going to become a character; U+FFFD stands for it.
  void finish();
  /// A stop string was met; what is added from now on is dropped.
  bool is_stopped() const { return is_stopped_; }

 private:
  void emit();

  std::function<void(std::string_view)> sink_;
  std::vector<std::string> stops_;
  std::string pending_;  // bytes that may become a character
  std::string held_;     // characters that may become a stop string
  bool is_stopped_ = false;
};

}  // namespace pml::runtime
