// Tensors one behind the other along `axis`.
// Source: TensorFlow Lite, kernels/concatenation.cc (int8 must not be rescaled) and
// kernels/internal/reference/concatenation.h.
#include "ops/movement.hpp"
#include "ops/view.hpp"
#include "ops/raw.hpp"

namespace smelt {
namespace {
using namespace movement;

constexpr size_t most_inputs = 4096;

Outcome normalize(Graph& graph, Node& node) {
  if (Outcome o = check_operands(graph, node, 1, most_inputs); !o) return o;
  const std::string activation = node.attrs.s("fused_activation_function", "NONE");
  if (activation != "NONE") {
    return unsupported(graph, node, "a fused activation " + activation,
                       "export the activation as an operator of its own");
  }
  const Result<int64_t> axis = wrap_axis(graph, node, node.attrs.i("axis"), graph.at(node.in(0)).shape.size());
  if (!axis) return axis.failure();
  node.attrs.erase("fused_activation_function");
  node.attrs.set("axis", *axis);
  return Done{};
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  if (Outcome o = check_types(graph, node, 1, most_inputs); !o) return o.failure();
  const Tensor& first = graph.at(node.in(0));
  const int64_t axis = node.attrs.i("axis", -1);
  if (axis < 0 || axis >= static_cast<int64_t>(first.shape.size())) {
    return mismatch(graph, node, "axis " + std::to_string(axis) + " is not a dimension of " + to_string(first.shape));
  }
  const auto a = static_cast<size_t>(axis);
  Ints shape(first.shape.begin(), first.shape.end());
  shape[a] = 0;
  for (TensorId id : node.inputs) {
    const Shape& s = graph.at(id).shape;
    Shape rest = first.shape;
    if (s.size() == rest.size()) rest[a] = s[a];
    if (s != rest) {
      return mismatch(
          graph, node,
          to_string(first.shape) + " and " + to_string(s) + " do not fit along axis " + std::to_string(axis));
    }
    shape[a] += s[a];
  }
  const Result<Shape> checked = checked_shape(graph, node, shape);
  if (!checked) return checked.failure();
  if (first.dtype == DType::i8 || first.dtype == DType::u8 || first.dtype == DType::i16) {
    if (Outcome o = check_equal_quantization(graph, node); !o) return o.failure();
  }
  return std::vector<TensorType>{{first.dtype, *checked}};
}

void evaluate(const Evaluation& e) {
  const auto a = static_cast<size_t>(e.node.attrs.i("axis"));
  int64_t base = 0;
  for (const Value* in : e.in) {
    for_each_index(in->type->shape, [&](const Ints& from) {
      Ints to = from;
      to[a] += base;
      copy_element(*in, from, *e.out[0], to);
    });
    base += in->type->shape[a];
  }
}

Outcome lower(Lowering& l) {
  const auto a = static_cast<size_t>(l.node.attrs.i("axis"));
  std::vector<BlockCopy> copies;
  int64_t base = 0;
  for (size_t i = 0; i < l.node.inputs.size(); ++i) {
    const Shape& shape = l.input(i).shape;
    BlockCopy c;
    c.input = static_cast<int>(i);
    c.extents.assign(shape.begin(), shape.end());
    c.from = strides_of(shape);
    c.to = strides_of(l.output().shape);
    c.to_offset = base * c.to[a];
    base += shape[a];
    copies.push_back(c);
  }
  return lower_copies(l, copies);
}

bool is_identity(const Graph& graph, const Node& node) {
  return node.inputs.size() == 1 && graph.at(node.in(0)).quant == graph.at(node.out()).quant;
}

ChannelFlow channels(const Graph& graph, const Node& node) {
  const bool last = node.attrs.i("axis") + 1 == static_cast<int64_t>(graph.at(node.out()).shape.size());
  return last ? ChannelFlow::joined : ChannelFlow::each;
}

Outcome denormalize(Graph& /*graph*/, Node& node) {
  node.attrs.set("fused_activation_function", std::string("NONE"));
  raw::name(node, "CONCATENATION", "ConcatenationOptions");
  return Done{};
}

}  // namespace

extern const OpDef op_concatenation;
const OpDef op_concatenation = {.name = "concatenation",
                                .tflite = {"CONCATENATION"},
                                .normalize = normalize,
                                .infer = infer,
                                .evaluate = evaluate,
                                .lower = lower,
                                .is_identity = is_identity,
                                .channels = channels,
                                .under_view = view::with_axis,
                                .denormalize = denormalize};

}  // namespace smelt
