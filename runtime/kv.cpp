#include "runtime/kv.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "grammar/check.h"
#include "runtime/cpu/elementwise.h"

namespace pml::runtime {

bool KvPool::take(std::size_t size_bytes) {
  std::size_t used = used_bytes_;
  do {
    if (size_bytes > limit_bytes_ - used) return false;
  } while (!used_bytes_.compare_exchange_weak(used, used + size_bytes));
  return true;
}

KvBuffer::KvBuffer(const KvShape& shape, std::int64_t capacity, KvPool* pool)
    : shape_(shape), capacity_(capacity), pool_(pool) {
  const std::size_t size_bytes = 2 * shape.size_bytes(capacity);
  if (size_bytes == 0) return;
  // Addresses without memory: the system gives pages of its own, zeroed, as they are written to.
  void* memory =
      ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  memory_ = static_cast<std::byte*>(memory);
}

KvBuffer::KvBuffer(KvBuffer&& other) noexcept { *this = std::move(other); }

KvBuffer& KvBuffer::operator=(KvBuffer&& other) noexcept {
  if (this == &other) return *this;
  release();
  shape_ = other.shape_;
  capacity_ = other.capacity_;
  pool_ = other.pool_;
  memory_ = std::exchange(other.memory_, nullptr);
  num_pages_ = std::exchange(other.num_pages_, 0);
  most_rows_ = std::exchange(other.most_rows_, 0);
  positions_ = std::move(other.positions_);
  return *this;
}

KvBuffer::~KvBuffer() { release(); }

void KvBuffer::release() {
  if (memory_ != nullptr) ::munmap(memory_, 2 * shape_.size_bytes(capacity_));
  if (pool_ != nullptr) pool_->give_back(taken_bytes());
  memory_ = nullptr;
  num_pages_ = 0;
}

bool KvBuffer::make_room(std::int64_t num_rows) {
  PML_CHECK(num_rows <= capacity_, "there is capacity for the rows");
  const std::int64_t more = num_pages(num_rows) - num_pages_;
  if (more <= 0) return true;
  if (pool_ != nullptr && !pool_->take(static_cast<std::size_t>(more) * page_bytes(shape_))) return false;
  num_pages_ += more;
  return true;
}

void KvBuffer::truncate(std::int64_t num_rows) {
  PML_CHECK(num_rows <= this->num_rows(), "only rows that are there are forgotten");
  positions_.resize(static_cast<std::size_t>(num_rows));
}

void KvBuffer::trim() {
  const std::int64_t num_kept = num_pages(num_rows());
  if (num_pages_ > num_kept) {
    if (pool_ != nullptr) pool_->give_back(static_cast<std::size_t>(num_pages_ - num_kept) * page_bytes(shape_));
    num_pages_ = num_kept;
  }
  if (num_pages(most_rows_) <= num_kept) return;
  // Of every head the whole pages of the system from the first forgotten row to where rows once stood.
  const auto system_page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto round_down = [&](std::size_t offset) { return offset / system_page * system_page; };
  const auto round_up = [&](std::size_t offset) { return round_down(offset + system_page - 1); };
  for (std::int64_t head = 0; head < num_heads(); ++head) {
    const std::size_t head_begin = static_cast<std::size_t>(head) * head_bytes();
    const std::size_t begin = round_up(head_begin + static_cast<std::size_t>(num_rows()) * row_bytes());
    const std::size_t end = std::min(round_up(head_begin + static_cast<std::size_t>(most_rows_) * row_bytes()),
                                     round_down(head_begin + head_bytes()));
    if (begin < end) ::madvise(memory_ + begin, end - begin, MADV_DONTNEED);
  }
  most_rows_ = num_rows();
}

std::size_t KvBuffer::copy_rows(const KvBuffer& from, std::int64_t num_rows) {
  PML_CHECK(shape_ == from.shape_ && this->num_rows() == 0, "rows are copied to an empty buffer of their shape");
  append(from.positions().first(static_cast<std::size_t>(num_rows)));
  const std::size_t size_bytes = static_cast<std::size_t>(num_rows) * row_bytes();
  for (std::int64_t head = 0; head < num_heads(); ++head) {
    const auto index = static_cast<std::size_t>(head);
    std::memcpy(memory_ + index * head_bytes(), from.memory_ + index * from.head_bytes(), size_bytes);
  }
  return static_cast<std::size_t>(num_heads()) * size_bytes;
}

std::int64_t KvBuffer::append(std::span<const Slot> positions) {
  const std::int64_t first = num_rows();
  if (!make_room(first + static_cast<std::int64_t>(positions.size()))) throw std::bad_alloc();
  for (const Slot position : positions) {
    PML_CHECK(positions_.empty() || positions_.back() < position, "rows are in ascending position order");
    positions_.push_back(position);
  }
  most_rows_ = std::max(most_rows_, num_rows());
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
      cpu::round_to(shape_.type, keys + from, head_dim, memory_ + to);
      cpu::round_to(shape_.type, values + from, head_dim, memory_ + shape_.size_bytes(capacity_) + to);
    }
  }
}

KvView KvBuffer::view() const {
  PML_CHECK(num_rows() == capacity_ && capacity_ > 0, "an artifact's buffer is full");
  PML_CHECK(positions_.back() - positions_.front() + 1 == capacity_, "an artifact's positions are consecutive");
  return {k().data(), v().data(), shape_, capacity_, static_cast<std::int32_t>(capacity_), positions_.front(), 0};
}

}  // namespace pml::runtime
