// The way of .tflite's recurrent layers into the IR's own (ops/recurrent.cpp).
#pragma once

#include "ops/op.hpp"

namespace smelt {

/// UNIDIRECTIONAL_SEQUENCE_LSTM of floats to lstm: the gates' weights one below the other, states that start at zero.
Outcome normalize_sequence_lstm(Graph& graph, Node& node);

/// Failure: a .tflite file keeps a recurrent layer's state in variable tensors, which the IR does not have.
Outcome refuse_recurrent(Graph& graph, Node& node);

}  // namespace smelt
