// Source: TensorFlow Lite, kernels/unidirectional_sequence_lstm.cc (the order of its inputs), kernels/lstm_eval.cc.
#include "ops/sequence_lstm.hpp"

#include <algorithm>
#include <string>

#include "ops/raw.hpp"

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
  file_states = 18,
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

namespace {

/// Operands of the IR's lstm.
enum Own : size_t { own_x, own_hidden, own_cell, own_weights, own_recurrent, own_bias, own_recurrent_bias, own_peepholes };

Outcome check_writable(const Graph& graph, const Node& node) {
  const auto refuse = [&](const std::string& what) { return fail(graph, node, "E0310", "a .tflite file has no LSTM with " + what); };
  if (node.attrs.i("sequence") == 0) return refuse("the last state as its output");
  if (node.attrs.i("reverse") != 0) return refuse("time going backwards");
  if (node.attrs.i("cell_output") != 0) return refuse("the cell state as an output");
  if (node.attrs.f("clip") != 0) return refuse("a bound of its sums");
  if (node.in(own_hidden) != no_tensor || node.in(own_cell) != no_tensor) return refuse("initial states");
  if (node.attrs.s("gate", "sigmoid") != "sigmoid") return refuse("gates other than sigmoid");
  const std::string word = node.attrs.s("cell", "tanh");
  if (node.attrs.s("output", "tanh") != word) return refuse("two different activations");
  if (word != "tanh" && word != "relu" && word != "linear") return refuse("the activation " + word);
  return Done{};
}

/// The nth of `count` parts of a constant along its first dimension.
TensorId part(Graph& graph, TensorId id, size_t nth, size_t count, const std::string& name) {
  const Tensor from = graph.at(id);
  Tensor t{name, from.dtype, from.shape, from.quant, nullptr, -1};
  t.shape[0] /= static_cast<int32_t>(count);
  if (from.quant.scale.size() > 1) {
    const size_t first = nth * from.quant.scale.size() / count;
    t.quant = {{from.quant.scale[first]}, {from.quant.zero_point[first]}, 0};
  }
  const auto size = static_cast<std::ptrdiff_t>(from.data->size() / count), begin = static_cast<std::ptrdiff_t>(nth) * size;
  t.data = std::make_shared<Bytes>(from.data->begin() + begin, from.data->begin() + begin + size);
  return graph.add(std::move(t));
}

/// The sum of both biases, or zeros where there are none.
TensorId whole_bias(Graph& graph, const Node& node) {
  const Tensor& weights = graph.at(node.in(own_weights));
  const bool integer = weights.dtype == DType::i8;
  if (integer && node.in(own_bias) != no_tensor) return node.in(own_bias);
  Tensor t{"bias", integer ? DType::i32 : DType::f32, {weights.shape[0]}, {}, nullptr, -1};
  Bytes bytes(static_cast<size_t>(t.bytes()));
  if (integer) {
    const float in = graph.at(node.in(own_x)).quant.scale.at(0);
    t.quant = weights.quant;
    for (float& scale : t.quant.scale) scale *= in;
  }
  for (const size_t i : {own_bias, own_recurrent_bias}) {
    if (integer || node.in(i) == no_tensor) continue;
    const auto* from = graph.at(node.in(i)).as<float>();
    for (int32_t u = 0; u < t.shape[0]; ++u) reinterpret_cast<float*>(bytes.data())[u] += from[u];
  }
  t.data = std::make_shared<Bytes>(std::move(bytes));
  return graph.add(std::move(t));
}

Tensor like_state(std::string name, DType type, Shape shape, Quantization q) {
  return {std::move(name), type, std::move(shape), std::move(q), nullptr, -1};
}

/// State tensors, and for integers what the reference calls intermediates.
void put_states(Graph& graph, Node& node, const std::string& name, const Shape& shape) {
  const bool integer = graph.at(node.in(own_x)).dtype == DType::i8;
  Quantization hidden, cell;
  std::vector<int64_t> intermediates;
  if (integer) {
    hidden = {{static_cast<float>(node.attrs.f("hidden_scale"))}, {static_cast<int32_t>(node.attrs.i("hidden_zero"))}, 0};
    cell = {{static_cast<float>(node.attrs.f("cell_scale"))}, {0}, 0};
    for (const char* gate : {"input", "forget", "cell", "output"}) {
      intermediates.push_back(graph.add(like_state(name + "/input_to_" + gate, DType::f32, {0}, {})));
    }
    intermediates.push_back(graph.add(like_state(name + "/effective_hidden", DType::i8, {0}, hidden)));
  }
  node.inputs.resize(file_end, no_tensor);
  node.inputs[file_states] = graph.add(like_state(name + "/hidden", integer ? DType::i8 : DType::f32, shape, hidden));
  node.inputs[file_states + 1] = graph.add(like_state(name + "/cell", integer ? DType::i16 : DType::f32, shape, cell));
  node.attrs.set("tflite_variables", std::vector<int64_t>{file_states, file_states + 1});
  if (integer) node.attrs.set("tflite_intermediates", std::move(intermediates));
}

}  // namespace

