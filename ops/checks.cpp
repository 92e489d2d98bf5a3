#include "ops/checks.hpp"

#include <algorithm>
#include <cmath>

namespace smelt::checks {

Outcome operands(const Graph& graph, const Node& node, size_t inputs) {
  const auto known = [&](TensorId id) { return id >= 0 && static_cast<size_t>(id) < graph.tensors.size(); };
  if (node.inputs.size() != inputs || !std::all_of(node.inputs.begin(), node.inputs.end(), known)) {
    return fail(graph, node, "E0302", "the operator takes exactly " + std::to_string(inputs) + " inputs");
  }
  if (node.outputs.size() != 1 || !known(node.outputs[0])) {
    return fail(graph, node, "E0302", "the operator has exactly one output");
  }
  return Done{};
}

Outcome dtype(const Graph& graph, const Node& node, std::initializer_list<DType> supported) {
  const Tensor& in = graph.at(node.inputs.at(0));
  if (std::find(supported.begin(), supported.end(), in.dtype) == supported.end()) {
    std::string names;
    for (DType t : supported) names += (names.empty() ? "" : ", ") + std::string(to_string(t));
    return fail(graph, node, "E0301", std::string("type ") + to_string(in.dtype) + " is not supported here",
                "this operator works on " + names);
  }
  return Done{};
}

Outcome type(const Graph& graph, const Node& node, std::initializer_list<DType> supported) {
  if (Outcome o = dtype(graph, node, supported); !o) return o;
  if (graph.at(node.inputs[0]).dtype == DType::f32) return Done{};
  for (TensorId id : {node.inputs[0], node.outputs[0]}) {
    const Quantization& q = graph.at(id).quant;
    if (q.scale.size() != 1 || q.zero_point.size() != 1 || !(q.scale[0] > 0) || !std::isfinite(q.scale[0])) {
      return fail(graph, node, "E0304", "\"" + graph.at(id).name + "\" needs one scale and one zero point",
                  "export the model with full-integer quantization");
    }
    if (graph.at(id).dtype == DType::i16 && q.zero_point[0] != 0) {
      return fail(graph, node, "E0304", "\"" + graph.at(id).name + "\" is of 16 bits and has a zero point other than 0",
                  "quantize 16-bit activations symmetrically");
    }
  }
  return Done{};
}

Outcome same_quantization(const Graph& graph, const Node& node) {
  const Quantization& in = graph.at(node.inputs.at(0)).quant;
  const Quantization& out = graph.at(node.outputs.at(0)).quant;
  if (!in.present() && !out.present()) return Done{};
  if (in.scale.size() == 1 && out.scale.size() == 1 && in.zero_point == out.zero_point &&
      std::abs(in.scale[0] - out.scale[0]) <= 1e-5F * in.scale[0]) {
    return Done{};
  }
  return fail(graph, node, "E0304", "input and output are quantized differently, and this operator does not rescale",
              "export the model again with a current converter");
}

Outcome output_range(const Graph& graph, const Node& node) {
  const Quantization wanted = quantization_of(find_op(node.op)->output_range.value(), DType::i8);
  const Quantization& got = graph.at(node.out()).quant;
  if (got.scale[0] == wanted.scale[0] && got.zero_point[0] == wanted.zero_point[0]) return Done{};
  return fail(graph, node, "E0304",
              "the output must have scale 1/" + std::to_string(std::lround(1 / wanted.scale[0])) + " and zero point " +
                  std::to_string(wanted.zero_point[0]));
}

Outcome attribute(const Graph& graph, const Node& node, const char* name, int64_t low, int64_t high) {
  const int64_t value = node.attrs.i(name, low - 1);
  if (value >= low && value <= high) return Done{};
  return fail(graph, node, "E0303",
              std::string(name) + " must be from " + std::to_string(low) + " to " + std::to_string(high) +
                  (node.attrs.has(name) ? ", it is " + std::to_string(value) : ", it is missing"));
}

Outcome take_activation(const Graph& graph, Node& node) {
  const std::string raw = node.attrs.s("fused_activation_function", "NONE");
  node.attrs.erase("fused_activation_function");
  std::string word = raw == "NONE"           ? "none"
                     : raw == "RELU"         ? "relu"
                     : raw == "RELU6"        ? "relu6"
                     : raw == "RELU_N1_TO_1" ? "relu_n1_to_1"
                                             : "";
  if (word.empty()) {
    return fail(graph, node, "E0301", "fused activation " + raw + " is not supported",
                "use NONE, RELU, RELU6 or RELU_N1_TO_1, or a separate operator");
  }
  node.attrs.set("activation", word);
  return Done{};
}

Outcome activation(const Graph& graph, const Node& node) {
  const std::string word = node.attrs.s("activation", "none");
  for (const char* known : {"none", "relu", "relu6", "relu_n1_to_1"}) {
    if (word == known) return Done{};
  }
  return fail(graph, node, "E0303", "activation \"" + word + "\" is unknown");
}

Result<std::vector<int64_t>> constant_ints(const Graph& graph, const Node& node, size_t index, const char* what) {
  const Tensor& t = graph.at(node.inputs.at(index));
  if (!t.constant()) {
    return fail(graph, node, "E0301", std::string(what) + " must be constant",
                "export the model with fixed " + std::string(what));
  }
  if (t.dtype != DType::i32 && t.dtype != DType::i64) {
    return fail(graph, node, "E0301", std::string(what) + " must be i32 or i64, not " + to_string(t.dtype));
  }
  const size_t size = static_cast<size_t>(size_of(t.dtype));
  if (t.data->size() % size != 0) return fail(graph, node, "E0302", std::string(what) + " have a broken content");
  std::vector<int64_t> values;
  for (size_t i = 0; i < t.data->size() / size; ++i)
    values.push_back(size == 4 ? t.as<int32_t>()[i] : t.as<int64_t>()[i]);
  return values;
}

}  // namespace smelt::checks
