// Packed weights against the model file's own reader, and their products against sums in f64 over what it reads.
#include <hwy/targets.h>

#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "compiler/dequantize.h"
#include "runtime/cpu/amx.h"
#include "runtime/cpu/packed_product.h"
#include "runtime/cpu/vnni.h"
#include "runtime/packing.h"

namespace pml::runtime {
namespace {

using compiler::TensorInfo;
using compiler::TensorType;

/// A matrix whose blocks hold any quants, and scales and minima of ordinary size.
struct RandomMatrix {
  std::vector<std::byte> storage;
  TensorInfo info;

  RandomMatrix(TensorType type, std::int64_t outputs, std::int64_t inputs, unsigned seed) {
    info = {"random", type, {outputs, inputs}, {}, 0};
    storage.resize(static_cast<std::size_t>(outputs * compiler::row_size_bytes(info)));
    std::mt19937 random(seed);
    for (std::byte& byte : storage) byte = static_cast<std::byte>(random());
    const std::int64_t step = compiler::block_size(type).bytes;
    // Where the block's halves stand: a scale, or a scale and a minimum. Of plain types every element is one.
    std::vector<std::int64_t> halves{0};
    if (type == TensorType::q4_1 || type == TensorType::q5_1 || type == TensorType::q4_k || type == TensorType::q5_k) {
      halves.push_back(2);
    }
    if (type == TensorType::q6_k) halves = {208};
    for (std::size_t at = 0; at < storage.size(); at += static_cast<std::size_t>(step)) {
      for (const std::int64_t offset : halves) {
        // Exponents from 2^-8 to 2^-5; of bf16 and f32 the upper byte is replaced alike.
        const std::size_t upper = at + static_cast<std::size_t>(offset + (type == TensorType::f32 ? 3 : 1));
        const unsigned sign = static_cast<unsigned>(storage[upper]) & 0x80;
        const bool is_half = type != TensorType::f32 && type != TensorType::bf16;
        storage[upper] = static_cast<std::byte>(sign | (is_half ? 0x1c + random() % 12 : 0x3c));
      }
    }
    info.data = storage;
  }
};

struct Packed {
  cpu::PackedMatrix matrix;
  std::vector<std::byte> data;

