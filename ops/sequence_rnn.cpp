// Source: TensorFlow Lite, kernels/unidirectional_sequence_rnn.cc, kernels/basic_rnn.cc.
#include "ops/sequence_rnn.hpp"

#include <string>

namespace smelt {
namespace {

enum Operand : size_t { file_x, file_weights, file_recurrent, file_bias, file_hidden, file_end };

}  // namespace

Outcome normalize_sequence_rnn(Graph& graph, Node& node) {
  if (node.inputs.size() != file_end || node.in(file_x) == no_tensor || node.in(file_hidden) == no_tensor) {
    return fail(graph, node, "E0302", "inputs of the layer are missing");
  }
  if (!graph.at(node.in(file_hidden)).state) {
    return fail(graph, node, "E0302", "the hidden state must be a variable tensor");
  }
  if (node.attrs.i("time_major") != 0) {
    return fail(graph, node, "E0301", "time as the first dimension is not supported", "export the layer with the batch first");
  }
  const std::string activation = node.attrs.s("fused_activation_function", "NONE");
  const std::string word = activation == "TANH" ? "tanh" : activation == "RELU" ? "relu" : activation == "NONE" ? "linear" : "";
  if (word.empty()) {
    return fail(graph, node, "E0301", "fused activation " + activation + " is not supported", "use TANH, RELU or NONE");
  }
  const bool sequence = node.attrs.s("tflite_op") != "RNN";
  node.inputs = {node.in(file_x), node.in(file_hidden), no_tensor, node.in(file_weights), node.in(file_recurrent), node.in(file_bias)};
  node.attrs = {};
  node.attrs.set("sequence", int64_t{sequence ? 1 : 0});
  node.attrs.set("cell", word);
  return Done{};
}

Outcome refuse_rnn(Graph& graph, Node& node) {
  return fail(graph, node, "E0310", "recurrent layers other than LSTM are not written as .tflite");
}

}  // namespace smelt
