// RELU, RELU6, RELU_N1_TO_1 (which the reference has only fused), LEAKY_RELU, LOGISTIC and TANH of 16 bits, zero points 0.
// Source: TensorFlow Lite, kernels/activations.cc, kernels/internal/reference/leaky_relu.h,
// reference/integer_ops/{logistic,tanh}.h.
#pragma once

#include "lower/lowering.hpp"
#include "ops/op.hpp"

namespace smelt::activation_s16 {

/// Whether input 0 is of i16.
bool applies(const Graph& graph, const Node& node);

// What an activation's OpDef says of such a node, whichever it is.
Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node);
void evaluate(const Evaluation& e);
Outcome lower(Lowering& l);

}  // namespace smelt::activation_s16
