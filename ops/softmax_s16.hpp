// SOFTMAX of 16 bits, to scale 1/32768. Source: TensorFlow Lite, kernels/activations.cc,
// kernels/internal/reference/softmax.h (SoftmaxInt16).
#pragma once

#include "lower/lowering.hpp"
#include "ops/op.hpp"

namespace smelt::int16_softmax {

/// Scales and sizes; types were checked before.
Outcome check(const Graph& graph, const Node& node);
void evaluate(const Evaluation& e);
Outcome lower(Lowering& l);

}  // namespace smelt::int16_softmax
