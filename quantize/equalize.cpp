#include <algorithm>
#include <cmath>

#include "ops/op.hpp"
#include "quantize/quantize.hpp"

namespace smelt::quantize {

namespace {

constexpr float most_change = 64;  // of a channel, either way: a nearly dead channel would take all of the other's digits

/// A filter's elements by a channel of its own: output channels of the first, input channels of the second.
struct Channels {
  size_t count = 0;
  size_t stride = 1;   ///< elements from one index of the channel to the next
  size_t of(size_t element) const { return element / stride % count; }
};

size_t inner_of(const Shape& shape, size_t axis) {
  size_t inner = 1;
  for (size_t d = axis + 1; d < shape.size(); ++d) inner *= static_cast<size_t>(shape[d]);
  return inner;
}

/// By input channel: the last dimension of an ordinary filter; of a depthwise one of multiplier 1 the channels themselves.
std::optional<Channels> input_channels(const Graph& graph, const Node& node) {
  const Shape& filter = graph.at(node.in(1)).shape;
  const auto axis = static_cast<size_t>(find_op(node.op)->filter_axis);
  const auto inputs = static_cast<size_t>(graph.at(node.in(0)).shape.back());
  if (static_cast<size_t>(filter.back()) != inputs) return std::nullopt;  // groups, flattened images, multipliers
  return Channels{inputs, axis + 1 == filter.size() ? inner_of(filter, axis) : size_t{1}};
}

std::vector<float> magnitudes(const Tensor& filter, const Channels& channels) {
  std::vector<float> largest(channels.count);
  for (size_t i = 0; i < static_cast<size_t>(elements(filter.shape)); ++i) {
    float& m = largest[channels.of(i)];
    m = std::max(m, std::abs(filter.as<float>()[i]));
  }
  return largest;
}

void scale(Graph& graph, Node& node, size_t operand, const Channels& channels, const std::vector<float>& factors) {
  Tensor scaled = graph.at(node.in(operand));
  Bytes bytes = *scaled.data;
  auto* values = reinterpret_cast<float*>(bytes.data());
  for (size_t i = 0; i < bytes.size() / sizeof(float); ++i) values[i] *= factors[channels.of(i)];
  scaled.data = std::make_shared<Bytes>(std::move(bytes));
  node.inputs[operand] = graph.add(std::move(scaled));
}

bool is_filter(const Graph& graph, const Node& node) {
  if (find_op(node.op)->filter_axis < 0 || graph.at(node.in(0)).dtype != DType::f32) return false;
  const Tensor& w = graph.at(node.in(1));
  return w.constant() && w.dtype == DType::f32 && !graph.at(node.in(0)).shape.empty();
}

/// Scales each channel between the two filters so that its weights are as large on either side.
bool equalize_pair(Graph& graph, Node& first, Node& second) {
  const auto axis = static_cast<size_t>(find_op(first.op)->filter_axis);
  const Shape shape = graph.at(first.in(1)).shape;
  const Channels out{static_cast<size_t>(shape[axis]), inner_of(shape, axis)};
  const std::optional<Channels> in = input_channels(graph, second);
  if (!in || in->count != out.count) return false;
  const std::vector<float> a = magnitudes(graph.at(first.in(1)), out), b = magnitudes(graph.at(second.in(1)), *in);
  std::vector<float> up(out.count, 1), down(out.count, 1);
  bool changed = false;
  for (size_t c = 0; c < out.count; ++c) {
    if (!(a[c] > 0) || !(b[c] > 0)) continue;
    // A power of two, so that the function stays the same to the last bit.
    const float s = std::exp2(std::round(std::log2(std::sqrt(b[c] / a[c]))));
    if (s == 1 || s > most_change || s < 1 / most_change) continue;
    up[c] = s;
    down[c] = 1 / s;
    changed = true;
  }
  if (!changed) return false;
  scale(graph, first, 1, out, up);
  if (first.in(2) != no_tensor) scale(graph, first, 2, Channels{out.count, 1}, up);
  scale(graph, second, 1, *in, down);
  return true;
}

}  // namespace

size_t equalize(Graph& graph) {
  std::vector<char> changed(graph.nodes.size());
  for (int round = 0; round < 8; ++round) {  // a filter in the middle has two neighbours: what one changes, the other sees
    bool any = false;
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      Node& first = graph.nodes[n];
      const std::string activation = first.attrs.s("activation", "none");
      if (!is_filter(graph, first) || (activation != "none" && activation != "relu")) continue;
      const std::vector<int> readers = graph.consumers(first.out());
      if (readers.size() != 1 || graph.is_output(first.out())) continue;
      Node& second = graph.nodes[static_cast<size_t>(readers[0])];
      if (!is_filter(graph, second) || second.in(0) != first.out() || second.in(1) == first.out()) continue;
      if (!equalize_pair(graph, first, second)) continue;
      changed[n] = 1;
      any = true;
    }
    if (!any) break;
  }
  return static_cast<size_t>(std::count(changed.begin(), changed.end(), 1));
}

}  // namespace smelt::quantize
