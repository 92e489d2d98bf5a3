// What the passes over channels share.
#pragma once

#include <cstdint>
#include <vector>

#include "ir/graph.hpp"
#include "ops/weighted_sum.hpp"

namespace smelt::channels {

/// Weights and biases of a weighted sum (ops/weighted_sum.hpp), to be changed: they are the node's own, though the
/// constants that they came from may serve other nodes.
struct Coefficients {
  std::vector<int8_t> weights;
  std::vector<int32_t> biases;  ///< zeros where the node has none
};
Coefficients coefficients(const Graph& graph, const Node& node, const WeightedSum& s);

/// Puts them into new constants of the shapes and quantization of the old ones; a bias of zeros stays absent.
void set_coefficients(Graph& graph, Node& node, const Coefficients& c);

/// Whether output o has a weight other than 0 for input channel i of its group.
bool reads(const WeightedSum& s, const std::vector<int8_t>& weights, int32_t o, int32_t i);

/// `few` of `many` as "3 of 8".
std::string of(size_t few, int64_t many);

}  // namespace smelt::channels