  Packed(const TensorInfo& tensor, cpu::PackedType type)
      : matrix{type, compiler::num_rows(tensor), compiler::row_size(tensor), nullptr},
        data(static_cast<std::size_t>(matrix.size_bytes())) {
    matrix.data = data.data();
    for (std::int64_t panel = 0; panel < matrix.num_panels(); ++panel) {
      pack_panel(tensor, matrix, panel, data.data() + panel * matrix.panel_bytes());
    }
  }
};

std::vector<float> random_rows(std::int64_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = normal(random) * (random() % 50 == 0 ? 30.0F : 1.0F);
  return values;
}

std::vector<float> multiply(const cpu::PackedMatrix& matrix, const std::vector<float>& x, std::int64_t num_rows,
                            cpu::InputForm form = cpu::InputForm::integers) {
  cpu::RoundedRows rows(num_rows, matrix.num_inputs, form);
  for (std::int64_t row = 0; row < num_rows; ++row) rows.set(row, x.data() + row * matrix.num_inputs);
  std::vector<float> out(static_cast<std::size_t>(num_rows * matrix.num_outputs), NAN);
  const std::int64_t half = matrix.num_panels() / 2;  // as two threads would
  const std::int64_t middle = rows.num_tiles() / 2;
  for (const cpu::TileRange tiles : {cpu::TileRange{middle, rows.num_tiles()}, cpu::TileRange{0, middle}}) {
    cpu::multiply(matrix, rows, tiles, half, matrix.num_panels(), cpu::Store::replace, out.data(), matrix.num_outputs);
    cpu::multiply(matrix, rows, tiles, 0, half, cpu::Store::replace, out.data(), matrix.num_outputs);
  }
  return out;
}

/// What a kernel may be off by: the rounding of inputs to 16 bits, and sums in f32.
void check_product(const std::vector<float>& weights, const std::vector<float>& x, const std::vector<float>& y,
                   std::int64_t num_inputs) {
  const auto num_outputs = static_cast<std::int64_t>(weights.size()) / num_inputs;
  const auto num_rows = static_cast<std::int64_t>(x.size()) / num_inputs;
  for (std::int64_t row = 0; row < num_rows; ++row) {
    for (std::int64_t output = 0; output < num_outputs; ++output) {
      double sum = 0.0, size = 0.0, rounding = 0.0;
      for (std::int64_t block = 0; block < num_inputs; block += 32) {
        double largest = 0.0, weight = 0.0;
        for (std::int64_t i = block; i < block + 32; ++i) {
          const double w = weights[output * num_inputs + i];
          const double value = x[row * num_inputs + i];
          sum += w * value;
          size += std::abs(w * value);
          largest = std::max(largest, std::abs(value));
          weight += std::abs(w);
        }
        rounding += largest / 65534.0 * weight;
      }
      const double error = std::abs(y[row * num_outputs + output] - sum);
      if (error > rounding + 2e-5 * size) {
        CAPTURE(row, output, sum, y[row * num_outputs + output]);
        FAIL("the product is off");
      }
    }
  }
}

struct TargetsGuard {
  ~TargetsGuard() {
    hwy::SetSupportedTargetsForTest(0);
    cpu::allow_vnni(true);
  }
};

}  // namespace

TEST_CASE("Packed weights are the file's") {
  struct Row {
    TensorType type;
    WeightType weights;
    cpu::PackedType packed;
    double tolerance;  // of a block's largest weight
  };
  const Row rows[] = {
      {TensorType::q4_0, WeightType::stored, cpu::PackedType::q4, 0},
      {TensorType::q4_1, WeightType::stored, cpu::PackedType::q4, 0},
      {TensorType::q4_k, WeightType::stored, cpu::PackedType::q4, 0x1p-10},
      {TensorType::q5_0, WeightType::stored, cpu::PackedType::q8, 0},
      {TensorType::q5_1, WeightType::stored, cpu::PackedType::q8_minimum, 0},
      {TensorType::q5_k, WeightType::stored, cpu::PackedType::q8_minimum, 0x1p-10},
      {TensorType::q8_0, WeightType::stored, cpu::PackedType::q8, 0},
      {TensorType::q6_k, WeightType::stored, cpu::PackedType::q8, 1.1 / 254},
      {TensorType::q4_1, WeightType::q8, cpu::PackedType::q4, 0},
      {TensorType::f16, WeightType::q8, cpu::PackedType::q8, 1.1 / 254},
      {TensorType::bf16, WeightType::q8, cpu::PackedType::q8, 1.1 / 254},
      {TensorType::f32, WeightType::q8, cpu::PackedType::q8, 1.1 / 254},
      {TensorType::q8_0, WeightType::q4, cpu::PackedType::q4, 1.1 / 15},
      {TensorType::f32, WeightType::q4, cpu::PackedType::q4, 1.1 / 15},
  };
  for (const Row& row : rows) {
    CAPTURE(to_string(row.type), to_string(row.weights));
    const RandomMatrix random(row.type, 21, 512, 3);
    REQUIRE(packed_type(random.info, row.weights) == row.packed);
    const Packed packed(random.info, row.packed);
    std::vector<float> weights(21 * 512);
    compiler::dequantize_rows(random.info, 0, 21, weights.data());
    // An input of ones at one place, with as exact a value as 16 bits have, reads one weight.
    for (std::int64_t i = 0; i < 512; i += 37) {
      std::vector<float> x(512, 0.0F);
      x[static_cast<std::size_t>(i)] = 32767.0F;
      const std::vector<float> y = multiply(packed.matrix, x, 1);
      for (std::int64_t output = 0; output < 21; ++output) {
        double largest = 0.0;
        for (std::int64_t j = i / 32 * 32; j < i / 32 * 32 + 32; ++j) {
          largest = std::max(largest, std::abs(double{weights[output * 512 + j]}));
        }
        const double read = y[static_cast<std::size_t>(output)] / 32767.0;
        CHECK(std::abs(read - weights[output * 512 + i]) <= row.tolerance * largest + 2e-6 * largest);
      }
    }
  }
  CHECK(!packed_type(RandomMatrix(TensorType::f16, 4, 64, 1).info, WeightType::stored));
  CHECK(!packed_type(RandomMatrix(TensorType::q4_0, 4, 64, 1).info, WeightType::f32));
  CHECK(!packed_type(RandomMatrix(TensorType::f32, 4, 40, 1).info, WeightType::q8));
}

struct Shape {
  TensorType type;
  std::int64_t outputs, inputs, rows;
};

/// Matrices of all packed types, whole panels and parts of them, every number of rows up to two tiles.
std::vector<Shape> awkward_shapes() {
  std::vector<Shape> shapes{
      {TensorType::q4_1, 100, 576, 1}, {TensorType::q8_0, 16, 1536, 3}, {TensorType::q5_1, 5, 32, 30}};
  for (std::int64_t rows = 1; rows <= 33; ++rows) {
    shapes.push_back({rows % 3 == 0   ? TensorType::q4_0
                      : rows % 3 == 1 ? TensorType::q5_1
                                      : TensorType::q8_0,
                      16 * (rows % 7) + rows % 4 + 1, 32 * (rows % 5 + 1), rows});
  }
  return shapes;
}

/// A shape's matrix and rows, at random.
struct Product {
  RandomMatrix random;
  Packed packed;
  std::vector<float> x, weights;

