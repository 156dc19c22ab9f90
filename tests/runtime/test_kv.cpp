// Buffers of keys and values that grow: every row keeps its bytes, whatever the capacity.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
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

TEST_CASE("kv: rows stay as they are when others come, and are overwritten when they were forgotten") {
  KvBuffer buffer({3, 2, 4, KvType::f32}, 200);
  const std::byte* place = buffer.k().data();
  for (const std::int32_t count : {1, 17, 37, 2}) {
    add_rows(buffer, count);
    check_rows(buffer);
  }
  buffer.truncate(20);
  CHECK(buffer.num_rows() == 20);
  add_rows(buffer, 60);
  check_rows(buffer);
  KvBuffer moved = std::move(buffer);
  check_rows(moved);
  CHECK(moved.k().data() == place);
}

TEST_CASE("kv: buffers take whole pages from their pool, and give them back") {
  const KvShape shape{3, 2, 4, KvType::f32};
  const std::size_t page = KvBuffer::page_bytes(shape);
  KvPool pool(5 * page);
  KvBuffer first(shape, 1000, &pool);
  CHECK(pool.used_bytes() == 0);
  add_rows(first, 33);
  CHECK(pool.used_bytes() == 2 * page);
  CHECK(first.size_bytes() == 2 * page);
  {
    KvBuffer second(shape, 1000, &pool);
    CHECK(second.make_room(3 * KvBuffer::kPageRows));
    CHECK(pool.used_bytes() == 5 * page);
    CHECK(!first.make_room(2 * KvBuffer::kPageRows + 1));
    add_rows(first, 31);  // what is left of its second page
    CHECK_THROWS_AS(add_rows(first, 1), std::bad_alloc);
    check_rows(first);
    first = std::move(second);
    CHECK(pool.used_bytes() == 3 * page);
  }
  CHECK(pool.used_bytes() == 3 * page);
  first = KvBuffer(shape, 0, &pool);
  CHECK(pool.used_bytes() == 0);
}

TEST_CASE("kv: what is forgotten goes back to the pool and to the system, and what is kept stays as it is") {
  const KvShape shape{2, 3, 32, KvType::f32};  // 32 rows of a head are a page of the system
  const std::size_t page = KvBuffer::page_bytes(shape);
  KvPool pool(100 * page);
  KvBuffer buffer(shape, 10 * KvBuffer::kPageRows, &pool);
  const auto resident_bytes = [&] {
    const auto system_page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t size_bytes = 2 * buffer.k().size();
    std::vector<unsigned char> pages((size_bytes + system_page - 1) / system_page);
    REQUIRE(::mincore(const_cast<std::byte*>(buffer.k().data()), size_bytes, pages.data()) == 0);
    return system_page * static_cast<std::size_t>(std::count_if(pages.begin(), pages.end(),
                                                                [](unsigned char state) { return (state & 1U) != 0; }));
  };
  add_rows(buffer, 300);
  CHECK(resident_bytes() == 10 * page);
  REQUIRE(buffer.make_room(310));
  buffer.trim();
  CHECK(resident_bytes() == 10 * page);
  for (const auto& [num_rows, num_pages] : {std::pair{289, 10}, {200, 7}, {65, 3}, {64, 2}, {0, 0}}) {
    INFO(num_rows << " rows");
    buffer.truncate(num_rows);
    buffer.trim();
    CHECK(buffer.size_bytes() == num_pages * page);
    CHECK(pool.used_bytes() == num_pages * page);
    CHECK(resident_bytes() == num_pages * page);
    check_rows(buffer);
  }
  add_rows(buffer, 320);
  check_rows(buffer);
}

TEST_CASE("kv: rows are copied between buffers of other capacities") {
  const KvShape shape{3, 2, 4, KvType::f32};
  KvPool pool(100 * KvBuffer::page_bytes(shape));
  KvBuffer from(shape, 77, &pool), to(shape, 200, &pool);
  add_rows(from, 70);
  CHECK(to.copy_rows(from, 37) == 2 * shape.size_bytes(37));
  CHECK(to.num_rows() == 37);
  CHECK(std::equal(to.positions().begin(), to.positions().end(), from.positions().begin()));
  check_rows(to);
  add_rows(to, 100);
  check_rows(to);
  check_rows(from);
  CHECK(pool.used_bytes() == (3 + 5) * KvBuffer::page_bytes(shape));
}

}  // namespace pml::runtime
