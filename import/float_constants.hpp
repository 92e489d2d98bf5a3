// Weights of fewer bits than their float activations, as files of the dynamic-range and float16 forms hold them.
#pragma once

#include "ir/diagnostic.hpp"
#include "ir/graph.hpp"

namespace smelt::tflite {

/// Turns quantized constants that a node of float activations reads, and those that a DEQUANTIZE reads, into float ones;
/// such a DEQUANTIZE goes. To be called on raw nodes, whose `op` is the builtin's name. Fails where the floats would
/// take more memory than a graph may.
Outcome make_constants_float(Graph& graph);

}  // namespace smelt::tflite
