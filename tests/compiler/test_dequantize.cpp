#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>
#include <vector>

#include "compiler/dequantize.h"

namespace pml::compiler {
namespace {

// A second implementation, one element at a time and in f64, from the description of the formats.

double half_value(std::uint16_t half) {
  const double sign = half >> 15 ? -1.0 : 1.0;
  const int exponent = half >> 10 & 31;
  const int mantissa = half & 1023;
  if (exponent == 31) return mantissa == 0 ? sign * HUGE_VAL : std::nan("");
  if (exponent == 0) return sign * std::ldexp(mantissa, -24);
  return sign * std::ldexp(1024 + mantissa, exponent - 25);
}

std::uint16_t u16_at(const std::byte* bytes) {
  return static_cast<std::uint16_t>(static_cast<unsigned>(bytes[0]) | static_cast<unsigned>(bytes[1]) << 8);
}

float element(TensorType type, const std::byte* row, std::int64_t index) {
  const std::byte* block = row + index / block_size(type).elements * block_size(type).bytes;
  const std::int64_t i = index % block_size(type).elements;
  const auto nibble = [&](std::int64_t header) {
    const int pair = static_cast<int>(block[header + i % 16]);
    return i < 16 ? pair & 15 : pair >> 4;
  };
  switch (type) {
    case TensorType::f32: {
      float value;
      std::memcpy(&value, block, 4);
      return value;
    }
    case TensorType::f16:
      return static_cast<float>(half_value(u16_at(block)));
    case TensorType::bf16:
      return std::bit_cast<float>(static_cast<std::uint32_t>(u16_at(block)) << 16);
    case TensorType::q4_0:
      return static_cast<float>(half_value(u16_at(block)) * (nibble(2) - 8));
    case TensorType::q4_1: {  // two roundings, as the format's users compute it
      const auto product = static_cast<float>(half_value(u16_at(block)) * nibble(4));
      return static_cast<float>(double{product} + half_value(u16_at(block + 2)));
    }
    case TensorType::q8_0:
      return static_cast<float>(half_value(u16_at(block)) * static_cast<std::int8_t>(block[2 + i]));
    default:  // the others are compared with goldens alone
      FAIL("no second implementation of " << to_string(type));
      return 0;
  }
}

constexpr TensorType kTypes[] = {TensorType::f32,  TensorType::f16,  TensorType::bf16,
                                 TensorType::q4_0, TensorType::q4_1, TensorType::q8_0};

/// Bit for bit, but any NaN is as good as another: which payload an addition keeps is not ours to say.
bool is_same(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) || (std::isnan(a) && std::isnan(b));
}

struct RandomTensor {
  std::vector<std::byte> storage;
  TensorInfo info;

  RandomTensor(TensorType type, std::int64_t rows, std::int64_t columns, unsigned seed, std::int64_t heads = 0) {
    info = {"random", type, {rows, columns}, {}, heads};
    const auto size = static_cast<std::size_t>(rows * row_size_bytes(info));
    storage.resize(size + 1);
    std::mt19937 random(seed);
    for (std::byte& byte : storage) byte = static_cast<std::byte>(random());
    info.data = std::span(storage).subspan(1);  // an odd address: alignment is not promised
  }

  std::vector<float> expected() const {
    std::vector<float> values;
    for (std::int64_t row = 0; row < num_rows(info); ++row) {
      std::int64_t from = row;
      if (info.permuted_heads != 0) {  // w.reshape(H, d/2, 2, in).swapaxes(1, 2)
        const std::int64_t d = num_rows(info) / info.permuted_heads;
        const std::int64_t head = row / d, j = row % d / (d / 2), i = row % (d / 2);
        from = (head * (d / 2) + i) * 2 + j;
      }
      for (std::int64_t column = 0; column < row_size(info); ++column) {
        values.push_back(element(info.type, info.data.data() + from * row_size_bytes(info), column));
      }
    }
    return values;
  }
};

void check_rows(const RandomTensor& tensor, std::int64_t first, std::int64_t count) {
  const std::vector<float> all = tensor.expected();
  const std::int64_t columns = row_size(tensor.info);
  std::vector<float> out(static_cast<std::size_t>(count * columns) + 1, 12345.0F);
  dequantize_rows(tensor.info, first, count, out.data());
  CHECK(out.back() == 12345.0F);  // nothing is written beyond the rows
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < count * columns; ++i) {
    if (!is_same(out[i], all[first * columns + i])) ++wrong;
  }
  CHECK(wrong == 0);
}

std::vector<std::byte> from_hex(const std::string& digits) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

