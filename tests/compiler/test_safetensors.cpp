// Headers as text, each before data of 16 bytes.
#include <catch2/catch.hpp>
#include <cstring>
#include <string>

#include "compiler/safetensors.h"

namespace pml::compiler {
namespace {

/// One tensor of the header; shape and offsets as numbers between commas.
std::string tensor(const std::string& name, const std::string& dtype, const std::string& shape,
                   const std::string& offsets) {
  return "\"" + name + R"(": {"dtype": ")" + dtype + R"(", "shape": [)" + shape + R"(], "data_offsets": [)" + offsets +
         "]}";
}

Result<SafetensorsHeader> read(const std::string& tensors) {
  const std::string text = "{" + tensors + "}";
  const std::uint64_t size = text.size();
  std::string file(sizeof size, '\0');
  std::memcpy(file.data(), &size, sizeof size);
  file += text + std::string(16, 'x');
  std::span<const std::byte> data;
  auto header = read_safetensors_header(std::as_bytes(std::span(file)), data);
  if (header) CHECK(data.size() == 16);
  return header;
}

TEST_CASE("safetensors: tensors are listed in the order of their bytes, empty ones anywhere", "[safetensors]") {
  const auto header = read(tensor("z", "F32", "2", "0, 8") + "," + tensor("b", "F16", "3, 0", "8, 8") + "," +
                           tensor("a", "BF16", "2, 2", "8, 16") + "," + tensor("y", "F32", "0", "16, 16") + "," +
                           tensor("e", "F32", "0", "0, 0"));
  REQUIRE(header);
  std::string names;
  for (const SafetensorsEntry& entry : header->tensors) names += entry.name;
  CHECK(names == "ezbay");
}

TEST_CASE("safetensors: bytes that do not fit are refused", "[safetensors]") {
  struct Case {
    const char* message;
    std::string tensors;
  };
  const std::string whole = tensor("a", "F32", "4", "0, 16");
  const Case cases[] = {
      {"'b' overlap those of another", tensor("a", "F32", "2", "0, 8") + "," + tensor("b", "F32", "3", "4, 16")},
      {"'b' overlap those of another", whole + "," + tensor("b", "F32", "4", "0, 16")},
      {"'b' overlap those of another", whole + "," + tensor("b", "F32", "0", "8, 8")},
      {"'b' lie behind a gap", tensor("a", "F32", "1", "0, 4") + "," + tensor("b", "F32", "2", "8, 16")},
      {"'a' lie behind a gap", tensor("a", "F32", "3", "4, 16")},
      {"the file is not as long as its tensors", tensor("a", "F32", "3", "0, 12")},
      {"the file is not as long as its tensors", tensor("a", "F32", "5", "0, 20")},
      {"'a' are not as many as its shape asks for", tensor("a", "F32", "4", "0, 8")},
      {"'a' are not as many as its shape asks for", tensor("a", "F32", "0", "16, 0")},
      {"'a' are not as many as its shape asks for", tensor("a", "F32", "", "0, 16")},
      {"'a' has an impossible shape", tensor("a", "F32", "4611686018427387904, 4", "0, 16")},
      {"'a' has no shape", tensor("a", "F32", "-4", "0, 16")},
      {"'a' has no two offsets", tensor("a", "F32", "4", "0")},
  };
  for (const Case& test : cases) {
    CAPTURE(test.tensors);
    const auto header = read(test.tensors);
    REQUIRE(!header);
    CHECK_THAT(header.error().message, Catch::Contains(test.message));
  }
}

}  // namespace
}  // namespace pml::compiler
