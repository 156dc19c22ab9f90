#include <catch2/catch.hpp>
#include <cmath>
#include <functional>

#include "compiler/gguf.h"
#include "tests/compiler/gguf_builder.h"

namespace pml::compiler {
namespace {

using namespace test;

constexpr std::uint64_t kHuge = ~std::uint64_t{0};

Bytes data_of(std::size_t size_bytes) { return Bytes(size_bytes, std::byte{0x5A}); }

/// One entry of each kind: every type of value, arrays in arrays, three tensors.
GgufBuilder sample() {
  GgufBuilder file;
  file.set("u8", number<std::uint8_t>(0, 200));
  file.set("i8", number<std::int8_t>(1, -100));
  file.set("u16", number<std::uint16_t>(2, 60000));
  file.set("i16", number<std::int16_t>(3, -30000));
  file.set("u32", u32(4000000000));
  file.set("i32", number<std::int32_t>(5, -2000000000));
  file.set("f32", f32(1.5F));
  file.set("bool", boolean(true));
  file.set("string", string("text"));
  file.set("u64", number<std::uint64_t>(10, kHuge));
  file.set("i64", number<std::int64_t>(11, -1));
  file.set("f64", number(12, 0.1));
  file.set("strings", strings({"a", "", "ccc"}));
  file.set("integers", numbers<std::int32_t>(5, {1, -2, 3}));
  file.set("bytes", numbers<std::uint8_t>(0, {1, 255}));
  file.set("wide", numbers<std::int64_t>(11, {1, std::int64_t{1} << 40}));
  file.set("none", numbers<float>(6, {}));
  Value nested = strings({"x"});  // array of two arrays of strings
  Value outer{9, {}};
  append(outer.payload, std::uint32_t{9});
  append(outer.payload, std::uint64_t{2});
  for (int i = 0; i < 2; ++i) {
    outer.payload.insert(outer.payload.end(), nested.payload.begin(), nested.payload.end());
  }
  file.set("nested", outer);
  file.tensors.push_back({"a", {3, 2}, 0, data_of(24)});
  file.tensors.push_back({"b", {64, 2, 1, 1}, 3, data_of(80)});
  file.tensors.push_back({"c", {256}, 14, data_of(210)});
  return file;
}

/// Parses a copy of exactly the file's size, so that AddressSanitizer sees a read beyond it.
Result<Gguf> parse_copy(const Bytes& bytes, Bytes& copy) {
  copy = Bytes(bytes.begin(), bytes.end());
  copy.shrink_to_fit();
  return parse_gguf(copy);
}

std::string error_of(const Bytes& bytes) {
  Bytes copy;
  const auto parsed = parse_copy(bytes, copy);
  return parsed ? "" : parsed.error().message;
}

template <typename T>
T value(const Gguf& gguf, std::string_view key) {
  return std::get<T>(gguf.metadata.at(key));
}

TEST_CASE("GGUF: every kind of value and tensor is read", "[gguf]") {
  const Bytes bytes = sample().build();
  const auto gguf = parse_gguf(bytes);
  REQUIRE(gguf);
  CHECK(gguf->version == 3);
  CHECK(gguf->alignment == 32);
  CHECK(value<std::uint64_t>(*gguf, "u8") == 200);
  CHECK(value<std::int64_t>(*gguf, "i8") == -100);
  CHECK(value<std::uint64_t>(*gguf, "u16") == 60000);
  CHECK(value<std::int64_t>(*gguf, "i16") == -30000);
  CHECK(value<std::uint64_t>(*gguf, "u32") == 4000000000);
  CHECK(value<std::int64_t>(*gguf, "i32") == -2000000000);
  CHECK(value<double>(*gguf, "f32") == 1.5);
  CHECK(value<bool>(*gguf, "bool"));
  CHECK(value<std::string_view>(*gguf, "string") == "text");
  CHECK(value<std::uint64_t>(*gguf, "u64") == kHuge);
  CHECK(value<std::int64_t>(*gguf, "i64") == -1);
  CHECK(value<double>(*gguf, "f64") == 0.1);

  CHECK(gguf_strings(value<GgufArray>(*gguf, "strings")) == std::vector<std::string_view>{"a", "", "ccc"});
  CHECK(gguf_integers(value<GgufArray>(*gguf, "integers")) == std::vector<std::int32_t>{1, -2, 3});
  CHECK(gguf_integers(value<GgufArray>(*gguf, "bytes")) == std::vector<std::int32_t>{1, 255});
  CHECK(gguf_integers(value<GgufArray>(*gguf, "wide")).empty());  // does not fit
  CHECK(gguf_integers(value<GgufArray>(*gguf, "strings")).empty());
  CHECK(gguf_strings(value<GgufArray>(*gguf, "integers")).empty());
  CHECK(value<GgufArray>(*gguf, "none").count == 0);
  const auto nested = value<GgufArray>(*gguf, "nested");
  CHECK(nested.element_type == GgufType::array);
  CHECK(nested.count == 2);
  CHECK(nested.data.size() == 2 * (12 + 9));

  REQUIRE(gguf->tensors.size() == 3);
  CHECK(gguf->tensors[0].name == "a");
  CHECK(gguf->tensors[0].type == "F32");
  CHECK(gguf->tensors[0].dimensions == std::vector<std::uint64_t>{3, 2});
  CHECK(gguf->tensors[0].data.size() == 24);
  CHECK(gguf->tensors[1].type == "Q4_1");
  CHECK(gguf->tensors[1].data.size() == 80);
  CHECK(gguf->tensors[2].type == "Q6_K");
  for (const GgufTensor& tensor : gguf->tensors) {
    CHECK((tensor.data.data() - bytes.data()) % 32 == 0);
    CHECK(std::ranges::count(tensor.data, std::byte{0x5A}) == std::ssize(tensor.data));
  }
}

TEST_CASE("GGUF: the file's own alignment is used", "[gguf]") {
  GgufBuilder file = sample();
  file.set("general.alignment", u32(128));
  file.alignment = 128;
  const Bytes bytes = file.build();
  const auto gguf = parse_gguf(bytes);
  REQUIRE(gguf);
  CHECK(gguf->alignment == 128);
  for (const GgufTensor& tensor : gguf->tensors) CHECK((tensor.data.data() - bytes.data()) % 128 == 0);
}

TEST_CASE("GGUF: a file without tensors need not be padded", "[gguf]") {
  GgufBuilder file;
  CHECK(error_of(file.build()).empty());
  file.set("a", u32(1));
  CHECK(error_of(file.build()).empty());
}

TEST_CASE("GGUF: truncated at any byte, it is refused", "[gguf]") {
  const Bytes bytes = sample().build();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK(!error_of(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size))).empty());
  }
}

