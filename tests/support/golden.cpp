#include "support/golden.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace pml::test {

namespace fs = std::filesystem;

std::vector<fs::path> golden_inputs(const std::string& phase) {
  std::vector<fs::path> inputs;
  for (const auto& entry : fs::directory_iterator(fs::path(PML_TEST_GOLDEN) / phase)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".pml") && !name.ends_with(".prompt.pml")) inputs.push_back(entry.path());
  }
  std::sort(inputs.begin(), inputs.end());
  REQUIRE_FALSE(inputs.empty());
  return inputs;
}

fs::path prompt_beside(const fs::path& input) {
  fs::path prompt = input;
  prompt.replace_extension(".prompt.pml");
  return fs::exists(prompt) ? prompt : fs::path();
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void check_golden(const fs::path& input, const std::string& output) {
  fs::path expected = input;
  expected.replace_extension(".out");
  if (const char* update = std::getenv("PML_UPDATE_GOLDENS"); update != nullptr && *update == '1') {
    std::ofstream(expected, std::ios::binary) << output;
  }
  INFO(input.string());
  CHECK(output == read_file(expected));
}

}  // namespace pml::test
