#include "ops/movement.hpp"

#include <cstring>
#include <limits>

namespace smelt::movement {

Failure unsupported(const Graph& graph, const Node& node, std::string reason, std::string help) {
  return fail(graph, node, "E0301", std::move(reason), std::move(help));
}

Failure mismatch(const Graph& graph, const Node& node, std::string reason, std::string help) {
  return fail(graph, node, "E0303", std::move(reason), std::move(help));
}

Outcome check_operands(const Graph& graph, const Node& node, size_t least, size_t most, int outputs) {
  const auto valid = [&](TensorId id) { return id >= 0 && static_cast<size_t>(id) < graph.tensors.size(); };
  const size_t inputs = node.inputs.size();
  if (inputs < least || inputs > most) {
    return fail(graph, node, "E0302",
                "the node has " + std::to_string(inputs) + " inputs, the operator takes " +
                    (least == most ? std::to_string(least) : "at least " + std::to_string(least)));
  }
  if (node.outputs.empty() || (outputs >= 0 && node.outputs.size() != static_cast<size_t>(outputs))) {
    return fail(graph, node, "E0302",
                "the node has " + std::to_string(node.outputs.size()) + " outputs, the operator makes " +
                    (outputs < 0 ? "at least 1" : std::to_string(outputs)));
  }
  for (size_t i = 0; i < inputs; ++i) {
    if (!valid(node.inputs[i])) return fail(graph, node, "E0302", "input " + std::to_string(i) + " is missing");
  }
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (!valid(node.outputs[i])) return fail(graph, node, "E0302", "output " + std::to_string(i) + " is missing");
  }
  return Done{};
}

Outcome check_types(const Graph& graph, const Node& node, size_t least, size_t most, int outputs) {
  if (Outcome o = check_operands(graph, node, least, most, outputs); !o) return o;
  const DType first = graph.at(node.inputs[0]).dtype;
  for (TensorId id : node.inputs) {
    const DType type = graph.at(id).dtype;
    if (type != first) {
      return fail(graph, node, "E0301", std::string("inputs of types ") + to_string(first) + " and " + to_string(type));
    }
  }
  return Done{};
}

Outcome check_equal_quantization(const Graph& graph, const Node& node) {
  const Quantization& expected = graph.at(node.outputs[0]).quant;
  const auto check = [&](TensorId id) -> Outcome {
    const Quantization& q = graph.at(id).quant;
    if (q.scale == expected.scale && q.zero_point == expected.zero_point) return Done{};
    return fail(
        graph, node, "E0304",
        "tensor \"" + graph.at(id).name + "\" and output \"" + graph.at(node.outputs[0]).name +
            "\" are quantized differently",
        "the operator does not rescale; quantize the model again with equal scales here, or put QUANTIZE before it");
  };
  for (TensorId id : node.inputs) {
    if (Outcome o = check(id); !o) return o;
  }
  for (TensorId id : node.outputs) {
    if (Outcome o = check(id); !o) return o;
  }
  return Done{};
}

Result<int64_t> constant_int(const Graph& graph, const Node& node, size_t input, const char* what) {
  const Result<Ints> values = constant_ints(graph, node, input, what);
  if (!values) return values.failure();
  if (values->size() != 1) {
    return mismatch(graph, node, std::string(what) + " must be one number, not " + std::to_string(values->size()));
  }
  return values->front();
}

Result<int64_t> wrap_axis(const Graph& graph, const Node& node, int64_t axis, size_t rank) {
  const auto n = static_cast<int64_t>(rank);
  if (axis < -n || axis >= n) {
    return mismatch(graph, node, "axis " + std::to_string(axis) + " is outside rank " + std::to_string(n));
  }
  return axis < 0 ? axis + n : axis;
}

Result<Shape> checked_shape(const Graph& graph, const Node& node, const Ints& shape) {
  Shape checked;
  for (int64_t d : shape) {
    if (d < 1 || d > std::numeric_limits<int32_t>::max()) {
      return mismatch(graph, node, "the result would have a dimension of " + std::to_string(d));
    }
    checked.push_back(static_cast<int32_t>(d));
  }
  return checked;
}

void for_each_index(const Shape& shape, const std::function<void(const Ints&)>& visit) {
  Ints index(shape.size(), 0);
  for (;;) {
    visit(index);
    size_t d = shape.size();
    for (;;) {
      if (d == 0) return;
      --d;
      if (++index[d] < shape[d]) break;
      index[d] = 0;
    }
  }
}

int64_t position(const Shape& shape, const Ints& index) {
  int64_t p = 0;
  for (size_t d = 0; d < shape.size(); ++d) p = p * shape[d] + index[d];
  return p;
}

void copy_element(const Value& from, const Ints& from_index, Value& to, const Ints& to_index) {
  const auto size = static_cast<size_t>(size_of(to.type->dtype));
  std::memcpy(&to.bytes.at(static_cast<size_t>(position(to.type->shape, to_index)) * size),
              &from.bytes.at(static_cast<size_t>(position(from.type->shape, from_index)) * size), size);
}

Ints strides_of(const Shape& shape) {
  Ints strides(shape.size(), 1);
  for (size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * shape[d];
  return strides;
}

}  // namespace smelt::movement
