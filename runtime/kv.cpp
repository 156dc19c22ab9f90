#include "runtime/kv.h"

#include <cstring>

#include "grammar/check.h"
#include "runtime/cpu/elementwise.h"

namespace pml::runtime {

KvBuffer::KvBuffer(const KvShape& shape, std::int64_t capacity)
    : shape_(shape), capacity_(capacity), k_(shape.size_bytes(capacity)), v_(shape.size_bytes(capacity)) {
  positions_.reserve(static_cast<std::size_t>(capacity));
}

void KvBuffer::reserve(std::int64_t num_rows) {
  if (num_rows <= capacity_) return;
  KvBuffer larger(shape_, num_rows);
  larger.positions_.assign(positions_.begin(), positions_.end());
  const std::size_t row_bytes = static_cast<std::size_t>(shape_.head_dim) * runtime::size_bytes(shape_.type);
  const std::size_t used_bytes = positions_.size() * row_bytes;  // of one head
  const std::int64_t num_heads = static_cast<std::int64_t>(shape_.num_layers) * shape_.num_kv_heads;
  for (std::int64_t head = 0; used_bytes > 0 && head < num_heads; ++head) {
    const std::size_t from = static_cast<std::size_t>(head * capacity_) * row_bytes;
    const std::size_t to = static_cast<std::size_t>(head * num_rows) * row_bytes;
    std::memcpy(larger.k_.data() + to, k_.data() + from, used_bytes);
    std::memcpy(larger.v_.data() + to, v_.data() + from, used_bytes);
  }
  *this = std::move(larger);
}

void KvBuffer::truncate(std::int64_t num_rows) {
  PML_CHECK(num_rows <= this->num_rows(), "only rows that are there are forgotten");
  positions_.resize(static_cast<std::size_t>(num_rows));
}

std::int64_t KvBuffer::append(std::span<const Slot> positions) {
  const std::int64_t first = num_rows();
  PML_CHECK(first + static_cast<std::int64_t>(positions.size()) <= capacity_, "the buffer has room for the rows");
  for (const Slot position : positions) {
    PML_CHECK(positions_.empty() || positions_.back() < position, "rows are in ascending position order");
    positions_.push_back(position);
  }
  return first;
}

void KvBuffer::write(std::int32_t layer, std::int64_t first_row, std::int64_t num_rows, const float* keys,
                     const float* values) {
  const std::int64_t head_dim = shape_.head_dim;
  const auto element = static_cast<std::int64_t>(runtime::size_bytes(shape_.type));
  for (std::int64_t head = 0; head < shape_.num_kv_heads; ++head) {
    const std::int64_t head_begin = (layer * shape_.num_kv_heads + head) * capacity_ + first_row;
    for (std::int64_t row = 0; row < num_rows; ++row) {
      const std::int64_t from = (row * shape_.num_kv_heads + head) * head_dim;
      const std::int64_t to = (head_begin + row) * head_dim * element;
      cpu::round_to(shape_.type, keys + from, head_dim, k_.data() + to);
      cpu::round_to(shape_.type, values + from, head_dim, v_.data() + to);
    }
  }
}

KvView KvBuffer::view() const {
  PML_CHECK(num_rows() == capacity_ && capacity_ > 0, "an artifact's buffer is full");
  PML_CHECK(positions_.back() - positions_.front() + 1 == capacity_, "an artifact's positions are consecutive");
  return {k_.data(), v_.data(), shape_, capacity_, static_cast<std::int32_t>(capacity_), positions_.front(), 0};
}

}  // namespace pml::runtime
