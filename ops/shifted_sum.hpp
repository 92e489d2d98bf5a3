// ADD and SUB of 16 bits whose scales are powers of two: shifted, not multiplied. Source: TensorFlow Lite,
// kernels/{add,sub}.cc, kernels/internal/reference/{add,sub}.h.
#pragma once

#include "lower/lowering.hpp"
#include "ops/op.hpp"

namespace smelt::shifted_sum {

/// Whether the node is one: so says attribute `pot_scale_int16`, and all scales are such.
bool applies(const Graph& graph, const Node& node);
Outcome check(const Graph& graph, const Node& node);
void evaluate(const Evaluation& e, bool subtract);
Outcome lower(Lowering& l, bool subtract);

}  // namespace smelt::shifted_sum
