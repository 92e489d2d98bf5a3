#include "passes/row_layout.hpp"

#include <algorithm>

#include "ops/view.hpp"
#include "passes/pass.hpp"
#include "passes/rewrite.hpp"

namespace smelt {
namespace {

/// The node as a transposition that moves elements and keeps the number of dimensions; empty where it is something else.
std::optional<DimOrder> transposition(const Graph& graph, const Node& node) {
  const OpDef& op = rewrite::op_of(node);
  const auto order = op.view != nullptr ? op.view(graph, node) : std::nullopt;
  if (!order || op.alias || view::keeps_order(*order, graph.at(node.in(0)).shape)) return std::nullopt;
  return order;
}

/// The order in which all readers of a tensor want it, those behind functions of one element included.
std::optional<DimOrder> reading(const Graph& graph, TensorId id) {
  std::optional<DimOrder> common;
  for (int n : graph.consumers(id)) {
    const Node& node = graph.nodes[static_cast<size_t>(n)];
    const auto order = view::works_element_by_element(node) ? reading(graph, node.out()) : transposition(graph, node);
    if (!order || (common && *common != *order)) return std::nullopt;
    common = order;
  }
  return graph.is_output(id) ? std::nullopt : common;
}

/// The order that undoes the transposition which makes an output that nothing else reads.
std::optional<DimOrder> making(const Graph& graph, TensorId output) {
  int n = graph.producer(output);
  if (n < 0 || !graph.consumers(output).empty()) return std::nullopt;
  while (view::works_element_by_element(graph.nodes[static_cast<size_t>(n)])) {
    const TensorId in = graph.nodes[static_cast<size_t>(n)].in(0);
    n = graph.producer(in);
    if (n < 0 || rewrite::uses(graph, in) != 1) return std::nullopt;
  }
  const auto order = transposition(graph, graph.nodes[static_cast<size_t>(n)]);
  if (!order) return std::nullopt;
  return view::inverse(*order, order->size());
}

Node transpose(TensorId from, TensorId to, const DimOrder& order) {
  Node node{"transpose", {from}, {to}, {}, -1};
  node.attrs.set("perm", std::vector<int64_t>(order.begin(), order.end()));
  return node;
}

/// A tensor in that order, which takes the name and the place of `id` among the graph's ports.
TensorId port(Graph& graph, TensorId id, const DimOrder& order) {
  Tensor t = graph.at(id);
  t.shape = view::apply(order, t.shape);
  graph.at(id).name += " (as in the file)";
  graph.at(id).source = -1;
  return graph.add(std::move(t));
}

}  // namespace

RowLayout take_rows(Graph& graph) {
  RowLayout layout{std::vector<std::optional<PortLayout>>(graph.inputs.size()), std::vector<std::optional<PortLayout>>(graph.outputs.size())};
  Graph moved = graph;
  PassLog unused;
  fold_constants(moved, unused);
  move_transposes(moved, unused);
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const auto order = reading(moved, moved.inputs[i]);
    if (!order) continue;
    const TensorId id = graph.inputs[i];
    layout.inputs[i] = PortLayout{graph.at(id).shape, *order};
    graph.inputs[i] = port(graph, id, *order);
    graph.nodes.insert(graph.nodes.begin(), transpose(graph.inputs[i], id, view::inverse(*order, order->size())));
  }
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const auto order = making(moved, moved.outputs[i]);
    if (!order) continue;
    const TensorId id = graph.outputs[i];
    layout.outputs[i] = PortLayout{graph.at(id).shape, *order};
    graph.outputs[i] = port(graph, id, *order);
    graph.nodes.push_back(transpose(id, graph.outputs[i], *order));
  }
  return layout;
}

Bytes reordered(const Bytes& content, const Shape& from, const DimOrder& order, size_t size) {
  const Shape to = view::apply(order, from);
  std::vector<int64_t> stride(from.size(), 1);
  for (size_t d = from.size(); d-- > 1;) stride[d - 1] = stride[d] * from[d];
  const auto count = static_cast<size_t>(elements(from));
  Bytes out(content.size());
  std::vector<int32_t> at(to.size(), 0);
  for (size_t i = 0; i < content.size() / size; ++i) {
    size_t position = i / count * count;
    for (size_t d = 0; d < to.size(); ++d) position += order[d] < 0 ? 0 : static_cast<size_t>(at[d] * stride[static_cast<size_t>(order[d])]);
    std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(position * size), size, out.begin() + static_cast<std::ptrdiff_t>(i * size));
    for (size_t d = to.size(); d-- > 0 && ++at[d] == to[d];) at[d] = 0;
  }
  return out;
}

}  // namespace smelt
