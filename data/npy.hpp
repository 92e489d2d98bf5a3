// NumPy's .npy files. Source: NumPy documentation, "NEP 1 — A Simple File Format for NumPy Arrays".
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ir/graph.hpp"

namespace smelt::data {

/// An array as the file has it: C order, little-endian.
struct Array {
  std::string descr;            ///< NumPy's type string: "<f4", "|i1", ...
  std::vector<int64_t> shape;
  std::span<const uint8_t> bytes;  ///< into the file; as many as the shape says
};

/// Fails with E0602 where it is no .npy file, truncated, or in Fortran order. `bytes` must outlive the array.
Result<Array> parse_npy(std::span<const uint8_t> bytes, const std::string& name);

/// The elements as floats. Fails with E0602 for types that are no plain numbers.
Result<std::vector<float>> to_floats(const Array& array, const std::string& name);

/// NumPy's type string for a tensor's type.
const char* npy_descr(DType type);

}  // namespace smelt::data
