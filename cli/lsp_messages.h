// Messages of JSON-RPC as the Language Server Protocol frames them: `Content-Length: N`, an empty line, N bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pml::cli {

/// Reads from a descriptor, which stays the caller's. No message takes more memory than `most_bytes`.
class MessageReader {
 public:
  MessageReader(int descriptor, std::uint64_t most_bytes) : descriptor_(descriptor), most_bytes_(most_bytes) {}

  struct Message {
    std::string body;
    std::string mistake;  // why there is no body; empty: there is one
  };
  /// Waits for the next message. Nothing at the end of the input.
  std::optional<Message> next();
  /// Would next() begin without waiting?
  bool has_more() const;

 private:
  /// The next byte, or -1.
  int get();
  /// A line without its end. At most `kMostHeaderBytes` of it are kept.
  std::optional<std::string> line();

  static constexpr std::size_t kMostHeaderBytes = 4096;

  int descriptor_;
  std::uint64_t most_bytes_;
  std::vector<char> buffer_ = std::vector<char>(1 << 16);
  std::size_t at_ = 0;
  std::size_t end_ = 0;
};

/// False if the descriptor cannot be written to any more.
bool write_message(int descriptor, std::string_view body);

}  // namespace pml::cli
