#include <algorithm>
#include <memory>

#include "passes/pass.hpp"
#include "passes/rewrite.hpp"

namespace smelt {
namespace {

/// Oracles are slow, so all of folding may take about as long as this many multiply-accumulates: a second or so. A node
/// beyond that stays on the device, like a constant that would cost much flash.
constexpr int64_t whole_budget = int64_t{1} << 26;
constexpr int64_t cost_of_an_element = 16;

int64_t cost(const Graph& graph, const Node& node, const OpDef& op) {
  int64_t sum = op.macs != nullptr ? op.macs(graph, node) : 0;
  for (TensorId id : node.inputs) sum += id == no_tensor ? 0 : cost_of_an_element * elements(graph.at(id).shape);
  for (TensorId id : node.outputs) sum += cost_of_an_element * elements(graph.at(id).shape);
  return sum;
}

bool is_constant(const Graph& graph, const Node& node, const OpDef& op) {
  if (std::any_of(node.outputs.begin(), node.outputs.end(), [&](TensorId id) { return graph.is_output(id); }))
    return false;
  return op.static_result || std::all_of(node.inputs.begin(), node.inputs.end(),
                                         [&](TensorId id) { return id == no_tensor || graph.at(id).constant(); });
}

void fold(Graph& graph, const Node& node, const OpDef& op) {
  std::vector<Value> in(node.inputs.size()), out(node.outputs.size());
  Evaluation e{graph, node, {}, {}};
  for (size_t i = 0; i < in.size(); ++i) {
    const TensorId id = node.inputs[i];
    e.in.push_back(id == no_tensor ? nullptr : &in[i]);
    if (id == no_tensor) continue;
    in[i].type = &graph.at(id);
    if (graph.at(id).constant()) in[i].bytes = *graph.at(id).data;
  }
  for (size_t i = 0; i < out.size(); ++i) {
    out[i].type = &graph.at(node.outputs[i]);
    out[i].bytes.assign(static_cast<size_t>(out[i].type->bytes()), 0);
    e.out.push_back(&out[i]);
  }
  op.evaluate(e);
  for (size_t i = 0; i < out.size(); ++i) {
    graph.at(node.outputs[i]).data = std::make_shared<const Bytes>(std::move(out[i].bytes));
  }
}

}  // namespace

void fold_constants(Graph& graph, PassLog& log) {
  std::vector<char> folded(graph.nodes.size(), 0);
  int64_t budget = whole_budget;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    const OpDef& op = rewrite::op_of(node);
    if (!is_constant(graph, node, op)) continue;
    const int64_t price = op.static_result ? 0 : cost(graph, node, op);
    if (price > budget) continue;
    budget -= price;
    fold(graph, node, op);
    folded[i] = 1;
    log.note("fold constants", rewrite::describe(graph, node) + " became a constant");
  }
  rewrite::erase_nodes(graph, folded);
}

}  // namespace smelt
