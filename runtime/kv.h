// Keys and values of runs of rows: views that attention reads, and buffers that a forward pass fills.
#pragma once

#include <atomic>
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
  /// Rows that nobody in the request sees, ascending: they were computed anew. Somebody else's memory, too.
  std::span<const std::int32_t> excluded_rows = {};
};

/// The memory for requests' own rows, of those that run and of those that are done and kept. Knows numbers only; may be
/// used from any thread.
class KvPool {
 public:
  explicit KvPool(std::size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  std::size_t limit_bytes() const { return limit_bytes_; }
  std::size_t used_bytes() const { return used_bytes_; }
  /// False, and nothing is taken, if there is less left.
  bool take(std::size_t size_bytes);
  void give_back(std::size_t size_bytes) { used_bytes_ -= size_bytes; }

 private:
  std::size_t limit_bytes_;
  std::atomic<std::size_t> used_bytes_ = 0;
};

/// KV that a forward pass appends to: a request's own rows, or a segment that is being encoded. Rows are in
/// ascending position order, with gaps.
///
/// Rows never move. Addresses are set aside for `capacity` rows, and memory comes with the rows. The pool, if there is
/// one, counts in pages of kPageRows rows: those that make_room() was asked for, whether or not they hold rows yet.
class KvBuffer {
 public:
  /// Of f16 keys with 64 columns so many rows fill a page of the system.
  static constexpr std::int64_t kPageRows = 32;
  static constexpr std::int64_t num_pages(std::int64_t num_rows) { return (num_rows + kPageRows - 1) / kPageRows; }
  /// Of keys and values.
  static std::size_t page_bytes(const KvShape& shape) { return 2 * shape.size_bytes(kPageRows); }

  /// Throws std::bad_alloc if there are not enough addresses. `pool` must outlive the buffer; null: no bound.
  KvBuffer(const KvShape& shape, std::int64_t capacity, KvPool* pool = nullptr);
  KvBuffer(KvBuffer&& other) noexcept;
  KvBuffer& operator=(KvBuffer&& other) noexcept;
  ~KvBuffer();

  const KvShape& shape() const { return shape_; }
  std::int64_t capacity() const { return capacity_; }
  std::int64_t num_rows() const { return static_cast<std::int64_t>(positions_.size()); }
  std::span<const Slot> positions() const { return positions_; }
  std::span<const std::byte> k() const { return {memory_, shape_.size_bytes(capacity_)}; }  // as KvView::k
  std::span<const std::byte> v() const { return k().empty() ? k() : std::span(k().data() + k().size(), k().size()); }
  /// Of the pages that hold rows.
  std::size_t size_bytes() const { return static_cast<std::size_t>(num_pages(num_rows())) * page_bytes(shape_); }

  /// Takes pages for `num_rows` rows in all, of which there is capacity: later rows up to there cannot fail for want of
  /// pages. False, and nothing is taken, if the pool has too few.
  bool make_room(std::int64_t num_rows);
  /// Takes in rows at these positions, and returns the index of the first. The caller then writes the rows of every
  /// layer. `positions` ascend, and lie behind all earlier ones. Throws std::bad_alloc if the pool has no pages left.
  std::int64_t append(std::span<const Slot> positions);
  /// Forgets all rows but the first `num_rows`. Their pages are kept.
  void truncate(std::int64_t num_rows);
  /// Gives back the pages behind the last row: to the pool, and their memory to the system.
  void trim();
  /// Takes in the first `num_rows` rows of a buffer of the same shape, as append() does; this one is still empty.
  /// Returns the bytes that were copied.
  std::size_t copy_rows(const KvBuffer& from, std::int64_t num_rows);
  /// Rounds `keys` and `values` [num_rows, num_kv_heads, head_dim] to the KV type, as rows of one layer.
  void write(std::int32_t layer, std::int64_t first_row, std::int64_t num_rows, const float* keys, const float* values);
  /// The rows as they lie in an artifact; the buffer must be full and its positions consecutive.
  KvView view() const;

 private:
  std::size_t taken_bytes() const { return static_cast<std::size_t>(num_pages_) * page_bytes(shape_); }
  // The memory is that of the heads one behind the other: the keys of all layers, then the values.
  std::int64_t num_heads() const { return 2 * static_cast<std::int64_t>(shape_.num_layers) * shape_.num_kv_heads; }
  std::size_t row_bytes() const { return static_cast<std::size_t>(shape_.head_dim) * runtime::size_bytes(shape_.type); }
  std::size_t head_bytes() const { return static_cast<std::size_t>(capacity_) * row_bytes(); }
  void release();

  KvShape shape_;
  std::int64_t capacity_ = 0;
  KvPool* pool_ = nullptr;
  std::byte* memory_ = nullptr;  // keys, then values
  std::int64_t num_pages_ = 0;   // taken from the pool
  std::int64_t most_rows_ = 0;   // that there were since the memory behind the rows was given back
  std::vector<Slot> positions_;
};

}  // namespace pml::runtime
