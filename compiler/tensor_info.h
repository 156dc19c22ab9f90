// One tensor as a model file stores it: name, shape, element format and a view of its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pml::compiler {

/// How the elements of a tensor are stored. Block formats as in GGUF.
enum class TensorType : std::uint8_t { f32, f16, bf16, q4_0, q4_1, q5_0, q5_1, q8_0, q4_k, q5_k, q6_k };

std::string_view to_string(TensorType type);

/// Elements in one block of `type` (1 for plain types) and the bytes that the block takes.
struct BlockSize {
  std::int64_t elements;
  std::int64_t bytes;
};
BlockSize block_size(TensorType type);

struct TensorInfo {
  std::string name;  ///< Hugging Face's name, e.g. "model.layers.0.self_attn.q_proj.weight"
  TensorType type = TensorType::f32;
  std::vector<std::int64_t> shape;  ///< slowest dimension first: [out_features, in_features]
  std::span<const std::byte> data;  ///< rows one after another, each a whole number of blocks; any alignment
  /// Rows of Q and K (and the elements of their biases) in GGUF files of architecture `llama` are interleaved
  /// for another form of RoPE; see stored_row(). 0: not permuted; else the number of heads over which the
  /// permutation runs.
  std::int64_t permuted_heads = 0;
};

/// Elements of a row: the last dimension. A tensor of one dimension is one row.
std::int64_t row_size(const TensorInfo& tensor);
std::int64_t num_rows(const TensorInfo& tensor);
std::int64_t row_size_bytes(const TensorInfo& tensor);

/// Where row `row`, in the model's order, lies in `tensor.data`: within a head of d rows the model's row
/// j * d/2 + i (j: which half) is stored as row 2 * i + j. Rows move whole, so blocks stay intact. Of a
/// tensor of one dimension the elements are meant.
std::int64_t stored_row(const TensorInfo& tensor, std::int64_t row);

}  // namespace pml::compiler
