#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "grammar/display.h"

namespace pml::cli {

int terminal_width() {
  constexpr int kDefault = 100;
  constexpr int kMost = 1000;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return std::min<int>(size.ws_col, kMost);
  const char* columns = std::getenv("COLUMNS");
  int width = 0;
  if (columns != nullptr) std::from_chars(columns, columns + std::strlen(columns), width);
  return width > 0 ? std::min(width, kMost) : kDefault;
}

void print_wrapped(std::string_view start, std::string_view text, int indent, int width) {
  const std::string margin(static_cast<std::size_t>(std::clamp(indent, 0, width / 2)), ' ');
  std::string line(start);
  bool is_fresh = true;  // no word stands in the line yet
  const auto next_line = [&] {
    line.erase(line.find_last_not_of(' ') + 1);
    if (!line.empty()) std::printf("%s\n", line.c_str());
    line = margin;
    is_fresh = true;
  };
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto room = [&] { return width - grammar::display_width(line) - (is_fresh ? 0 : 1); };
    if (grammar::display_width(word) > room() && line != margin) next_line();
    while (grammar::display_width(word) > room()) {  // it is longer than a line
      const std::size_t size = grammar::prefix_size(word, std::max(room(), grammar::kWidestCharacter));
      line += word.substr(0, size);
      word.remove_prefix(size);
      next_line();
    }
    if (!is_fresh) line += ' ';
    line += word;
    is_fresh = false;
  }
  next_line();
}

}  // namespace pml::cli