Outcome denormalize_sequence_lstm(Graph& graph, Node& node) {
  if (Outcome o = check_writable(graph, node); !o) return o;
  const Node from = node;
  const std::string name = graph.at(node.out()).name, word = node.attrs.s("cell", "tanh");
  const Shape& x = graph.at(node.in(own_x)).shape;
  const bool time_major = node.attrs.i("time_major") != 0;
  const int32_t sequences = time_major ? x[1] : x[0], units = graph.at(node.in(own_recurrent)).shape[1];
  const char* of[gates] = {"/input_gate", "/forget_gate", "/cell_gate", "/output_gate"};
  const TensorId bias = whole_bias(graph, from);
  node.inputs = {from.in(own_x)};
  node.inputs.resize(file_end, no_tensor);
  put_states(graph, node, name, {sequences, units});
  for (size_t g = 0; g < gates; ++g) {
    node.inputs[file_weights + g] = part(graph, from.in(own_weights), g, gates, name + of[g] + "/weights");
    node.inputs[file_recurrent + g] = part(graph, from.in(own_recurrent), g, gates, name + of[g] + "/recurrent_weights");
    node.inputs[file_bias + g] = part(graph, bias, g, gates, name + of[g] + "/bias");
  }
  for (size_t i = 0; i < 3 && from.in(own_peepholes) != no_tensor; ++i) {
    node.inputs[file_peepholes + i] = part(graph, from.in(own_peepholes), i, 3, name + "/peephole" + std::to_string(i));
  }
  const double clip = node.attrs.f("cell_clip");
  for (const char* ours : {"sequence", "reverse", "reset_after", "cell_output", "clip", "gate", "cell", "output", "hidden_scale",
                           "hidden_zero", "cell_scale"}) {
    node.attrs.erase(ours);
  }
  node.attrs.set("fused_activation_function", std::string(word == "tanh" ? "TANH" : word == "relu" ? "RELU" : "NONE"));
  node.attrs.set("cell_clip", clip);
  node.attrs.set("time_major", int64_t{time_major});
  raw::name(node, "UNIDIRECTIONAL_SEQUENCE_LSTM", "UnidirectionalSequenceLSTMOptions");
  return Done{};
}

std::vector<Node> spell_out_lstm(Graph& graph, const Node& node) {
  const bool last = node.attrs.i("sequence") == 0, reverse = node.attrs.i("reverse") != 0;
  if (node.op != "lstm" || (!last && !reverse) || node.attrs.i("cell_output") != 0) return {};
  const bool time_major = node.attrs.i("time_major") != 0;
  const int64_t axis = time_major ? 0 : 1;
  std::vector<Node> nodes;
  const auto like = [&](TensorId id, const char* suffix) {
    Tensor t = graph.at(id);
    t.name += suffix;
    t.data = nullptr;
    t.source = -1;
    return t;
  };
  const auto turn = [&](TensorId from, TensorId to) {
    Node n{"reverse", {from}, {to}, {}, -1};
    n.attrs.set("axes", std::vector<int64_t>{axis});
    nodes.push_back(std::move(n));
  };
  Node layer = node;
  layer.attrs.set("sequence", int64_t{1});
  layer.attrs.erase("reverse");
  if (reverse) {
    layer.inputs[0] = graph.add(like(node.in(0), "/backwards"));
    turn(node.in(0), layer.inputs[0]);
  }
  const Shape x = graph.at(node.in(0)).shape;
  const int32_t units = graph.at(node.in(own_recurrent)).shape[1];
  Tensor states = like(node.out(), last ? "/states" : "/backwards");
  states.shape = {x[0], x[1], units};
  layer.outputs = {graph.add(std::move(states))};
  nodes.push_back(layer);
  if (!last) {
    turn(layer.out(), node.out());
    return nodes;
  }
  const int64_t sequences = time_major ? x[1] : x[0], end = (time_major ? x[0] : x[1]) - 1;
  Node slice{"strided_slice", {layer.out()}, node.outputs, {}, -1};
  slice.attrs.set("begin", time_major ? std::vector<int64_t>{end, 0, 0} : std::vector<int64_t>{0, end, 0});
  slice.attrs.set("extent", time_major ? std::vector<int64_t>{1, sequences, units} : std::vector<int64_t>{sequences, 1, units});
  slice.attrs.set("strides", std::vector<int64_t>{1, 1, 1});
  slice.attrs.set("shape", std::vector<int64_t>{sequences, units});
  nodes.push_back(std::move(slice));
  return nodes;
}

}  // namespace smelt
