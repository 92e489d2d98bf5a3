// Source: TensorFlow Lite, kernels/unidirectional_sequence_lstm.cc (the order of its inputs), kernels/lstm_eval.cc.
#include "ops/sequence_lstm.hpp"

#include <algorithm>
#include <string>

namespace smelt {
namespace {

constexpr size_t gates = 4;  ///< input, forget, candidate, output: the same order on both sides

/// First of the file's inputs of each kind.
enum Operand : size_t {
  file_x = 0,
  file_weights = 1,
  file_recurrent = 5,
  file_peepholes = 9,
  file_bias = 12,
  file_projection = 16,
  file_layer_norm = 20,
  file_end = 24,
};

bool any_of(const Node& node, size_t first, size_t count) {
  for (size_t i = first; i < first + count; ++i) {
    if (node.in(i) != no_tensor) return true;
  }
  return false;
}

bool all_of(const Node& node, size_t first, size_t count) {
  for (size_t i = first; i < first + count; ++i) {
    if (node.in(i) == no_tensor) return false;
  }
  return true;
}

/// Constants made so far, which no file's size bounds.
int64_t bytes_made(const Graph& graph) {
  int64_t bytes = 0;
  for (const Tensor& t : graph.tensors) bytes += t.source < 0 && t.constant() ? static_cast<int64_t>(t.data->size()) : 0;
  return bytes;
}

/// `count` constants of one shape below one another, of integers each with one scale; no tensor where the first is absent.
/// `spent`: bytes_made.
Result<TensorId> stacked(Graph& graph, const Node& node, size_t first, size_t count, DType type, const char* what,
                         int64_t& spent) {
  if (node.in(first) == no_tensor) return no_tensor;
  const Shape shape = graph.at(node.in(first)).shape;
  Tensor all{std::string(what), type, shape, {}, nullptr, -1};
  Bytes bytes;
  for (size_t i = first; i < first + count; ++i) {
    const Tensor& t = graph.at(node.in(i));
    if (!t.constant() || t.dtype != type || t.shape != shape || shape.empty() ||
        t.quant.scale.size() != (type == DType::f32 ? 0 : 1)) {
      return fail(graph, node, "E0301",
                  "input " + std::to_string(i) + " must be a constant of " + to_string(type) + " shaped like its fellows" +
                      (type == DType::f32 ? "" : ", with one scale"),
                  "export the model in float32, or with full-integer quantization");
    }
    if (type != DType::f32) {
      all.quant.scale.insert(all.quant.scale.end(), static_cast<size_t>(shape[0]), t.quant.scale[0]);
      all.quant.zero_point.insert(all.quant.zero_point.end(), static_cast<size_t>(shape[0]), t.quant.zero_point[0]);
    }
    spent += static_cast<int64_t>(t.data->size());
    if (spent > max_tensor_bytes) {
      return fail(graph, node, "E0414", "the weights of recurrent layers take more than 256 MB");
    }
    bytes.insert(bytes.end(), t.data->begin(), t.data->end());
  }
  all.shape[0] *= static_cast<int32_t>(count);
  all.data = std::make_shared<Bytes>(std::move(bytes));
  return graph.add(std::move(all));
}

Outcome check(const Graph& graph, const Node& node) {
  const auto refuse = [&](const std::string& what) {
    return fail(graph, node, "E0301", what + " is not supported", "export the layer without it, or unrolled");
  };
  if (node.inputs.size() < file_layer_norm || node.inputs.size() > file_end || node.in(file_x) == no_tensor ||
      node.outputs.size() != 1 || !all_of(node, file_weights + 1, gates - 1) || !all_of(node, file_recurrent + 1, gates - 1) ||
      !all_of(node, file_bias + 1, gates - 1)) {
    return fail(graph, node, "E0302", "inputs of the layer are missing");
  }
  const DType type = graph.at(node.in(file_x)).dtype;
  if (type != DType::f32 && type != DType::i8) {
    return fail(graph, node, "E0301", std::string("an input of ") + to_string(type) + " is not supported",
                "export the model in float32, or with full-integer quantization to int8");
  }
  if (node.in(file_weights) == no_tensor) return refuse("an input gate coupled to the forget gate");
  if (any_of(node, file_projection, 2)) return refuse("a projection of the hidden state");
  if (any_of(node, file_layer_norm, gates)) return refuse("layer normalization");
  if (any_of(node, file_peepholes, 3) && !all_of(node, file_peepholes, 3)) return refuse("a part of the peepholes");
  return Done{};
}

/// The scales of integers that no constant has: the reader put them into the attributes.
Outcome take_scales(const Graph& graph, const Node& node, Attrs& to) {
  const auto refuse = [&](const char* what) {
    return fail(graph, node, "E0301", std::string("the quantization of ") + what,
                "convert the model again, with full-integer quantization");
  };
  for (const char* what : {"hidden", "state", "cell"}) {
    if (!node.attrs.has(std::string(what) + "_scale")) return refuse("the layer's states is missing");
  }
  if (node.attrs.f("hidden_scale") != node.attrs.f("state_scale") || node.attrs.i("hidden_zero") != node.attrs.i("state_zero")) {
    return refuse("the hidden state differs from that of the state tensor");
  }
  if (node.attrs.i("cell_zero") != 0) return refuse("the cell state has a zero point other than 0");
  to.set("hidden_scale", node.attrs.f("hidden_scale"));
  to.set("hidden_zero", node.attrs.i("hidden_zero"));
  to.set("cell_scale", node.attrs.f("cell_scale"));
  return Done{};
}

}  // namespace

Outcome normalize_sequence_lstm(Graph& graph, Node& node) {
  if (Outcome o = check(graph, node); !o) return o;
  const std::string activation = node.attrs.s("fused_activation_function", "TANH");
  const std::string word = activation == "TANH" ? "tanh" : activation == "RELU" ? "relu" : activation == "NONE" ? "linear" : "";
  if (word.empty()) {
    return fail(graph, node, "E0301", "fused activation " + activation + " is not supported", "use TANH, RELU or NONE");
  }
  Attrs attrs;
  attrs.set("sequence", int64_t{1});
  attrs.set("cell", word);
  attrs.set("output", word);
  if (const double clip = node.attrs.f("cell_clip"); clip != 0) attrs.set("cell_clip", clip);
  if (node.attrs.i("time_major") != 0) attrs.set("time_major", int64_t{1});
  const bool integer = graph.at(node.in(file_x)).dtype == DType::i8;
  if (Outcome o = integer ? take_scales(graph, node, attrs) : Outcome(Done{}); !o) return o;
  const DType type = integer ? DType::i8 : DType::f32;
  int64_t spent = bytes_made(graph);
  const Result<TensorId> weights = stacked(graph, node, file_weights, gates, type, "weights", spent);
  const Result<TensorId> recurrent = stacked(graph, node, file_recurrent, gates, type, "recurrent_weights", spent);
  const Result<TensorId> bias = stacked(graph, node, file_bias, gates, integer ? DType::i32 : DType::f32, "bias", spent);
  const Result<TensorId> peepholes = stacked(graph, node, file_peepholes, 3, integer ? DType::i16 : DType::f32, "peepholes", spent);
  for (const Result<TensorId>* r : {&weights, &recurrent, &bias, &peepholes}) {
    if (!*r) return r->failure();
  }
  node.inputs = {node.in(file_x), no_tensor, no_tensor, *weights, *recurrent, *bias, no_tensor, *peepholes};
  node.attrs = std::move(attrs);
  return Done{};
}

Outcome refuse_recurrent(Graph& graph, Node& node) {
  return fail(graph, node, "E0310", "a .tflite file keeps the state of a recurrent layer in variable tensors, which are not written");
}

}  // namespace smelt
