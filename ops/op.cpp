#include "ops/op.hpp"

#include <cstring>
#include <map>
#include <numeric>

namespace smelt {

#define X(name) extern const OpDef op_##name;
#include "ops/list.inc"
#undef X

const std::vector<const OpDef*>& operators() {
  static const std::vector<const OpDef*> all = {
#define X(name) &op_##name,
#include "ops/list.inc"
#undef X
  };
  return all;
}

const OpDef* find_op(const std::string& name) {
  static const std::map<std::string, const OpDef*> by_name = [] {
    std::map<std::string, const OpDef*> all;
    for (const OpDef* op : operators()) all[op->name] = op;
    return all;
  }();
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : found->second;
}

const OpDef* find_tflite_op(const std::string& builtin) {
  for (const OpDef* op : operators()) {
    for (const char* name : op->tflite) {
      if (builtin == name) return op;
    }
  }
  return nullptr;
}

bool is_bytewise(const Graph& graph, const Node& node) {
  const auto byte = [&](TensorId id) { return graph.at(id).dtype == DType::i8 || graph.at(id).dtype == DType::u8; };
  return find_op(node.op)->bytewise && node.inputs.size() == 1 && node.outputs.size() == 1 && byte(node.in(0)) &&
         byte(node.out());
}

std::vector<uint8_t> byte_table(const Graph& graph, const Node& node) {
  Graph all;  // the node alone, on all bytes
  for (TensorId id : {node.in(0), node.out()}) {
    Tensor t = graph.at(id);
    t.shape = {256};
    t.data = nullptr;
    all.add(std::move(t));
  }
  Node alone = node;
  alone.inputs = {0};
  alone.outputs = {1};
  all.nodes = {alone};
  all.inputs = {0};
  all.outputs = {1};
  Bytes bytes(256);
  std::iota(bytes.begin(), bytes.end(), uint8_t{0});
  return evaluate(all, {bytes})[1].bytes;
}

ChannelFlow channel_flow(const Graph& graph, const Node& node) {
  const OpDef* op = find_op(node.op);
  if (op->channels == nullptr || node.outputs.size() != 1 || node.inputs.empty()) return ChannelFlow::mixed;
  const ChannelFlow flow = op->channels(graph, node);
  const Shape& out = graph.at(node.out()).shape;
  if (flow == ChannelFlow::mixed || out.empty()) return ChannelFlow::mixed;
  for (TensorId id : node.inputs) {
    if (id == no_tensor) return ChannelFlow::mixed;
    const Tensor& in = graph.at(id);
    if (flow == ChannelFlow::each) {
      const bool alike = !in.shape.empty() && in.shape.back() == out.back();
      const bool one_for_all = in.constant() && (in.shape.empty() || in.shape.back() == 1);
      if (!alike && !one_for_all) return ChannelFlow::mixed;
    } else if (in.shape.size() != out.size()) {
      return ChannelFlow::mixed;
    }
  }
  return flow;
}

ChannelFlow each_channel(const Graph&, const Node&) { return ChannelFlow::each; }

ChannelFlow each_kept_channel(const Graph& graph, const Node& node) {
  const Shape& in = graph.at(node.in(0)).shape;
  const Shape& out = graph.at(node.out()).shape;
  return !in.empty() && !out.empty() && in.back() == out.back() ? ChannelFlow::each : ChannelFlow::mixed;
}

int32_t row_count(const Shape& shape) {
  size_t leading = 0;
  if (shape.size() == 2) leading = 1;
  if (shape.size() == 3 || shape.size() == 4) leading = 2;
  if (shape.size() > 4) leading = shape.size() - 1;
  int32_t rows = 1;
  for (size_t i = 0; i < leading; ++i) rows *= shape[i];
  return rows;
}

int32_t row_elements(const Shape& shape) { return static_cast<int32_t>(elements(shape) / row_count(shape)); }

Failure fail(const Graph& graph, const Node& node, const char* code, std::string reason, std::string help) {
  return Failure(code, place(graph, node), std::move(reason), std::move(help));
}

std::vector<Value> evaluate(const Graph& graph, const std::vector<Bytes>& inputs, const std::vector<Value>* before) {
  std::vector<Value> values(graph.tensors.size());
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    values[i].type = &graph.tensors[i];
    if (graph.tensors[i].constant()) values[i].bytes = *graph.tensors[i].data;
  }
  for (TensorId id : graph.states()) {
    const auto i = static_cast<size_t>(id);
    values[i].bytes = before != nullptr ? before->at(i).bytes : initial_state(graph.at(id));
  }
  SMELT_ASSERT(inputs.size() == graph.inputs.size(), "as many inputs as the graph has");
  for (size_t i = 0; i < inputs.size(); ++i) {
    Value& v = values[static_cast<size_t>(graph.inputs[i])];
    SMELT_ASSERT(static_cast<int64_t>(inputs[i].size()) == v.type->bytes(), "an input of its tensor's size");
    v.bytes = inputs[i];
  }
  for (const Node& node : graph.nodes) {
    Evaluation e{graph, node, {}, {}};
    for (TensorId id : node.inputs) {
      Value* value = id == no_tensor ? nullptr : &values[static_cast<size_t>(id)];
      e.in.push_back(value);
      e.state.push_back(value != nullptr && value->type->state ? value : nullptr);
    }
    for (TensorId id : node.outputs) {
      Value& v = values[static_cast<size_t>(id)];
      v.bytes.assign(static_cast<size_t>(v.type->bytes()), 0);
      e.out.push_back(&v);
    }
    const OpDef* op = find_op(node.op);
    SMELT_ASSERT(op != nullptr, "evaluate wants a verified graph");
    op->evaluate(e);
  }
  return values;
}

}  // namespace smelt
