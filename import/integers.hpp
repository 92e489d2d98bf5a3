// Arithmetic of constants, as models compute shapes with it: on the host, in 64 bits. Internal to import/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ir/graph.hpp"

namespace smelt::integers {

/// Content of a constant of an integer type or bool.
std::vector<int64_t> values(const Tensor& t);

/// An unnamed constant; values wrap to the type.
Tensor constant(DType dtype, const Shape& shape, const std::vector<int64_t>& values);

/// "add", "sub", "mul", "div" (towards zero), "floor_mod" (sign of the divisor), "minimum", "maximum", "pow", "equal", "less", ...:
/// of two constants of i32 or i64, broadcasting. Empty where that is not known, or divides by zero.
std::optional<Tensor> binary(const std::string& op, const Tensor& a, const Tensor& b);

}  // namespace smelt::integers
