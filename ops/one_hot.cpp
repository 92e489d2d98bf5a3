// ONE_HOT: indices to vectors along a new dimension `axis` of `depth`: `on` where the index is, `off` elsewhere.
// Source: TensorFlow Lite, kernels/one_hot.cc.
#include <cstring>

#include "ops/movement.hpp"
#include "ops/raw.hpp"
#include "runtime/ops/gather.hpp"

namespace smelt {
namespace {
using namespace movement;

/// Inputs: indices, on, off; the two values are constant and of the output's type.
Outcome normalize(Graph& graph, Node& node) {
  if (Outcome o = check_operands(graph, node, 4, 4); !o) return o;
  const Result<int64_t> depth = constant_int(graph, node, 1, "depth");
  if (!depth) return depth.failure();
  const Result<int64_t> axis = wrap_axis(graph, node, node.attrs.i("axis", -1), graph.at(node.in(0)).shape.size() + 1);
  if (!axis) return axis.failure();
  node.attrs.set("depth", *depth);
  node.attrs.set("axis", *axis);
  node.inputs.erase(node.inputs.begin() + 1);
  return Done{};
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  if (Outcome o = check_operands(graph, node, 3, 3); !o) return o.failure();
  const Tensor& indices = graph.at(node.in(0));
  if (indices.dtype != DType::i32 && indices.dtype != DType::i64) {
    return unsupported(graph, node, std::string("indices of type ") + to_string(indices.dtype), "supported: i32, i64");
  }
  const DType type = graph.at(node.in(1)).dtype;
  for (size_t i : {1, 2}) {
    const Tensor& t = graph.at(node.in(i));
    if (!t.constant() || elements(t.shape) != 1 || t.dtype != type) {
      return unsupported(graph, node, "values that are not two constants of one type");
    }
  }
  const int64_t depth = node.attrs.i("depth"), axis = node.attrs.i("axis");
  const auto rank = static_cast<int64_t>(indices.shape.size());
  if (depth < 1 || depth > INT32_MAX || axis < 0 || axis > rank) {
    return mismatch(graph, node, "depth " + std::to_string(depth) + " along axis " + std::to_string(axis) + " of " + to_string(indices.shape));
  }
  Shape shape = indices.shape;
  shape.insert(shape.begin() + axis, static_cast<int32_t>(depth));
  return std::vector<TensorType>{{type, shape}};
}

void evaluate(const Evaluation& e) {
  const int64_t axis = e.node.attrs.i("axis");
  const Value& indices = *e.in[0];
  for_each_index(e.out[0]->type->shape, [&](const Ints& to) {
    Ints at = to;
    at.erase(at.begin() + axis);
    const int64_t i = position(indices.type->shape, at);
    const int64_t index = indices.type->dtype == DType::i32 ? indices.as<int32_t>()[i] : indices.as<int64_t>()[i];
    const Value& value = *e.in[index == to[static_cast<size_t>(axis)] ? 1 : 2];
    copy_element(value, Ints(value.type->shape.size(), 0), *e.out[0], to);
  });
}

int32_t bits_of(const Tensor& t) {
  int32_t bits = 0;
  std::memcpy(&bits, t.data->data(), static_cast<size_t>(size_of(t.dtype)));
  return bits;
}

Outcome lower(Lowering& l) {
  const int32_t size = size_of(l.output().dtype);
  if (l.input(0).dtype == DType::i64 || (size != 1 && size != 4)) {
    return unsupported(l.graph, l.node, "values of 16 or 64 bits are computed at run time",
                       "indices of i32, and results of 8 or 32 bits, are supported");
  }
  if (size == 1) l.kernel("ops/gather.hpp", SMELT_KERNEL(one_hot_8));
  else l.kernel("ops/gather.hpp", SMELT_KERNEL(one_hot_32));
  const Shape& shape = l.input(0).shape;
  const Shape outer(shape.begin(), shape.begin() + l.node.attrs.i("axis"));
  OneHot p{};
  p.outer = static_cast<int32_t>(elements(outer));
  p.depth = static_cast<int32_t>(l.node.attrs.i("depth"));
  p.inner = static_cast<int32_t>(elements(shape) / elements(outer));
  p.on = bits_of(l.input(1));
  p.off = bits_of(l.input(2));
  l.params("smelt::OneHot", p, "outer depth inner on off");
  l.whole(1);
  return Done{};
}

Outcome denormalize(Graph& graph, Node& node) {
  raw::put_scalar(graph, node, node.attrs.i("depth"), "depth");
  std::rotate(node.inputs.begin() + 1, node.inputs.end() - 1, node.inputs.end());
  node.attrs.erase("depth");
  raw::name(node, "ONE_HOT", "OneHotOptions");
  return Done{};
}

}  // namespace

extern const OpDef op_one_hot;
const OpDef op_one_hot = {.name = "one_hot",
                          .tflite = {"ONE_HOT"},
                          .normalize = normalize,
                          .infer = infer,
                          .evaluate = evaluate,
                          .lower = lower,
                          .denormalize = denormalize};

}  // namespace smelt
