// Cases of one operator with answers in closed form, and how to make them.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "ir/graph.hpp"

namespace smelt::test {

struct FunctionCase {
  Graph graph;
  std::vector<Bytes> inputs;
  Bytes want;
};

template <class T>
Bytes as_bytes(const std::vector<T>& values) {
  Bytes bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

/// A graph of one node; inputs and the output in the types and shapes given.
inline Graph one_node(const std::string& op, const std::vector<TensorType>& inputs, const TensorType& output, Attrs attrs = {}) {
  Graph g;
  g.file = op;
  Node node;
  node.op = op;
  node.attrs = std::move(attrs);
  for (const TensorType& type : inputs) {
    Tensor t;
    t.name = "x" + std::to_string(node.inputs.size());
    t.dtype = type.dtype;
    t.shape = type.shape;
    node.inputs.push_back(g.add(std::move(t)));
  }
  Tensor y;
  y.name = "y";
  y.dtype = output.dtype;
  y.shape = output.shape;
  node.outputs = {g.add(std::move(y))};
  g.inputs = node.inputs;
  g.outputs = node.outputs;
  g.nodes.push_back(std::move(node));
  return g;
}

/// `exact` of every pair; T is the C++ type of `type`.
template <class T, class F>
FunctionCase pair_case(const std::string& op, DType type, const std::vector<T>& a, const std::vector<T>& b, F exact) {
  const TensorType t{type, {static_cast<int32_t>(a.size())}};
  std::vector<T> y;
  for (size_t i = 0; i < a.size(); ++i) y.push_back(static_cast<T>(exact(a[i], b[i])));
  return {one_node(op, {t, t}, t), {as_bytes(a), as_bytes(b)}, as_bytes(y)};
}

}  // namespace smelt::test
