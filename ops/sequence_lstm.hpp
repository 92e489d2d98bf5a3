// The way of .tflite's recurrent layers into the IR's own (ops/recurrent.cpp), and back.
#pragma once

#include "ops/op.hpp"

namespace smelt {

/// UNIDIRECTIONAL_SEQUENCE_LSTM of floats or of int8 to lstm: the gates' weights one below the other, states that start at zero.
Outcome normalize_sequence_lstm(Graph& graph, Node& node);

/// And back: a tensor for each gate, state tensors (their places in attribute "tflite_variables"), for integers the hidden
/// state's quantization in the last of "tflite_intermediates", tensors that no operand is.
Outcome denormalize_sequence_lstm(Graph& graph, Node& node);

/// An lstm of which only the last hidden state counts, or that goes backwards, as nodes of which each has a form in .tflite.
/// Empty: the node is no such lstm.
std::vector<Node> spell_out_lstm(Graph& graph, const Node& node);

}  // namespace smelt