TEST_CASE("GGUF: with any byte changed, it is read or refused, nothing else", "[gguf]") {
  const Bytes bytes = sample().build();
  int refused = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int flip : {0x01, 0x02, 0x10, 0x80, 0xFF}) {
      Bytes changed = bytes;
      changed[at] ^= static_cast<std::byte>(flip);
      Bytes copy;
      const auto gguf = parse_copy(changed, copy);
      if (!gguf) {
        ++refused;
        continue;
      }
      for (const auto& [key, entry] : gguf->metadata) {  // what was accepted can be read
        if (const auto* array = std::get_if<GgufArray>(&entry)) {
          gguf_strings(*array);
          gguf_integers(*array);
        }
      }
      for (const GgufTensor& tensor : gguf->tensors) REQUIRE(tensor.data.size() <= copy.size());
    }
  }
  CHECK(refused > 100);
}

TEST_CASE("GGUF: what is wrong is named", "[gguf]") {
  struct Case {
    const char* what;
    const char* message;
    std::function<void(GgufBuilder&)> change;
  };
  const auto raw_array = [](std::uint32_t type, std::uint64_t count) {
    Value result{9, {}};
    append(result.payload, type);
    append(result.payload, count);
    return result;
  };
  const Case cases[] = {
      {"another format", "does not begin with 'GGUF'", [](auto& f) { f.magic = "GGML"; }},
      {"version 1", "version 1; only version 3", [](auto& f) { f.version = 1; }},
      {"version 2", "version 2; only version 3", [](auto& f) { f.version = 2; }},
      {"big endian", "big-endian", [](auto& f) { f.version = 0x03000000; }},
      {"too many tensors", "the list of tensors is said to have 18446744073709551615 entries",
       [](auto& f) { f.claimed_tensors = kHuge; }},
      {"too many pairs", "the metadata is said to have 9223372036854775808 entries",
       [](auto& f) { f.claimed_pairs = std::uint64_t{1} << 63; }},
      {"one tensor too many", "tensor 3", [](auto& f) { f.claimed_tensors = 4; }},
      {"unknown value type", "the value of 'x' has the unknown type 13",
       [](auto& f) {
         f.set("x", {13, {}});
       }},
      {"unknown element type", "the value of 'x' has the unknown type 99",
       [&](auto& f) { f.set("x", raw_array(99, 0)); }},
      {"boolean of 2", "'x' is a boolean of 2", [](auto& f) { f.set("x", number<std::uint8_t>(7, 2)); }},
      {"endless string", "the file ends within the value of 'x'", [](auto& f) { f.set("x", number(8, kHuge)); }},
      {"endless array", "the value of 'x' is said to have", [&](auto& f) { f.set("x", raw_array(4, kHuge)); }},
      {"overflowing array", "the value of 'x' is said to have",
       [&](auto& f) { f.set("x", raw_array(10, (std::uint64_t{1} << 61) + 1)); }},
      {"endless strings", "the value of 'x' is said to have", [&](auto& f) { f.set("x", raw_array(8, kHuge)); }},
      {"deep arrays", "the value of 'x' nests arrays deeper than 4",
       [&](auto& f) {
         Value deep{9, {}};
         for (int i = 0; i < 1000; ++i) {
           append(deep.payload, std::uint32_t{9});
           append(deep.payload, std::uint64_t{1});
         }
         f.set("x", deep);
       }},
      {"key twice", "metadata key 'x' stands twice",
       [](auto& f) {
         f.metadata.insert(f.metadata.end(), 2, {"x", u32(1)});
       }},
      {"long key with controls", "'a??",
       [](auto& f) {
         f.metadata.insert(f.metadata.end(), 2, {std::string("a\n\x01").append(500, 'b'), u32(1)});
       }},
      {"alignment 0", "'general.alignment' is not a power of two", [](auto& f) { f.set("general.alignment", u32(0)); }},
      {"alignment 24", "'general.alignment' is not a power of two",
       [](auto& f) { f.set("general.alignment", u32(24)); }},
      {"alignment of another type", "'general.alignment' is not a power of two",
       [](auto& f) { f.set("general.alignment", string("32")); }},
      {"alignment of 2^63", "'general.alignment' is not a power of two",
       [](auto& f) { f.set("general.alignment", number(10, std::uint64_t{1} << 63)); }},
      {"tensor twice", "tensor 'b' stands twice", [](auto& f) { f.tensors[0].name = f.tensors[1].name; }},
      {"no dimensions", "tensor 'a' has 0 dimensions", [](auto& f) { f.tensors[0].dimensions = {}; }},
      {"five dimensions", "tensor 'a' has 5 dimensions",
       [](auto& f) {
         f.tensors[0].dimensions = {1, 1, 1, 1, 1};
       }},
      {"dimension of 0", "tensor 'a' has a dimension of 0",
       [](auto& f) {
         f.tensors[0].dimensions = {3, 0};
       }},
      {"unknown tensor type", "tensor 'a' has the unknown type 4", [](auto& f) { f.tensors[0].type = 4; }},
      {"half a block", "tensor 'b' has rows of 48 elements",
       [](auto& f) {
         f.tensors[1].dimensions = {48, 2};
       }},
      {"elements overflow", "tensor 'a' is larger than 64 bits",
       [](auto& f) {
         f.tensors[0].dimensions = {std::uint64_t{1} << 32, std::uint64_t{1} << 32};
       }},
      {"bytes overflow", "tensor 'a' is larger than 64 bits",
       [](auto& f) { f.tensors[0].dimensions = {std::uint64_t{1} << 62}; }},
      {"beyond the end", "the file ends within the data of tensor 'c'",
       [](auto& f) { f.tensors[2].dimensions = {512}; }},
      {"offset beyond the end", "the file ends within the data of tensor 'a'",
       [](auto& f) { f.tensors[0].offset = 1 << 20; }},
      {"offset at the end of numbers", "the file ends within the data of tensor 'a'",
       [](auto& f) { f.tensors[0].offset = kHuge - 31; }},
      {"odd offset", "tensor 'a' begins at offset 4, not a multiple of the alignment 32",
       [](auto& f) { f.tensors[0].offset = 4; }},
  };
  for (const Case& test : cases) {
    CAPTURE(test.what);
    GgufBuilder file = sample();
    test.change(file);
    const std::string error = error_of(file.build());
    CHECK_THAT(error, Catch::Contains(test.message));
    CHECK(error.find('\n') == error.npos);
    CHECK(error.size() < 300);
  }
}

}  // namespace
}  // namespace pml::compiler
