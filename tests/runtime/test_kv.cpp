// Buffers of keys and values that grow: every row keeps its bytes, whatever the capacity.
#include <catch2/catch.hpp>
#include <cstring>
#include <numeric>

#include "runtime/kv.h"

namespace pml::runtime {
namespace {

/// What element `dim` of a row holds, different everywhere.
float value_of(std::int32_t layer, std::int32_t head, std::int64_t row, std::int32_t dim, bool is_value) {
  return static_cast<float>(((layer * 7 + head) * 1000 + row) * 10 + dim) + (is_value ? 0.5F : 0.0F);
}

/// Appends `count` rows and writes those of all layers.
void add_rows(KvBuffer& buffer, std::int32_t count) {
  const KvShape& shape = buffer.shape();
  std::vector<Slot> positions(static_cast<std::size_t>(count));
  std::iota(positions.begin(), positions.end(), static_cast<Slot>(3 * buffer.num_rows()));
  const std::int64_t first = buffer.append(positions);
  for (std::int32_t layer = 0; layer < shape.num_layers; ++layer) {
    std::vector<float> keys, values;
    for (std::int64_t row = first; row < first + count; ++row) {
      for (std::int32_t head = 0; head < shape.num_kv_heads; ++head) {
        for (std::int32_t dim = 0; dim < shape.head_dim; ++dim) {
          keys.push_back(value_of(layer, head, row, dim, false));
          values.push_back(value_of(layer, head, row, dim, true));
        }
      }
    }
    buffer.write(layer, first, count, keys.data(), values.data());
  }
}

float element(std::span<const std::byte> bytes, std::int64_t index) {
  float value = 0.0F;
  std::memcpy(&value, bytes.data() + static_cast<std::size_t>(index) * sizeof value, sizeof value);
  return value;
}

void check_rows(const KvBuffer& buffer) {
  const KvShape& shape = buffer.shape();
  REQUIRE(buffer.k().size() == shape.size_bytes(buffer.capacity()));
  bool is_kept = true;
  for (std::int32_t layer = 0; layer < shape.num_layers; ++layer) {
    for (std::int32_t head = 0; head < shape.num_kv_heads; ++head) {
      for (std::int64_t row = 0; row < buffer.num_rows(); ++row) {
        for (std::int32_t dim = 0; dim < shape.head_dim; ++dim) {
          const std::int64_t head_row = (layer * shape.num_kv_heads + head) * buffer.capacity() + row;
          const std::int64_t index = head_row * shape.head_dim + dim;
          is_kept = is_kept && element(buffer.k(), index) == value_of(layer, head, row, dim, false) &&
                    element(buffer.v(), index) == value_of(layer, head, row, dim, true);
        }
      }
    }
  }
  CHECK(is_kept);
}

}  // namespace

TEST_CASE("kv: rows stay as they are when their buffer grows, and are overwritten when they were forgotten") {
  KvBuffer buffer({3, 2, 4, KvType::f32}, 0);
  for (const std::int32_t count : {1, 17, 37, 2}) {
    buffer.reserve(buffer.num_rows() + count);
    add_rows(buffer, count);
    check_rows(buffer);
  }
  const std::vector<Slot> positions(buffer.positions().begin(), buffer.positions().end());
  buffer.reserve(200);
  CHECK(buffer.capacity() == 200);
  CHECK(std::equal(positions.begin(), positions.end(), buffer.positions().begin(), buffer.positions().end()));
  buffer.reserve(100);
  CHECK(buffer.capacity() == 200);
  buffer.truncate(20);
  CHECK(buffer.num_rows() == 20);
  add_rows(buffer, 60);
  check_rows(buffer);
}

}  // namespace pml::runtime
