#include "ops/raw.hpp"

#include <algorithm>

#include "ops/op.hpp"

namespace smelt::raw {

namespace {

TensorId add_ints(Graph& graph, const Node& node, Shape shape, const std::vector<int64_t>& values, const char* what) {
  Bytes bytes(values.size() * sizeof(int32_t));
  for (size_t i = 0; i < values.size(); ++i) {
    reinterpret_cast<int32_t*>(bytes.data())[i] = static_cast<int32_t>(values[i]);
  }
  Tensor t;
  t.name = (node.outputs.empty() ? node.op : graph.at(node.out()).name) + "/" + what;
  t.dtype = DType::i32;
  t.shape = std::move(shape);
  t.data = std::make_shared<Bytes>(std::move(bytes));
  return graph.add(std::move(t));
}

}  // namespace

void name(Node& node, const char* builtin, const char* options) {
  node.op = builtin;
  if (options != nullptr) node.attrs.set("tflite_options", std::string(options));
}

void put_activation(Node& node) {
  const std::string word = node.attrs.s("activation", "none");
  node.attrs.erase("activation");
  node.attrs.set("fused_activation_function", std::string(word == "relu"           ? "RELU"
                                                          : word == "relu6"        ? "RELU6"
                                                          : word == "relu_n1_to_1" ? "RELU_N1_TO_1"
                                                                                   : "NONE"));
}

void put_ints(Graph& graph, Node& node, const std::vector<int64_t>& values, const char* what) {
  const Shape shape{static_cast<int32_t>(values.size())};
  node.inputs.push_back(add_ints(graph, node, shape, values, what));
}

void put_scalar(Graph& graph, Node& node, int64_t value, const char* what) {
  node.inputs.push_back(add_ints(graph, node, {}, {value}, what));
}

Outcome put_padding(const Graph& graph, Node& node, int32_t kernel_h, int32_t kernel_w) {
  const Shape& in = graph.at(node.in(0)).shape;
  bool none = true, same = true;
  const auto axis = [&](int64_t size, int64_t kernel, const char* stride_name, const char* dilation_name, const char* before,
                        const char* after) {
    const int64_t stride = node.attrs.i(stride_name, 1);
    const int64_t reach = (kernel - 1) * node.attrs.i(dilation_name, 1) + 1;
    const int64_t total = std::max<int64_t>(((size + stride - 1) / stride - 1) * stride + reach - size, 0);
    const int64_t first = node.attrs.i(before), last = node.attrs.i(after);
    none = none && first == 0 && last == 0;
    same = same && first == total / 2 && last == total - total / 2;
  };
  axis(in[1], kernel_h, "stride_h", "dilation_h", "pad_top", "pad_bottom");
  axis(in[2], kernel_w, "stride_w", "dilation_w", "pad_left", "pad_right");
  if (!none && !same) {
    return fail(graph, node, "E0310", "the padding is neither SAME nor VALID, and a .tflite file knows no other here");
  }
  for (const char* attr : {"pad_top", "pad_bottom", "pad_left", "pad_right"}) node.attrs.erase(attr);
  node.attrs.set("padding", std::string(none ? "VALID" : "SAME"));
  for (const auto& [ours, theirs] : {std::pair{"dilation_h", "dilation_h_factor"}, {"dilation_w", "dilation_w_factor"}}) {
    if (!node.attrs.has(ours)) continue;
    node.attrs.set(theirs, node.attrs.i(ours));
    node.attrs.erase(ours);
  }
  return Done{};
}

}  // namespace smelt::raw
