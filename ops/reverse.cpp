// Dimensions `axes` from the last index to the first.
// Source: TensorFlow Lite, kernels/reverse.cc.
#include <algorithm>

#include "ops/movement.hpp"
#include "ops/raw.hpp"

namespace smelt {
namespace {
using namespace movement;

Outcome normalize(Graph& graph, Node& node) {
  if (Outcome o = check_operands(graph, node, 2, 2); !o) return o;
  const Result<Ints> given = constant_ints(graph, node, 1, "axes");
  if (!given) return given.failure();
  Ints axes;
  for (int64_t a : *given) {
    const Result<int64_t> axis = wrap_axis(graph, node, a, graph.at(node.in(0)).shape.size());
    if (!axis) return axis.failure();
    axes.push_back(*axis);
  }
  node.attrs.set("axes", axes);
  node.inputs.resize(1);
  return Done{};
}

bool reverses(const Node& node, size_t d) {
  const Ints axes = node.attrs.ints("axes");
  return std::find(axes.begin(), axes.end(), static_cast<int64_t>(d)) != axes.end();
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  if (Outcome o = check_types(graph, node, 1, 1); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  for (int64_t a : node.attrs.ints("axes")) {
    if (a < 0 || a >= static_cast<int64_t>(in.shape.size())) {
      return mismatch(graph, node, "axis " + std::to_string(a) + " is outside " + to_string(in.shape));
    }
  }
  return std::vector<TensorType>{{in.dtype, in.shape}};
}

void evaluate(const Evaluation& e) {
  const Shape& shape = e.out[0]->type->shape;
  for_each_index(shape, [&](const Ints& to) {
    Ints from = to;
    for (size_t d = 0; d < from.size(); ++d) {
      if (reverses(e.node, d)) from[d] = shape[d] - 1 - from[d];
    }
    copy_element(*e.in[0], from, *e.out[0], to);
  });
}

Outcome lower(Lowering& l) {
  const Shape& shape = l.output().shape;
  BlockCopy c;
  c.extents.assign(shape.begin(), shape.end());
  c.from = c.to = strides_of(shape);
  for (size_t d = 0; d < shape.size(); ++d) {
    if (!reverses(l.node, d)) continue;
    c.from_offset += c.from[d] * (shape[d] - 1);
    c.from[d] = -c.from[d];
  }
  return lower_copies(l, {c});
}

ChannelFlow channels(const Graph& graph, const Node& node) {
  const size_t rank = graph.at(node.in(0)).shape.size();
  return rank > 0 && !reverses(node, rank - 1) ? ChannelFlow::each : ChannelFlow::mixed;
}

Outcome denormalize(Graph& graph, Node& node) {
  raw::put_ints(graph, node, node.attrs.ints("axes"), "axes");
  node.attrs.erase("axes");
  raw::name(node, "REVERSE_V2", "ReverseV2Options");
  return Done{};
}

}  // namespace

extern const OpDef op_reverse;
const OpDef op_reverse = {.name = "reverse",
                          .tflite = {"REVERSE_V2"},
                          .normalize = normalize,
                          .infer = infer,
                          .evaluate = evaluate,
                          .lower = lower,
                          .channels = channels,
                          .denormalize = denormalize};

}  // namespace smelt
