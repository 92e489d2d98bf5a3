// Graphs of one operator on one input, for tests of pooling, reductions, softmax and resizing.
#pragma once

#include <cstdint>
#include <string>

#include "ir/graph.hpp"
#include "ops/op.hpp"

namespace smelt::test {

inline Quantization quantization(float scale, int32_t zero_point) { return {{scale}, {zero_point}, 0}; }

/// Input 0 of `shape` and an output of the same type and quantization, whose shape is still to be inferred.
inline Graph one_op(const std::string& op, DType dtype, const Shape& shape, const Attrs& attrs) {
  Graph graph;
  graph.file = "test";
  Tensor in;
  in.name = "in";
  in.dtype = dtype;
  in.shape = shape;
  if (dtype == DType::i8) in.quant = quantization(0.05F, 3);
  Tensor out = in;
  out.name = "out";
  Node node;
  node.op = op;
  node.inputs = {graph.add(in)};
  node.outputs = {graph.add(out)};
  node.attrs = attrs;
  graph.inputs = node.inputs;
  graph.outputs = node.outputs;
  graph.nodes.push_back(node);
  return graph;
}

inline Result<std::vector<TensorType>> infer(const Graph& graph) {
  return find_op(graph.nodes[0].op)->infer(graph, graph.nodes[0]);
}

}  // namespace smelt::test
