// The GGUF container, version 3, little endian: a plain view of what stands in the file, in the file's own
// names. What it means for a model is gguf_model.h's concern. From the specification (ggml's docs/gguf.md):
//
//   file    = "GGUF" u32:version u64:num_tensors u64:num_pairs pair* tensor* padding data
//   pair    = string:key u32:type value
//   string  = u64:size_bytes bytes                  array = u32:element_type u64:count element*
//   tensor  = string:name u32:num_dimensions u64:dimension* u32:type u64:offset
//   data    = the tensors, each at its offset, a multiple of `general.alignment` (32 if that is not given)
//
// parse_gguf() trusts nothing: each length is compared with the bytes that are left before it is used, sizes
// are computed with overflow checks, arrays may nest to a fixed depth, keys and tensor names are unique.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "grammar/result.h"

namespace pml::compiler {

/// Types of metadata values, numbered as in the file.
enum class GgufType : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };

/// Elements as they lie in the file; checked, so the functions below cannot fail on them.
struct GgufArray {
  GgufType element_type;
  std::uint64_t count;
  std::span<const std::byte> data;
};

/// Integers and floats of every width are widened.
using GgufValue = std::variant<std::uint64_t, std::int64_t, double, bool, std::string_view, GgufArray>;

struct GgufTensor {
  std::string_view name;
  std::string_view type;                  ///< ggml's name: "F32", "Q4_1", "Q6_K"
  std::vector<std::uint64_t> dimensions;  ///< fastest first, as in the file; none is zero
  std::span<const std::byte> data;        ///< exactly what dimensions and type make
};

/// Views into the bytes that were parsed.
struct Gguf {
  std::uint32_t version = 0;
  std::uint64_t alignment = 0;
  std::unordered_map<std::string_view, GgufValue> metadata;
  std::vector<GgufTensor> tensors;  ///< in the file's order
};

/// Whether the bytes begin like a GGUF file of any version.
bool is_gguf(std::span<const std::byte> bytes);

/// Reads the header. Tensor data are not touched. `bytes` must outlive the result; messages name the place in
/// the file but not the file.
Result<Gguf> parse_gguf(std::span<const std::byte> bytes);

/// The elements of an array of strings; nothing if the elements are of another type.
std::vector<std::string_view> gguf_strings(const GgufArray& array);

/// The elements of an array of integers that fit; nothing if the elements are of another type, or one of them
/// does not fit.
std::vector<std::int32_t> gguf_integers(const GgufArray& array);

}  // namespace pml::compiler
