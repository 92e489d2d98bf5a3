#include "ops/elementwise.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "runtime/ops/lookup.hpp"

namespace smelt::elementwise {

Outcome check_operands(const Graph& graph, const Node& node, size_t count) {
  bool sound = node.inputs.size() == count && node.outputs.size() == 1;
  for (TensorId id : node.inputs) sound = sound && id != no_tensor;
  if (sound) return Done{};
  return fail(graph, node, "E0302",
              "the operator takes " + std::to_string(count) + (count == 1 ? " input" : " inputs") +
                  " and makes 1 output, " + "the node has " + std::to_string(node.inputs.size()) + " and " +
                  std::to_string(node.outputs.size()) + " or leaves one out");
}

Outcome check_per_tensor(const Graph& graph, const Node& node, TensorId id) {
  const Tensor& t = graph.at(id);
  const std::string what = "tensor \"" + t.name + "\" of type " + to_string(t.dtype);
  if (t.quant.scale.size() == 1 && t.quant.zero_point.size() == 1) {
    if (t.dtype != DType::i16 || t.quant.zero_point[0] == 0) return Done{};
    return fail(graph, node, "E0304", what + " has a zero point other than 0",
                "quantize 16-bit activations symmetrically");
  }
  if (t.quant.present()) {
    return fail(graph, node, "E0303", what + " is quantized per channel; this operator takes one scale per tensor");
  }
  return fail(graph, node, "E0303", what + " has no quantization",
              "quantize the whole model, or leave all of it in float");
}

Failure unsupported_type(const Graph& graph, const Node& node, DType type, const char* supported) {
  return fail(graph, node, "E0301", std::string("type ") + to_string(type) + " is not supported here",
              std::string("supported: ") + supported);
}

Failure scales_too_far_apart(const Graph& graph, const Node& node) {
  return fail(graph, node, "E0303", "the scales of inputs and output are too far apart to compute with",
              "calibrate the quantization again: the output would hold nothing but its limits");
}

Outcome normalize_activation(const Graph& graph, Node& node) {
  const std::string raw = node.attrs.s("fused_activation_function", "NONE");
  const char* activation = raw == "NONE"           ? "none"
                           : raw == "RELU"         ? "relu"
                           : raw == "RELU6"        ? "relu6"
                           : raw == "RELU_N1_TO_1" ? "relu_n1_to_1"
                                                   : nullptr;
  if (activation == nullptr) {
    return fail(graph, node, "E0301", "fused activation " + raw + " is not supported",
                "supported: NONE, RELU, RELU6, RELU_N1_TO_1; export others as operators of their own");
  }
  node.attrs.erase("fused_activation_function");
  node.attrs.set("activation", std::string(activation));
  return Done{};
}

namespace {

int32_t byte_value(DType type, uint8_t bits) { return type == DType::i8 ? static_cast<int8_t>(bits) : int32_t{bits}; }

}  // namespace

ByteFunction transform(const std::function<float(float)>& function, const Tensor& in, const Tensor& out) {
  const float scale = in.quant.scale.at(0);
  const int32_t x_zero = in.quant.zero_point.at(0);
  const auto y_zero = static_cast<float>(out.quant.zero_point.at(0));
  const float inverse = 1.0F / out.quant.scale.at(0);
  return [=](int32_t v) {
    const float y = std::round(function(scale * static_cast<float>(v - x_zero)) * inverse) + y_zero;
    return static_cast<int32_t>(std::isnan(y) ? y_zero : std::clamp(y, -128.0F, 127.0F));
  };
}

void evaluate_bytes(const Evaluation& e, const ByteFunction& function) {
  const Value& in = *e.in[0];
  Value& out = *e.out[0];
  for (size_t i = 0; i < in.bytes.size(); ++i) {
    out.bytes[i] = static_cast<uint8_t>(function(byte_value(in.type->dtype, in.bytes[i])));
  }
}

void lower_bytes(Lowering& l, const ByteFunction& function) {
  std::vector<uint8_t> table;
  for (int bits = 0; bits < 256; ++bits) {
    table.push_back(static_cast<uint8_t>(function(byte_value(l.input(0).dtype, static_cast<uint8_t>(bits)))));
  }
  Lookup p{};
  p.row = row_elements(l.output().shape);
  p.table = static_cast<int32_t>(l.pool.add(l.name("table"), table));
  l.kernel("ops/lookup.hpp", SMELT_KERNEL(lookup_s8));
  l.params("smelt::Lookup", p, "row table");
  l.rowwise();
  if (!l.input(0).constant()) l.in_place(0);
}

}  // namespace smelt::elementwise
