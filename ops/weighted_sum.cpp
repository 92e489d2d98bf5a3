#include "ops/weighted_sum.hpp"

#include <algorithm>

namespace smelt {

std::optional<WeightedSum> weighted_sum(const Graph& graph, const Node& node) {
  const OpDef* op = find_op(node.op);
  if (op->weighted_sum == nullptr) return std::nullopt;
  const Tensor& input = graph.at(node.in(0));
  if (input.constant() || input.shape.empty()) return std::nullopt;
  std::optional<WeightedSum> s = op->weighted_sum(graph, node);
  if (s && s->inputs() != input.shape.back()) return std::nullopt;
  return s;
}

int32_t bias_of(const Graph& graph, const Node& node, int32_t o) {
  return node.in(2) == no_tensor ? 0 : graph.at(node.in(2)).as<int32_t>()[o];
}

int32_t stored(const WeightedSum& s, const Tensor& output, int32_t o, int32_t sum) {
  const int64_t scaled = oracle::requantize(sum, s.scales[static_cast<size_t>(o)]);
  return static_cast<int32_t>(
      std::clamp<int64_t>(scaled + output.quant.zero_point[0], s.clamp.low, s.clamp.high));
}

}  // namespace smelt
