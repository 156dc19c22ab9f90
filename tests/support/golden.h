// Golden files: what a phase printed once, and must print again.
//
// With PML_UPDATE_GOLDENS=1 in the environment they are written instead of compared.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pml::test {

/// The .pml files of tests/golden/<phase>, sorted; prompts (`name.prompt.pml`) are left out.
std::vector<std::filesystem::path> golden_inputs(const std::string& phase);

/// `name.prompt.pml` beside `name.pml`, or an empty path.
std::filesystem::path prompt_beside(const std::filesystem::path& input);

/// Compares with `name.out` beside `name.pml`, as a Catch2 assertion.
void check_golden(const std::filesystem::path& input, const std::string& output);

std::string read_file(const std::filesystem::path& path);

}  // namespace pml::test
