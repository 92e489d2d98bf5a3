// What a .tflite file says of an integer LSTM beside its operands.
#pragma once

#include "import/tflite_generated.h"
#include "ir/graph.hpp"

namespace smelt::tflite {

/// Scales and zero points of the state tensors (`state_...`, `cell_...`) and of the last intermediate tensor, the
/// hidden state (`hidden_...`), as attributes; of each only where it has one of either.
void read_lstm_scales(const SubGraph& subgraph, const Operator& lstm, Attrs& attrs);

}  // namespace smelt::tflite