TEST_CASE("dequantize: every type gives the bits that the gguf package gives", "[dequantize]") {
  constexpr TensorType kAll[] = {TensorType::f32,  TensorType::f16,  TensorType::bf16, TensorType::q4_0,
                                 TensorType::q4_1, TensorType::q5_0, TensorType::q5_1, TensorType::q8_0,
                                 TensorType::q4_k, TensorType::q5_k, TensorType::q6_k};
  std::ifstream file(PML_TEST_GOLDEN "/dequantize.json");  // tests/oracle/dequantize_goldens.py
  REQUIRE(file.good());
  const nlohmann::json golden = nlohmann::json::parse(file);
  REQUIRE(golden.size() == std::size(kAll));
  for (std::size_t i = 0; i < golden.size(); ++i) {
    CAPTURE(to_string(kAll[i]));
    CHECK(golden[i]["type"].get<std::string>() == to_string(kAll[i]));
    const auto blocks = from_hex(golden[i]["blocks"].get<std::string>());
    const auto bytes = from_hex(golden[i]["values"].get<std::string>());
    std::vector<float> want(bytes.size() / sizeof(float));
    std::memcpy(want.data(), bytes.data(), bytes.size());
    // Three rows, the same data.
    const TensorInfo info{"golden", kAll[i], {3, static_cast<std::int64_t>(want.size() / 3)}, blocks, 0};
    std::vector<float> out(want.size());
    dequantize_rows(info, 0, 3, out.data());
    CHECK(std::equal(want.begin(), want.end(), out.begin(), is_same));
  }
}

TEST_CASE("dequantize: random blocks of the types that have a second implementation", "[dequantize]") {
  for (const TensorType type : kTypes) {
    CAPTURE(to_string(type));
    for (const std::int64_t columns : {32, 96, 576}) {
      const RandomTensor tensor(type, 37, columns, 7);
      check_rows(tensor, 0, 37);
      check_rows(tensor, 5, 17);
      check_rows(tensor, 36, 1);
      check_rows(tensor, 37, 0);
    }
  }
}

TEST_CASE("dequantize: plain types have rows of any length", "[dequantize]") {
  for (const TensorType type : {TensorType::f32, TensorType::f16, TensorType::bf16}) {
    for (const std::int64_t columns : {1, 17, 31, 33, 63}) check_rows(RandomTensor(type, 3, columns, 11), 0, 3);
  }
}

TEST_CASE("dequantize: every half", "[dequantize]") {
  std::vector<std::byte> halves(2 * 65536);
  for (std::size_t i = 0; i < 65536; ++i) {
    halves[2 * i] = static_cast<std::byte>(i);
    halves[2 * i + 1] = static_cast<std::byte>(i >> 8);
  }
  const TensorInfo info{"halves", TensorType::f16, {65536}, halves, 0};
  std::vector<float> out(65536);
  dequantize_rows(info, 0, 1, out.data());
  int wrong = 0;
  for (std::uint32_t i = 0; i < 65536; ++i) {
    const auto want = static_cast<float>(half_value(static_cast<std::uint16_t>(i)));
    if (!is_same(out[i], want)) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("dequantize: rows of permuted heads come in the model's order", "[dequantize]") {
  for (const TensorType type : kTypes) {
    CAPTURE(to_string(type));
    check_rows(RandomTensor(type, 9 * 64, 32, 3, 9), 0, 9 * 64);
    check_rows(RandomTensor(type, 3 * 10, 64, 4, 3), 7, 15);
    check_rows(RandomTensor(type, 2, 32, 5, 1), 0, 2);
  }
  // The elements of a vector move as rows do.
  const float stored[] = {0, 4, 1, 5, 2, 6, 3, 7, 10, 14, 11, 15, 12, 16, 13, 17};
  float moved[16];
  dequantize_rows({"bias", TensorType::f32, {16}, std::as_bytes(std::span(stored)), 2}, 0, 1, moved);
  CHECK(std::vector<float>(moved, moved + 16) ==
        std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17});
  const RandomTensor tensor(TensorType::f32, 8, 1, 6, 1);
  std::vector<std::int64_t> order;
  for (std::int64_t row = 0; row < 8; ++row) order.push_back(stored_row(tensor.info, row));
  CHECK(order == std::vector<std::int64_t>{0, 2, 4, 6, 1, 3, 5, 7});
}

TEST_CASE("dequantize: threads may share a tensor", "[dequantize]") {
  const RandomTensor tensor(TensorType::q4_1, 64, 96, 8, 4);
  const std::vector<float> want = tensor.expected();
  std::vector<float> out(want.size());
  std::vector<std::thread> threads;
  for (std::int64_t part = 0; part < 4; ++part) {
    threads.emplace_back([&, part] { dequantize_rows(tensor.info, part * 16, 16, out.data() + part * 16 * 96); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(std::equal(want.begin(), want.end(), out.begin(), is_same));
}

}  // namespace
}  // namespace pml::compiler
