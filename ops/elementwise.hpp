// Shared by the operators that work element by element: operand checks, and 8-bit functions of one value as tables.
#pragma once

#include <cstdint>
#include <functional>

#include "ir/graph.hpp"
#include "lower/lowering.hpp"
#include "ops/op.hpp"

namespace smelt::elementwise {

/// Exactly `count` inputs, all present, and one output.
Outcome check_operands(const Graph& graph, const Node& node, size_t count);

/// One scale and one zero point, as every element-wise operator of integers needs them; of 16 bits, the zero point is 0.
Outcome check_per_tensor(const Graph& graph, const Node& node, TensorId id);

/// Failure: this operator does not work on tensors of this type.
Failure unsupported_type(const Graph& graph, const Node& node, DType type, const char* supported);

/// Failure: scales so far apart that the reference's own arithmetic would overflow.
Failure scales_too_far_apart(const Graph& graph, const Node& node);

/// Raw `fused_activation_function` becomes `activation`.
Outcome normalize_activation(const Graph& graph, Node& node);

/// From a stored value of the input's type to a stored value of the output's; both of 8 bits.
using ByteFunction = std::function<int32_t(int32_t)>;

/// The reference's tables (kernels/internal/reference/lut.h): the float function of the dequantized value, quantized.
/// Saturates; NaN becomes the zero point.
ByteFunction transform(const std::function<float(float)>& function, const Tensor& in, const Tensor& out);

/// The oracle: `function` on every element.
void evaluate_bytes(const Evaluation& e, const ByteFunction& function);

/// The device form: `function` of all 256 inputs in a table, indexed by the input's bits.
void lower_bytes(Lowering& l, const ByteFunction& function);

}  // namespace smelt::elementwise
