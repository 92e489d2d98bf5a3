// The reverse of pack: one output for each index of dimension `axis`, which goes.
// Source: TensorFlow Lite, kernels/unpack.cc.
#include "ops/movement.hpp"
#include "ops/raw.hpp"

namespace smelt {
namespace {
using namespace movement;

Outcome normalize(Graph& graph, Node& node) {
  if (Outcome o = check_operands(graph, node, 1, 1, -1); !o) return o;
  const int64_t count = node.attrs.i("num", static_cast<int64_t>(node.outputs.size()));
  if (count != static_cast<int64_t>(node.outputs.size())) {
    return mismatch(graph, node,
                    std::to_string(count) + " parts announced, " + std::to_string(node.outputs.size()) + " made");
  }
  const Result<int64_t> axis = wrap_axis(graph, node, node.attrs.i("axis"), graph.at(node.in(0)).shape.size());
  if (!axis) return axis.failure();
  node.attrs.erase("num");
  node.attrs.set("axis", *axis);
  return Done{};
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  if (Outcome o = check_types(graph, node, 1, 1, -1); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  const int64_t axis = node.attrs.i("axis", -1);
  if (axis < 0 || axis >= static_cast<int64_t>(in.shape.size()) ||
      static_cast<size_t>(in.shape[static_cast<size_t>(axis)]) != node.outputs.size()) {
    return mismatch(graph, node,
                    std::to_string(node.outputs.size()) + " outputs along axis " + std::to_string(axis) + " of " +
                        to_string(in.shape));
  }
  if (Outcome o = check_equal_quantization(graph, node); !o) return o.failure();
  TensorType out{in.dtype, in.shape};
  out.shape.erase(out.shape.begin() + static_cast<std::ptrdiff_t>(axis));
  return std::vector<TensorType>(node.outputs.size(), out);
}

void evaluate(const Evaluation& e) {
  const auto axis = static_cast<std::ptrdiff_t>(e.node.attrs.i("axis"));
  for (size_t i = 0; i < e.out.size(); ++i) {
    for_each_index(e.out[i]->type->shape, [&](const Ints& to) {
      Ints from = to;
      from.insert(from.begin() + axis, static_cast<int64_t>(i));
      copy_element(*e.in[0], from, *e.out[i], to);
    });
  }
}

Outcome lower(Lowering& l) {
  const auto axis = static_cast<std::ptrdiff_t>(l.node.attrs.i("axis"));
  std::vector<BlockCopy> copies;
  for (size_t i = 0; i < l.node.outputs.size(); ++i) {
    const Shape& shape = l.output(i).shape;
    BlockCopy c;
    c.output = static_cast<int>(i);
    c.extents.assign(shape.begin(), shape.end());
    c.to = strides_of(shape);
    c.from = strides_of(l.input(0).shape);
    c.from_offset = static_cast<int64_t>(i) * c.from[static_cast<size_t>(axis)];
    c.from.erase(c.from.begin() + axis);
    copies.push_back(c);
  }
  return lower_copies(l, copies);
}

Outcome denormalize(Graph& /*graph*/, Node& node) {
  node.attrs.set("num", static_cast<int64_t>(node.outputs.size()));
  raw::name(node, "UNPACK", "UnpackOptions");
  return Done{};
}

}  // namespace

extern const OpDef op_unpack;
const OpDef op_unpack = {.name = "unpack",
                         .tflite = {"UNPACK"},
                         .normalize = normalize,
                         .infer = infer,
                         .evaluate = evaluate,
                         .lower = lower,
                         .denormalize = denormalize};

}  // namespace smelt
