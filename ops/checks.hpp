// Checks that several operators make of their operands and attributes. Each answers with a Failure that names the
// mistake.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "ir/graph.hpp"
#include "ops/op.hpp"

namespace smelt::checks {

/// Exactly `inputs` inputs and one output, all present and in range.
Outcome operands(const Graph& graph, const Node& node, size_t inputs);

/// Input 0 is of one of these types.
Outcome dtype(const Graph& graph, const Node& node, std::initializer_list<DType> supported);

/// The same; and where it is an integer, it and output 0 are quantized per tensor, of 16 bits with a zero point of 0.
Outcome type(const Graph& graph, const Node& node, std::initializer_list<DType> supported);

/// Output 0 is quantized as input 0 is: the operator passes stored values on. The reference demands equal zero points
/// and scales equal up to rounding (kernels/pooling.cc, kernels/reduce.cc).
Outcome same_quantization(const Graph& graph, const Node& node);

/// Output 0, of i8, is quantized as the operator's `output_range` says.
Outcome output_range(const Graph& graph, const Node& node);

/// Attribute within [low, high].
Outcome attribute(const Graph& graph, const Node& node, const char* name, int64_t low, int64_t high);

/// Raw `fused_activation_function` becomes `activation`.
Outcome take_activation(const Graph& graph, Node& node);

/// Attribute `activation` is absent or a word that ops/quantize.hpp knows.
Outcome activation(const Graph& graph, const Node& node);

/// Content of input `index`, a constant of i32 or i64.
Result<std::vector<int64_t>> constant_ints(const Graph& graph, const Node& node, size_t index, const char* what);

}  // namespace smelt::checks
