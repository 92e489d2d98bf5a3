#include <algorithm>
#include <array>
#include <limits>

#include "passes/pass.hpp"
#include "passes/rewrite.hpp"

namespace smelt {
namespace {

/// Order of attribute `paddings` over NHWC; the batch and the channels must not be padded.
constexpr std::array<const char*, 8> pads = {nullptr,    nullptr,     "pad_top", "pad_bottom",
                                             "pad_left", "pad_right", nullptr,   nullptr};

/// Whether the node pads the rows and columns of an image with real zeros, and does nothing else.
bool pads_image_with_zeros(const Graph& graph, const Node& node) {
  if (!rewrite::op_of(node).is_padding) return false;
  const Tensor& in = graph.at(node.in(0));
  const Tensor& out = graph.at(node.out());
  const std::vector<int64_t> paddings = node.attrs.ints("paddings");
  if (in.shape.size() != 4 || paddings.size() != pads.size()) return false;
  for (size_t i = 0; i < pads.size(); ++i) {
    if (paddings[i] < 0 || (pads[i] == nullptr && paddings[i] != 0)) return false;
  }
  if (in.dtype == DType::f32) return node.attrs.f("value", 1) == 0;
  const bool zero_is_known = in.quant.scale.size() == 1 && in.quant == out.quant;
  return zero_is_known && node.attrs.i("value", std::numeric_limits<int64_t>::min()) == in.quant.zero_point[0];
}

/// Makes `node` read what `padding` reads, and pad it; false if its operator will not have that.
bool absorb(const Graph& graph, const Node& padding, Node& node) {
  if (!rewrite::op_of(node).fuses_padding || node.in(0) != padding.out() ||
      std::count(node.inputs.begin(), node.inputs.end(), padding.out()) != 1) {
    return false;
  }
  const std::vector<int64_t> paddings = padding.attrs.ints("paddings");
  for (size_t i = 0; i < pads.size(); ++i) {
    if (pads[i] != nullptr) node.attrs.set(pads[i], node.attrs.i(pads[i]) + paddings[i]);
  }
  node.inputs[0] = padding.in(0);
  return types_hold(graph, node);
}

/// The readers of `padding`, each with the padding in it: all of them or none, as sparing only some saves nothing.
std::vector<Node> readers_with_padding(const Graph& graph, const Node& padding, const std::vector<int>& readers) {
  std::vector<Node> padded;
  for (int r : readers) {
    padded.push_back(graph.nodes[static_cast<size_t>(r)]);
    if (!absorb(graph, padding, padded.back())) return {};
  }
  return padded;
}

}  // namespace

void fuse_padding(Graph& graph, PassLog& log) {
  for (size_t p = graph.nodes.size(); p-- > 0;) {  // from the back, so that of two paddings in a row both are fused
    const Node& padding = graph.nodes[p];
    if (graph.is_output(padding.out()) || !pads_image_with_zeros(graph, padding)) continue;
    const std::vector<int> readers = graph.consumers(padding.out());
    std::vector<Node> padded = readers_with_padding(graph, padding, readers);
    if (padded.empty()) continue;
    for (size_t i = 0; i < readers.size(); ++i) {
      log.note("fuse padding",
               rewrite::describe(graph, padding) + " became a part of " + rewrite::describe(graph, padded[i]));
      graph.nodes[static_cast<size_t>(readers[i])] = std::move(padded[i]);
    }
    graph.nodes.erase(graph.nodes.begin() + static_cast<std::ptrdiff_t>(p));
  }
}

}  // namespace smelt
