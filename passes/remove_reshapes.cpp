#include "passes/pass.hpp"
#include "passes/rewrite.hpp"

namespace smelt {

void remove_reshapes(Graph& graph, PassLog& log) {
  for (Node& node : graph.nodes) {
    const OpDef& op = rewrite::op_of(node);
    if (!op.alias && !op.flattens_input) continue;
    const int producer = graph.producer(node.in(0));
    if (producer < 0) continue;
    const Node& reshape = graph.nodes[static_cast<size_t>(producer)];
    if (!rewrite::op_of(reshape).alias) continue;
    const TensorId before = reshape.in(0);
    const TensorId after = node.in(0);
    if (graph.at(before).dtype != graph.at(after).dtype || !(graph.at(before).quant == graph.at(after).quant)) continue;
    node.inputs[0] = before;
    if (!types_hold(graph, node)) {
      node.inputs[0] = after;
      continue;
    }
    log.note("remove reshapes",
             rewrite::describe(graph, node) + " reads the input of " + rewrite::describe(graph, reshape) + " directly");
  }
}

}  // namespace smelt
