// From a graph to a .tflite file, so that anyone can check what Smelt holds with TensorFlow Lite itself.
// Source: TensorFlow Lite schema, version 3.
#pragma once

#include "ir/graph.hpp"

namespace smelt {

struct WriteOptions {
  /// Filters and biases of float layers as float16, each behind a DEQUANTIZE, which readers do away with.
  bool half_weights = false;
};

/// The bytes of a .tflite file that reads back as the same graph: same tensors, quantization, constants and order of nodes.
/// Paddings that the format has no word for become PADV2 operators of their own. Operators are declared at version 1, from
/// which on every runtime registers its kernels. Fails with E0310 where the format cannot say what a node does (the place
/// names the node); the graph must be verified.
Result<Bytes> to_tflite(const Graph& graph, const WriteOptions& options = {});

}  // namespace smelt
