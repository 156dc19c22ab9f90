// Feeds every file of the folders, or each file, that the command line names to a target: a fuzzer's inputs as a test
// of an ordinary build.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "fuzz/target.h"
#include "grammar/source.h"

namespace fs = std::filesystem;

int main(int argc, char** argv) {
  constexpr std::uint64_t kMostBytes = 1 << 20;
  std::vector<fs::path> files;
  for (int i = 1; i < argc; ++i) {
    if (!fs::is_directory(argv[i])) {
      files.emplace_back(argv[i]);
      continue;
    }
    for (const auto& entry : fs::directory_iterator(argv[i])) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    const auto text = pml::grammar::read_file(file, kMostBytes);
    if (!text) {
      std::fprintf(stderr, "%s %s\n", file.c_str(), text.error().message.c_str());
      return 1;
    }
    std::printf("%s\n", file.c_str());
    std::fflush(stdout);  // the last one that is named is the one that ended the program
    pml::fuzz::run(*text);
  }
  std::printf("%zu inputs\n", files.size());
  return files.empty() ? 1 : 0;
}
