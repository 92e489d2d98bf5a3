// verify_graph() is declared with the graph but lives here: it needs operators, and ir/ knows none.
#include <algorithm>
#include <string>
#include <vector>

#include "ops/op.hpp"

namespace smelt {
namespace {

std::string type_text(const TensorType& t) { return std::string(to_string(t.dtype)) + " " + to_string(t.shape); }

/// Only operators that say so update what they read.
void check_states(const Graph& graph, const Node& node, const OpDef& op, std::vector<Diagnostic>& found) {
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.in(i) == no_tensor || !graph.at(node.in(i)).state) continue;
    if (std::find(op.states.begin(), op.states.end(), i) != op.states.end()) continue;
    found.push_back({"E0314", place(graph, node.in(i)),
                     "variable tensors, which keep state between inferences, are not supported as input " + std::to_string(i) +
                         " of " + op.name,
                     "layers that keep state are SVDF and UNIDIRECTIONAL_SEQUENCE_RNN; take and give other states as inputs "
                     "and outputs of the model"});
  }
}

void check_node(const Graph& graph, const Node& node, const OpDef& op, std::vector<Diagnostic>& found) {
  const Result<std::vector<TensorType>> types = op.infer(graph, node);
  if (!types) {
    found.insert(found.end(), types.failure().diagnostics.begin(), types.failure().diagnostics.end());
    return;
  }
  if (types->size() != node.outputs.size()) {
    found.push_back({"E0420", place(graph, node),
                     "the node has " + std::to_string(node.outputs.size()) + " outputs, the operator makes " +
                         std::to_string(types->size()),
                     ""});
    return;
  }
  for (size_t i = 0; i < types->size(); ++i) {
    const Tensor& t = graph.at(node.outputs[i]);
    const TensorType declared{t.dtype, t.shape};
    if (declared == (*types)[i]) continue;
    found.push_back({"E0421", place(graph, node),
                     "output " + std::to_string(i) + " is declared " + type_text(declared) + ", the operator makes " +
                         type_text((*types)[i]),
                     "the file contradicts itself; export the model again"});
  }
}

}  // namespace

bool types_hold(const Graph& graph, const Node& node) {
  std::vector<Diagnostic> mistakes;
  check_node(graph, node, *find_op(node.op), mistakes);
  return mistakes.empty();
}

Outcome verify_graph(const Graph& graph) {
  Failure failure;
  const Outcome structure = verify_structure(graph);
  if (!structure) failure = structure.failure();
  for (const Node& node : graph.nodes) {
    const OpDef* op = find_op(node.op);
    if (op == nullptr) {
      failure.diagnostics.push_back({"E0419", place(graph, node), "the operator is not supported", ""});
    } else if (structure) {  // what an operator infers means something only on sound tensors
      check_states(graph, node, *op, failure.diagnostics);
      check_node(graph, node, *op, failure.diagnostics);
    }
  }
  if (failure.diagnostics.empty()) return Done{};
  return failure;
}

}  // namespace smelt
