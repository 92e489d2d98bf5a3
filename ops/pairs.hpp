// What the operators on two tensors share: checks, oracles element by element, and rows, all with broadcasting.
#pragma once

#include "ops/broadcast.hpp"
#include "ops/elementwise.hpp"

namespace smelt::pairs {

/// Two inputs of one type; the shape that they broadcast to, of no more bytes than a tensor may have.
Result<Shape> check(const Graph& graph, const Node& node);

/// Both inputs and the output have one scale and one zero point.
Outcome check_quantized(const Graph& graph, const Node& node);

/// The oracle: `element` of every pair.
template <class In, class Out, class F>
void evaluate(const Evaluation& e, F element) {
  const Shape& out = e.out[0]->type->shape;
  for (int64_t i = 0; i < elements(out); ++i) {
    const In a = e.in[0]->as<In>()[broadcast_index(i, out, e.in[0]->type->shape)];
    const In b = e.in[1]->as<In>()[broadcast_index(i, out, e.in[1]->type->shape)];
    e.out[0]->as<Out>()[i] = element(a, b);
  }
}

/// Rows and in-place inputs; answers the walk's offset in the constants. Operand a is the node's input `first`.
int32_t lay_out(Lowering& l, int first = 0);

}  // namespace smelt::pairs
