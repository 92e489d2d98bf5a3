#include "ops/pairs.hpp"

#include <utility>

namespace smelt::pairs {

Result<Shape> check(const Graph& graph, const Node& node) {
  if (Outcome o = elementwise::check_operands(graph, node, 2); !o) return o.failure();
  const Tensor& a = graph.at(node.in(0));
  const Tensor& b = graph.at(node.in(1));
  if (a.dtype != b.dtype) {
    return fail(graph, node, "E0302",
                std::string("the inputs are of types ") + to_string(a.dtype) + " and " + to_string(b.dtype));
  }
  const std::optional<Shape> shape = broadcast(a.shape, b.shape);
  if (!shape) {
    return fail(graph, node, "E0302",
                "shapes " + to_string(a.shape) + " and " + to_string(b.shape) + " do not broadcast to one another");
  }
  if (elements(*shape) * size_of(a.dtype) > max_tensor_bytes)
    return fail(graph, node, "E0302", "the output is too large");
  return *shape;
}

Outcome check_quantized(const Graph& graph, const Node& node) {
  for (TensorId id : {node.in(0), node.in(1), node.out(0)}) {
    if (Outcome o = elementwise::check_per_tensor(graph, node, id); !o) return o;
  }
  return Done{};
}

int32_t lay_out(Lowering& l, int first) {
  const Tensor& a = l.input(static_cast<size_t>(first));
  const Tensor& b = l.input(static_cast<size_t>(1 - first));
  BroadcastWalk walk = walk_broadcast(a.shape, b.shape, size_of(a.dtype), 1 + first);
  const int32_t rows = row_count(l.output().shape);
  std::vector<RowRange> made;
  for (int32_t r = 0; r < rows; ++r) made.push_back({r, r + 1});
  if (first == 1) std::swap(walk.needs_a, walk.needs_b);
  l.steps(rows, {std::move(walk.needs_a), std::move(walk.needs_b)}, {std::move(made)});
  for (int i : {0, 1}) {
    const Tensor& t = l.input(static_cast<size_t>(i));
    const bool alike = t.shape == l.output().shape && size_of(t.dtype) == size_of(l.output().dtype);
    if (!t.constant() && alike) l.in_place(i);
  }
  return static_cast<int32_t>(l.pool.add(l.name("walk"), walk.words));
}

}  // namespace smelt::pairs
