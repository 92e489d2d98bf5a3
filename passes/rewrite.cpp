#include "passes/rewrite.hpp"

#include <algorithm>

namespace smelt::rewrite {

const OpDef& op_of(const Node& node) {
  const OpDef* op = find_op(node.op);
  SMELT_ASSERT(op != nullptr, "passes want a verified graph");
  return *op;
}

std::string describe(const Graph& graph, const Node& node) {
  return "\"" + shortened(graph.at(node.out()).name) + "\" (" + node.op + ")";
}

int uses(const Graph& graph, TensorId id) {
  auto n = static_cast<int>(std::count(graph.outputs.begin(), graph.outputs.end(), id));
  for (const Node& node : graph.nodes) n += static_cast<int>(std::count(node.inputs.begin(), node.inputs.end(), id));
  return n;
}

bool same_kind(const Tensor& a, const Tensor& b) {
  return a.dtype == b.dtype && a.shape == b.shape && a.quant == b.quant;
}

bool bypass(Graph& graph, size_t index, TensorId in) {
  const TensorId out = graph.nodes[index].out();
  SMELT_ASSERT(graph.nodes[index].outputs.size() == 1, "only a node of one output can be bypassed");
  const bool keep_out = graph.is_output(out);
  if (keep_out && (graph.is_input(in) || graph.is_output(in) || graph.at(in).constant())) return false;
  const TensorId gone = keep_out ? in : out;
  const TensorId kept = keep_out ? out : in;
  graph.nodes.erase(graph.nodes.begin() + static_cast<std::ptrdiff_t>(index));
  for (Node& node : graph.nodes) {
    std::replace(node.inputs.begin(), node.inputs.end(), gone, kept);
    std::replace(node.outputs.begin(), node.outputs.end(), gone, kept);
  }
  return true;
}

void erase_nodes(Graph& graph, const std::vector<char>& marked) {
  size_t kept = 0;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (marked[i] != 0) continue;
    if (kept != i) graph.nodes[kept] = std::move(graph.nodes[i]);
    ++kept;
  }
  graph.nodes.resize(kept);
}

}  // namespace smelt::rewrite
