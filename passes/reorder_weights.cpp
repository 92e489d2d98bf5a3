#include <algorithm>
#include <cstring>
#include <numeric>

#include "ops/view.hpp"
#include "passes/pass.hpp"
#include "passes/rewrite.hpp"

namespace smelt {
namespace {

using Indices = std::vector<int32_t>;

/// Elements of shape `from` in another order of dimensions.
Indices turned(const Indices& elements, const Shape& from, const DimOrder& order) {
  std::vector<int64_t> stride(from.size(), 1);
  for (size_t d = from.size(); d-- > 1;) stride[d - 1] = stride[d] * from[d];
  const Shape shape = view::apply(order, from);
  Indices out;
  std::vector<int32_t> at(shape.size(), 0);
  for (size_t i = 0; i < elements.size(); ++i) {
    int64_t position = 0;
    for (size_t d = 0; d < shape.size(); ++d) position += order[d] < 0 ? 0 : at[d] * stride[static_cast<size_t>(order[d])];
    out.push_back(elements[static_cast<size_t>(position)]);
    for (size_t d = shape.size(); d-- > 0 && ++at[d] == shape[d];) at[d] = 0;
  }
  return out;
}

/// Nodes above tensor `id` that rename or reorder elements, or work on each by itself, the nearest first; those that others
/// read too stay.
std::vector<size_t> chain_above(const Graph& graph, TensorId id) {
  std::vector<size_t> chain;
  for (int n = graph.producer(id); n >= 0; n = graph.producer(id)) {
    const Node& node = graph.nodes[static_cast<size_t>(n)];
    const OpDef& op = rewrite::op_of(node);
    const bool passes_on = op.alias || op.view != nullptr || view::works_element_by_element(node);
    if (!passes_on || rewrite::uses(graph, id) != 1) break;
    chain.push_back(static_cast<size_t>(n));
    id = node.in(0);
  }
  return chain;
}

/// Takes the transpositions above the node out, and puts its constants into the order that comes of that; false where there
/// are none.
bool reorder(Graph& graph, Node& node) {
  std::vector<size_t> chain = chain_above(graph, node.in(0));
  Indices source(static_cast<size_t>(elements(graph.at(node.in(0)).shape)));  // of each element that is read, its place above
  std::iota(source.begin(), source.end(), 0);
  std::vector<size_t> transpositions;
  std::reverse(chain.begin(), chain.end());
  for (size_t n : chain) {
    const Node& step = graph.nodes[n];
    const OpDef& op = rewrite::op_of(step);
    if (op.alias || op.view == nullptr) continue;
    const auto order = op.view(graph, step);
    if (!order) return false;
    source = turned(source, graph.at(step.in(0)).shape, *order);
    transpositions.push_back(n);
  }
  if (std::is_sorted(source.begin(), source.end())) return false;
  Indices order(source.size());
  for (size_t i = 0; i < source.size(); ++i) order[static_cast<size_t>(source[i])] = static_cast<int32_t>(i);
  if (!rewrite::op_of(node).reorder_input(graph, node, order)) return false;
  for (size_t n : transpositions) {  // the same elements under the new shape, in their old order
    graph.nodes[n].op = "reshape";
    graph.nodes[n].attrs = {};
  }
  return true;
}

}  // namespace

void reorder_weights(Graph& graph, PassLog& log) {
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (rewrite::op_of(graph.nodes[i]).reorder_input == nullptr) continue;
    const std::string name = rewrite::describe(graph, graph.nodes[i]);
    if (reorder(graph, graph.nodes[i])) log.note("reorder weights", name + " reads its input in the order in which it comes");
  }
}

}  // namespace smelt
