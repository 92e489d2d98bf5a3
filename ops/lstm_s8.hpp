// lstm of int8 as TensorFlow Lite has it: weights of int8 with one scale a gate, biases of int32, a cell state of
// int16.
//
// Inputs and attributes as of floats (ops/recurrent.cpp), without initial states, second biases, peepholes and `clip`,
// with logistic and tanh. The rows of weights have scales, those of one gate all the same. Further attributes:
// `hidden_scale`, `hidden_zero`, the quantization of the hidden state, whose bytes the output gets whatever it declares
// itself; `cell_scale`, a power of two.
#pragma once

#include "lower/lowering.hpp"
#include "ops/op.hpp"

namespace smelt::integer_lstm {

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node);
void evaluate(const Evaluation& e);
Outcome lower(Lowering& l);

/// Whether a layer of floats has a form of integers.
bool has_integers(const Graph& graph, const Node& node);
/// That form: weights, biases and attributes of `made`, whose input and output have their quantization already.
Outcome to_integers(const Integers& what);

}  // namespace smelt::integer_lstm
