#include "passes/channels.hpp"

#include <algorithm>
#include <cstring>

namespace smelt::channels {

namespace {

template <class T>
std::shared_ptr<const Bytes> bytes_of(const std::vector<T>& values) {
  Bytes bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return std::make_shared<const Bytes>(std::move(bytes));
}

}  // namespace

Coefficients coefficients(const Graph& graph, const Node& node, const WeightedSum& s) {
  const Tensor& w = graph.at(node.in(1));
  Coefficients c{{w.as<int8_t>(), w.as<int8_t>() + elements(w.shape)}, {}};
  for (int32_t o = 0; o < s.outputs; ++o) c.biases.push_back(bias_of(graph, node, o));
  return c;
}

void set_coefficients(Graph& graph, Node& node, const Coefficients& c) {
  Tensor weights = graph.at(node.in(1));
  weights.data = bytes_of(c.weights);
  weights.source = -1;
  node.inputs[1] = graph.add(std::move(weights));
  const bool zeros = std::all_of(c.biases.begin(), c.biases.end(), [](int32_t b) { return b == 0; });
  if (node.in(2) == no_tensor && zeros) return;
  Tensor bias;
  if (node.in(2) != no_tensor) {
    bias = graph.at(node.in(2));
  } else {
    bias.name = graph.at(node.out()).name + "/bias";
    bias.dtype = DType::i32;
    bias.shape = {static_cast<int32_t>(c.biases.size())};
  }
  bias.data = bytes_of(c.biases);
  bias.source = -1;
  node.inputs.resize(3, no_tensor);
  node.inputs[2] = graph.add(std::move(bias));
}

bool reads(const WeightedSum& s, const std::vector<int8_t>& weights, int32_t o, int32_t i) {
  for (int32_t tap = 0; tap < s.taps; ++tap) {
    if (weights[s.at(o, tap, i)] != 0) return true;
  }
  return false;
}

std::string of(size_t few, int64_t many) { return std::to_string(few) + " of " + std::to_string(many); }

}  // namespace smelt::channels