  explicit Product(const Shape& shape, WeightType weights_type = WeightType::stored)
      : random(shape.type, shape.outputs, shape.inputs, static_cast<unsigned>(shape.rows)),
        packed(random.info, *packed_type(random.info, weights_type)),
        x(random_rows(shape.rows * shape.inputs, 7)),
        weights(static_cast<std::size_t>(shape.outputs * shape.inputs)) {
    compiler::dequantize_rows(random.info, 0, shape.outputs, weights.data());
  }

  /// A row by itself has the same bits.
  void check_single_rows(const Shape& shape, const std::vector<float>& y, cpu::InputForm form) const {
    for (std::int64_t row = 0; row < shape.rows; ++row) {
      const std::vector<float> one(x.begin() + row * shape.inputs, x.begin() + (row + 1) * shape.inputs);
      const std::vector<float> alone = multiply(packed.matrix, one, 1, form);
      REQUIRE(std::equal(alone.begin(), alone.end(), y.begin() + row * shape.outputs));
    }
  }
};

TEST_CASE("Packed products of integers, on every instruction set") {
  const TargetsGuard guard;
  for (const Shape& shape : awkward_shapes()) {
    CAPTURE(to_string(shape.type), shape.outputs, shape.inputs, shape.rows);
    const Product product(shape);
    std::vector<float> with_fma;  // bits are the same wherever there is a fused multiply-add
    for (const bool vnni : {true, false}) {
      for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
        hwy::SetSupportedTargetsForTest(target);
        cpu::allow_vnni(vnni);
        CAPTURE(hwy::TargetName(target), vnni);
        const std::vector<float> y = multiply(product.packed.matrix, product.x, shape.rows);
        check_product(product.weights, product.x, y, shape.inputs);
        product.check_single_rows(shape, y, cpu::InputForm::integers);
        if (target > HWY_AVX2) continue;
        if (with_fma.empty()) with_fma = y;
        REQUIRE(y == with_fma);
      }
      hwy::SetSupportedTargetsForTest(0);
    }
  }
}

TEST_CASE("Packed products in bf16") {
  if (!cpu::has_bf16_products()) {
    WARN("skipped: this processor has no products of bf16 tiles (AMX)");
    return;
  }
  std::vector<Shape> shapes = awkward_shapes();
  shapes.push_back({TensorType::q4_1, 40, 576, 300});   // more rows than wait
  shapes.push_back({TensorType::q8_0, 35, 2080, 270});  // more inputs than are unpacked at a time
  for (const Shape& shape : shapes) {
    CAPTURE(to_string(shape.type), shape.outputs, shape.inputs, shape.rows);
    const Product product(shape);
    const std::vector<float> y = multiply(product.packed.matrix, product.x, shape.rows, cpu::InputForm::bf16);
    // Weights that are packed in bf16 give the same, but for ties in their rounding.
    const Product in_bf16(shape, WeightType::bf16);
    const auto z = multiply(in_bf16.packed.matrix, product.x, shape.rows, cpu::InputForm::bf16);
    for (std::int64_t row = 0; row < shape.rows; ++row) {
      for (std::int64_t output = 0; output < shape.outputs; ++output) {
        double sum = 0.0, size = 0.0;
        for (std::int64_t i = 0; i < shape.inputs; ++i) {
          const double term = double{product.weights[output * shape.inputs + i]} * product.x[row * shape.inputs + i];
          sum += term;
          size += std::abs(term);
        }
        const std::int64_t place = row * shape.outputs + output;
        const double error = std::max(std::abs(y[place] - sum), std::abs(z[place] - sum));
        if (error > (0x1p-7 + 3e-5) * size) {  // both factors are off by 2^-8 at most
          CAPTURE(row, output, sum, y[row * shape.outputs + output]);
          FAIL("the product is off");
        }
      }
    }
    product.check_single_rows(shape, y, cpu::InputForm::bf16);
  }
}

