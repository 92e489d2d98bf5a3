#include "ops/fold.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace smelt {
namespace {

constexpr int64_t max_folded_macs = int64_t{1} << 24;
constexpr int64_t max_folded_bytes = int64_t{1} << 24;

}  // namespace

bool fold(Graph& graph, const Node& node) {
  const OpDef* op = find_op(node.op);
  if (op == nullptr || op->evaluate == nullptr) return false;
  const auto constant = [&](TensorId id) { return id == no_tensor || graph.at(id).constant(); };
  if (!op->static_result && !std::all_of(node.inputs.begin(), node.inputs.end(), constant)) return false;
  if (std::any_of(node.outputs.begin(), node.outputs.end(), [&](TensorId id) { return graph.is_output(id); })) return false;
  if (!types_hold(graph, node)) return false;
  if (op->macs != nullptr && op->macs(graph, node) > max_folded_macs) return false;
  for (TensorId id : node.outputs) {
    if (graph.at(id).bytes() > max_folded_bytes) return false;
  }

  std::vector<Value> in(node.inputs.size()), out(node.outputs.size());
  Evaluation e{graph, node, {}, {}};
  for (size_t i = 0; i < in.size(); ++i) {
    const TensorId id = node.inputs[i];
    if (id == no_tensor) {
      e.in.push_back(nullptr);
      continue;
    }
    in[i].type = &graph.at(id);
    if (graph.at(id).constant()) in[i].bytes = *graph.at(id).data;
    e.in.push_back(&in[i]);
  }
  for (size_t i = 0; i < out.size(); ++i) {
    out[i].type = &graph.at(node.outputs[i]);
    out[i].bytes.assign(static_cast<size_t>(out[i].type->bytes()), 0);
    e.out.push_back(&out[i]);
  }
  op->evaluate(e);
  for (size_t i = 0; i < out.size(); ++i) {
    graph.at(node.outputs[i]).data = std::make_shared<const Bytes>(std::move(out[i].bytes));
  }
  return true;
}

}  // namespace smelt
