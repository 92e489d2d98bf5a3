// The way of .tflite's RNN and UNIDIRECTIONAL_SEQUENCE_RNN into the IR's rnn (ops/recurrent.cpp).
#pragma once

#include "ops/op.hpp"

namespace smelt {

/// The hidden state stays a state: it goes on from one inference to the next.
Outcome normalize_sequence_rnn(Graph& graph, Node& node);

/// Failure: the way back to a file is not there yet.
Outcome refuse_rnn(Graph& graph, Node& node);

}  // namespace smelt