TEST_CASE("Gated products") {
  if (!cpu::has_bf16_products()) {
    WARN("skipped: this processor has no products of bf16 tiles (AMX)");
    return;
  }
  for (const std::int64_t num_rows : {1, 17, 270}) {
    for (const std::int64_t num_inputs : {64, 1184}) {
      constexpr std::int64_t kOutputs = 96;
      const Product gate({TensorType::q4_1, kOutputs, num_inputs, num_rows});
      const Product up({TensorType::q4_0, kOutputs, num_inputs, num_rows});
      const std::vector<float>& x = gate.x;
      const auto g = multiply(gate.packed.matrix, x, num_rows, cpu::InputForm::bf16);
      const auto u = multiply(up.packed.matrix, x, num_rows, cpu::InputForm::bf16);
      cpu::RoundedRows rows(num_rows, num_inputs, cpu::InputForm::bf16);
      for (std::int64_t row = 0; row < num_rows; ++row) rows.set(row, x.data() + row * num_inputs);
      cpu::RoundedRows out(num_rows, kOutputs, cpu::InputForm::bf16);
      cpu::multiply_gated(gate.packed.matrix, up.packed.matrix, rows, 0, 4, out);
      cpu::multiply_gated(gate.packed.matrix, up.packed.matrix, rows, 4, 6, out);
      for (std::int64_t row = 0; row < num_rows; ++row) {
        const cpu::RoundedRows::Tile tile = out.tile(row / 16);
        for (std::int64_t o = 0; o < kOutputs; ++o) {
          const std::uint32_t pair = tile.inputs[(o / 32 * 16 + row % 16) * 16 + o % 32 / 2];
          const double value = std::bit_cast<float>(o % 2 == 0 ? pair << 16 : pair & 0xFFFF0000);
          const double from = g[row * kOutputs + o];
          CHECK(value == Approx(from / (1.0 + std::exp(-from)) * u[row * kOutputs + o]).epsilon(0x1p-8).margin(1e-30));
        }
      }
    }
  }
}

TEST_CASE("A product is added to what is there") {
  const Product product({TensorType::q4_1, 21, 64, 3});
  for (const cpu::InputForm form : {cpu::InputForm::integers, cpu::InputForm::bf16}) {
    if (form == cpu::InputForm::bf16 && !cpu::has_bf16_products()) continue;
    const std::vector<float> y = multiply(product.packed.matrix, product.x, 3, form);
    std::vector<float> sum(y.size(), 1.0F);
    cpu::RoundedRows rows(3, 64, form);
    for (std::int64_t row = 0; row < 3; ++row) rows.set(row, product.x.data() + row * 64);
    cpu::multiply(product.packed.matrix, rows, rows.all_tiles(), 0, product.packed.matrix.num_panels(), cpu::Store::add,
                  sum.data(), 21);
    for (std::size_t i = 0; i < sum.size(); ++i) CHECK(sum[i] == Approx(1.0F + y[i]).margin(1e-5));
  }
}

TEST_CASE("Rows of zeros and rows of large numbers") {
  const RandomMatrix random(TensorType::q4_1, 20, 64, 1);
  const Packed packed(random.info, cpu::PackedType::q4);
  std::vector<float> x(3 * 64, 0.0F);
  std::fill(x.begin() + 64, x.begin() + 128, 3e37F);
  x[128] = 1e-40F;  // too small to be divided by
  const std::vector<float> y = multiply(packed.matrix, x, 3);
  for (int output = 0; output < 20; ++output) {
    CHECK(y[output] == 0.0F);
    CHECK(std::isfinite(y[40 + output]));
  }
}

}  // namespace pml::runtime
