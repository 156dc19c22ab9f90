// Keys and values of runs of rows: views that attention reads, and buffers that a forward pass fills.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "compiler/layout.h"
#include "runtime/kv_type.h"

namespace pml::runtime {

using compiler::Slot;
using compiler::TokenId;

/// The shape of a model's KV, without the number of rows.
struct KvShape {
  std::int32_t num_layers = 0;
  std::int32_t num_kv_heads = 0;
  std::int32_t head_dim = 0;
  KvType type = KvType::f16;

  bool operator==(const KvShape&) const = default;
  /// Bytes of the keys (or of the values) of `num_rows` rows.
  std::size_t size_bytes(std::int64_t num_rows) const {
    return static_cast<std::size_t>(num_rows) * num_layers * num_kv_heads * head_dim * runtime::size_bytes(type);
  }
};

/// The KV of rows at consecutive positions, read only. The memory is somebody else's: a mapped artifact, or a
/// KvBuffer; it must outlive the view.
struct KvView {
  const std::byte* k = nullptr;  // [num_layers, num_kv_heads, capacity, head_dim], post-RoPE
  const std::byte* v = nullptr;  // the same
  KvShape shape;
  std::int64_t capacity = 0;  // rows that a head's memory has room for
  std::int32_t num_rows = 0;  // of these, the first num_rows are valid
  Slot first = 0;             // the position at which row 0 stands in the request
  Slot shift = 0;             // D: row 0 was rotated for position first - shift
};

/// KV that a forward pass appends to: a request's own rows, or a segment that is being encoded. Rows are in
/// ascending position order, with gaps.
class KvBuffer {
 public:
  KvBuffer(const KvShape& shape, std::int64_t capacity);

  const KvShape& shape() const { return shape_; }
  std::int64_t capacity() const { return capacity_; }
  std::int64_t num_rows() const { return static_cast<std::int64_t>(positions_.size()); }
  std::span<const Slot> positions() const { return positions_; }
  std::span<const std::byte> k() const { return k_; }  // [num_layers, num_kv_heads, capacity, head_dim]
  std::span<const std::byte> v() const { return v_; }
  std::size_t size_bytes() const { return k_.size() + v_.size(); }

  /// Makes the capacity at least `num_rows`. Rows that are there move: pointers into k() and v() end. Throws
  /// std::bad_alloc, and leaves the buffer as it was.
  void reserve(std::int64_t num_rows);
  /// Takes in rows at these positions, for which there is room, and returns the index of the first. The caller then
  /// writes the rows of every layer. `positions` ascend, and lie behind all earlier ones.
  std::int64_t append(std::span<const Slot> positions);
  /// Forgets all rows but the first `num_rows`.
  void truncate(std::int64_t num_rows);
  /// Rounds `keys` and `values` [num_rows, num_kv_heads, head_dim] to the KV type, as rows of one layer.
  void write(std::int32_t layer, std::int64_t first_row, std::int64_t num_rows, const float* keys, const float* values);
  /// The rows as they lie in an artifact; the buffer must be full and its positions consecutive.
  KvView view() const;

 private:
  KvShape shape_;
  std::int64_t capacity_;
  std::vector<std::byte> k_;
  std::vector<std::byte> v_;
  std::vector<Slot> positions_;
};

}  // namespace pml::runtime
