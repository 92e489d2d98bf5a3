#include "passes/pass.hpp"
#include "passes/rewrite.hpp"

namespace smelt {
namespace {

constexpr const char* pass = "remove identities";

/// The tensor whose very bytes the node's only output holds, if there is one.
TensorId origin(const Graph& graph, const Node& node, std::string& why) {
  if (node.outputs.size() != 1 || node.in(0) == no_tensor) return no_tensor;
  const OpDef& op = rewrite::op_of(node);
  const Tensor& out = graph.at(node.out());
  if ((op.alias || (op.is_identity != nullptr && op.is_identity(graph, node))) &&
      rewrite::same_kind(graph.at(node.in(0)), out)) {
    why = rewrite::describe(graph, node) + " changes nothing";
    return node.in(0);
  }
  const int producer = graph.producer(node.in(0));
  if (op.undoes == nullptr || producer < 0) return no_tensor;
  const Node& before = graph.nodes[static_cast<size_t>(producer)];
  if (before.in(0) == no_tensor || before.out() != node.in(0) || !rewrite::same_kind(graph.at(before.in(0)), out) ||
      !op.undoes(graph, before, node)) {
    return no_tensor;
  }
  why = rewrite::describe(graph, node) + " undoes " + rewrite::describe(graph, before);
  return before.in(0);
}

}  // namespace

void remove_identities(Graph& graph, PassLog& log) {
  for (size_t i = 0; i < graph.nodes.size();) {
    std::string why;
    const TensorId in = origin(graph, graph.nodes[i], why);
    if (in != no_tensor && rewrite::bypass(graph, i, in)) {
      log.note(pass, why);
    } else {
      ++i;
    }
  }
}

}  // namespace smelt
