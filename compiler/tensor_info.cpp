#include "compiler/tensor_info.h"

#include "grammar/check.h"

namespace pml::compiler {

std::string_view to_string(TensorType type) {
  switch (type) {
    case TensorType::f32:
      return "f32";
    case TensorType::f16:
      return "f16";
    case TensorType::bf16:
      return "bf16";
    case TensorType::q4_0:
      return "q4_0";
    case TensorType::q4_1:
      return "q4_1";
    case TensorType::q5_0:
      return "q5_0";
    case TensorType::q5_1:
      return "q5_1";
    case TensorType::q8_0:
      return "q8_0";
    case TensorType::q4_k:
      return "q4_k";
    case TensorType::q5_k:
      return "q5_k";
    case TensorType::q6_k:
      return "q6_k";
  }
  PML_CHECK(false, "tensor type is none of the enumeration");
}

BlockSize block_size(TensorType type) {
  switch (type) {
    case TensorType::f32:
      return {1, 4};
    case TensorType::f16:
    case TensorType::bf16:
      return {1, 2};
    case TensorType::q4_0:
      return {32, 18};
    case TensorType::q4_1:
      return {32, 20};
    case TensorType::q5_0:
      return {32, 22};
    case TensorType::q5_1:
      return {32, 24};
    case TensorType::q8_0:
      return {32, 34};
    case TensorType::q4_k:
      return {256, 144};
    case TensorType::q5_k:
      return {256, 176};
    case TensorType::q6_k:
      return {256, 210};
  }
  PML_CHECK(false, "tensor type is none of the enumeration");
}

std::int64_t row_size(const TensorInfo& tensor) {
  PML_CHECK(!tensor.shape.empty(), "a tensor has at least one dimension");
  return tensor.shape.back();
}

std::int64_t num_rows(const TensorInfo& tensor) {
  std::int64_t rows = 1;
  for (std::size_t i = 0; i + 1 < tensor.shape.size(); ++i) rows *= tensor.shape[i];
  return rows;
}

std::int64_t row_size_bytes(const TensorInfo& tensor) {
  const BlockSize block = block_size(tensor.type);
  PML_CHECK(row_size(tensor) % block.elements == 0, "a row is a whole number of blocks");
  return row_size(tensor) / block.elements * block.bytes;
}

std::int64_t stored_row(const TensorInfo& tensor, std::int64_t row) {
  if (tensor.permuted_heads == 0) return row;
  const std::int64_t head_dim = tensor.shape.front() / tensor.permuted_heads;
  const std::int64_t head_row = row % head_dim;
  const std::int64_t half = head_dim / 2;
  return row - head_row + 2 * (head_row % half) + head_row / half;
}

}  // namespace pml::compiler
