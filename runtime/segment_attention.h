// Segment attention: queries of many requests against a list of KV segments, each read once.
//
// Knows nothing of the framework, of RoPE or of requests: raw pointers, sizes, strides. This is the contract
// of every backend's kernel (cpu/segment_attention.cpp; a CUDA kernel takes the same).
//
// For query i, head h, the visible keys are the rows of every part that lists i, below the part's row limit
// and not excluded. With s_j = scale * dot(q, k_j):
//
//     out[i, h, :] = sum_j exp(s_j) v_j / sum_j exp(s_j)
//     lse[i, h]    = ln(sum_j exp(s_j))                    natural logarithm; -inf if nothing is visible
//
// A query that sees nothing gives out = 0 and lse = -inf. Partial results are made over fixed blocks of rows
// and merged in the order in which the parts are listed (callers list them in position order), so a query's
// bits depend on its own parts alone: not on the number of threads, nor on what else is in the batch or where
// in it the query stands. They may differ between instruction sets. Accumulation is in f32.
//
// Finite input is the caller's duty: a NaN in a visible row gives NaN. A hidden row (excluded, or beyond one
// query's limit but below another's) may be read too, and has to be finite.
//
// Relocation: a segment that stands D positions further on than it was encoded for is attended with queries
// rotated for (p - D). The caller rotates a copy of the query once per distinct D and points
// `AttentionPart::first_row` at it; keys are never touched.
//
// Query heads are grouped: query head h reads KV head h / (num_heads / num_kv_heads), and the queries of one
// group share the read of K and V.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "runtime/cpu/parallel_for.h"
#include "runtime/kv_type.h"

namespace pml::runtime {

/// The keys and values of one run of rows in one layer. Row r of KV head h begins at
/// `k + h * head_stride + r * row_stride` elements (the same for v); its head_dim elements lie side by side.
/// Pointers are aligned to the element type; nothing is read beyond the last row.
struct AttentionSegment {
  const void* k = nullptr;  // [kv_heads, num_rows, head_dim], post-RoPE
  const void* v = nullptr;  // [kv_heads, num_rows, head_dim]
  KvType type = KvType::f32;
  std::int64_t head_stride = 0;  // in elements
  std::int64_t row_stride = 0;   // in elements
  std::int32_t num_rows = 0;
};

/// A run of queries that see (some rows of) one segment.
struct AttentionPart {
  std::int32_t segment = 0;      // index into the list of segments
  std::int32_t first_query = 0;  // output rows [first_query, first_query + num_queries)
  std::int32_t num_queries = 0;
  std::int32_t first_row = 0;  // where these queries' rotated rows begin in `queries`
  /// Query i sees only the rows below row_limits[i]; null: all rows. [num_queries], each in [0, num_rows].
  const std::int32_t* row_limits = nullptr;
  /// Rows of the segment that none of these queries sees (they are repaired elsewhere), ascending. They count
  /// as rows for `row_limits`.
  std::span<const std::int32_t> excluded_rows;
};

/// Which parts may be computed from rounded numbers: in bf16 where the processor has products of bf16 tiles, else in
/// fixed point, whose errors are some 2^-13 of the largest of few neighbouring values.
enum class AttentionRounding : std::uint8_t {
  none,
  wide,  // parts of at least kRoundedQueries queries
  all,
};

struct AttentionArguments {
  std::int32_t num_heads = 0;
  std::int32_t num_kv_heads = 0;
  std::int32_t head_dim = 0;  // a multiple of 8, at most 256
  std::int32_t num_queries = 0;
  AttentionRounding rounding = AttentionRounding::none;
  float scale = 0.0F;              // usually 1 / sqrt(head_dim)
  const float* queries = nullptr;  // [num_rotated_rows, num_heads, head_dim], post-RoPE
  std::span<const AttentionSegment> segments;
  std::span<const AttentionPart> parts;  // per query in position order
  float* out = nullptr;                  // [num_queries, num_heads, head_dim]
  float* lse = nullptr;                  // [num_queries, num_heads]; may be null
};

/// Below, a read of the rows costs more than the arithmetic.
inline constexpr std::int32_t kRoundedQueries = 8;

namespace cpu {

/// The CPU kernel, planned once for calls that differ in what their arguments point to: the layers of a forward pass.
/// The instruction set is chosen at run time. Two rounds of `parallel_for` for as many queries as have partial results
/// of 16 MB together: head_dim + 2 floats per query head and block of 512 rows that the query sees part of.
class SegmentAttention {
 public:
  /// Reads all of `arguments` but the memory behind queries, keys, values, out and lse. Throws std::bad_alloc.
  explicit SegmentAttention(const AttentionArguments& arguments);
  SegmentAttention(SegmentAttention&&) noexcept;
  ~SegmentAttention();

  /// `arguments` are those of the constructor, but for the addresses of queries, keys, values, out and lse. One call at
  /// a time. Does not throw.
  void run(const AttentionArguments& arguments, const ParallelFor& parallel_for);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// One call. Reentrant. Throws std::bad_alloc.
void segment_attention(const AttentionArguments& arguments, const ParallelFor& parallel_for);

}  // namespace cpu
}  // namespace pml::runtime
