#include "export/tflite.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "import/tflite_generated.h"
#include "import/tflite_schema.hpp"
#include "ir/half.hpp"
#include "ops/op.hpp"

namespace smelt {
namespace {

namespace fb = flatbuffers;

tflite::TensorType type_of(DType type) {
  switch (type) {
    case DType::i8:
      return tflite::TensorType::INT8;
    case DType::u8:
      return tflite::TensorType::UINT8;
    case DType::i16:
      return tflite::TensorType::INT16;
    case DType::i32:
      return tflite::TensorType::INT32;
    case DType::i64:
      return tflite::TensorType::INT64;
    case DType::boolean:
      return tflite::TensorType::BOOL;
    case DType::f32:
      break;
  }
  return tflite::TensorType::FLOAT32;
}

/// Takes the paddings of a window out of a node, into a node of their own that comes before it.
Node split_padding(Graph& graph, Node& node) {
  const TensorId from = node.in(0);
  const auto take = [&](const char* name) {
    const int64_t value = node.attrs.i(name);
    node.attrs.set(name, int64_t{0});
    return value;
  };
  const std::vector<int64_t> paddings{0, 0, take("pad_top"), take("pad_bottom"), take("pad_left"), take("pad_right"), 0, 0};
  Tensor padded = graph.at(from);
  padded.name += "/padded";
  padded.data = nullptr;
  padded.source = -1;
  for (size_t d = 0; d < padded.shape.size(); ++d) {
    padded.shape[d] += static_cast<int32_t>(paddings[2 * d] + paddings[2 * d + 1]);
  }
  Node pad{"pad", {from}, {}, {}, -1};
  pad.attrs.set("paddings", paddings);
  if (padded.dtype == DType::f32) {
    pad.attrs.set("value", 0.0);
  } else {
    pad.attrs.set("value", int64_t{padded.quant.zero_point.at(0)});
  }
  node.inputs[0] = graph.add(std::move(padded));
  pad.outputs = {node.inputs[0]};
  return pad;
}

Outcome to_raw(Graph& graph, Node& node) {
  const OpDef* op = find_op(node.op);
  if (op->denormalize != nullptr) return op->denormalize(graph, node);
  if (op->tflite.empty()) return fail(graph, node, "E0310", "a .tflite file has no such operator");
  node.op = op->tflite.front();
  return Done{};
}

/// Every node in the file's terms. All that cannot be said, at once.
Outcome to_raw(Graph& graph) {
  Failure failure;
  std::vector<Node> nodes;
  for (const Node& node : graph.nodes) {
    Node made = node;
    Outcome o = to_raw(graph, made);
    if (!o && find_op(node.op)->fuses_padding) {
      made = node;
      Node pad = split_padding(graph, made);
      o = to_raw(graph, pad);
      nodes.push_back(std::move(pad));
      if (o) o = to_raw(graph, made);
    }
    if (!o) failure.diagnostics.insert(failure.diagnostics.end(), o.failure().diagnostics.begin(), o.failure().diagnostics.end());
    nodes.push_back(std::move(made));
  }
  graph.nodes = std::move(nodes);
  if (!failure.diagnostics.empty()) return failure;
  return Done{};
}

/// Float constants that layers have as filters and biases.
std::set<TensorId> float_filters(const Graph& graph) {
  std::set<TensorId> found;
  for (const Node& node : graph.nodes) {
    for (size_t i = 1; i < node.inputs.size() && find_op(node.op)->filter_axis >= 0; ++i) {
      const TensorId id = node.inputs[i];
      if (id != no_tensor && graph.at(id).constant() && graph.at(id).dtype == DType::f32) found.insert(id);
    }
  }
  return found;
}

/// Gives each of these constants to a DEQUANTIZE of its own; returns what they are called now.
std::set<TensorId> split_halves(Graph& raw, const std::set<TensorId>& constants) {
  std::set<TensorId> halves;
  std::vector<Node> nodes;
  for (const TensorId id : constants) {
    Tensor half = raw.at(id);
    half.name += "/float16";
    raw.at(id).data = nullptr;
    halves.insert(raw.add(std::move(half)));
    Node widen{"DEQUANTIZE", {static_cast<TensorId>(raw.tensors.size()) - 1}, {id}, {}, -1};
    widen.attrs.set("tflite_options", std::string("DequantizeOptions"));
    nodes.push_back(std::move(widen));
  }
  raw.nodes.insert(raw.nodes.begin(), nodes.begin(), nodes.end());
  return halves;
}

Bytes to_halves(const Tensor& t) {
  Bytes bytes(t.data->size() / 2);
  for (size_t i = 0; i < bytes.size() / 2; ++i) {
    const uint16_t half = to_half(t.as<float>()[i]);
    bytes[2 * i] = static_cast<uint8_t>(half & 255);
    bytes[2 * i + 1] = static_cast<uint8_t>(half >> 8);
  }
  return bytes;
}

class Writer {
 public:
  /// `halves`: float constants to write as float16.
  Writer(Graph graph, std::set<TensorId> halves) : graph_(std::move(graph)), halves_(std::move(halves)) {}

  Bytes run() {
    buffers_.push_back(tflite::CreateBuffer(fbb_));  // number 0 is empty by convention
    number_tensors();
    std::vector<fb::Offset<tflite::Tensor>> tensors;
    for (const TensorId id : order_) {
      tensors.push_back(tensor(graph_.at(id), halves_.count(id) != 0, variables_.count(id) != 0));
    }
    std::vector<fb::Offset<tflite::Operator>> operators;
    for (const Node& node : graph_.nodes) operators.push_back(make_operator(node));
    std::vector<fb::Offset<tflite::Metadata>> metadata;
    for (const auto& [name, bytes] : graph_.metadata) {
      const uint32_t index = buffer(*bytes);
      metadata.push_back(tflite::CreateMetadata(fbb_, fbb_.CreateString(name), index));
    }
    const std::vector<fb::Offset<tflite::SubGraph>> subgraphs{tflite::CreateSubGraph(
        fbb_, fbb_.CreateVector(tensors), fbb_.CreateVector(numbers(graph_.inputs)), fbb_.CreateVector(numbers(graph_.outputs)),
        fbb_.CreateVector(operators), fbb_.CreateString("main"))};
    const auto codes = fbb_.CreateVector(codes_);
    const auto all = fbb_.CreateVector(subgraphs);
    const auto description = fbb_.CreateString(graph_.name);
    const auto buffers = fbb_.CreateVector(buffers_);
    const auto named = metadata.empty() ? 0 : fbb_.CreateVector(metadata);
    tflite::FinishModelBuffer(fbb_, tflite::CreateModel(fbb_, 3, codes, all, description, buffers, 0, named));
    return {fbb_.GetBufferPointer(), fbb_.GetBufferPointer() + fbb_.GetSize()};
  }

 private:
  /// The file's tensors: those that something mentions, in the graph's order.
  void number_tensors() {
    std::vector<char> used(graph_.tensors.size());
    const auto use = [&](const std::vector<TensorId>& ids) {
      for (const TensorId id : ids) {
        if (id != no_tensor) used[static_cast<size_t>(id)] = 1;
      }
    };
    use(graph_.inputs);
    use(graph_.outputs);
    for (const Node& node : graph_.nodes) {
      use(node.inputs);
      use(node.outputs);
      use(intermediates(node));
      for (const int64_t place : node.attrs.ints("tflite_variables")) variables_.insert(node.in(static_cast<size_t>(place)));
    }
    numbers_.assign(graph_.tensors.size(), -1);
    for (size_t i = 0; i < used.size(); ++i) {
      if (used[i] == 0) continue;
      numbers_[i] = static_cast<int32_t>(order_.size());
      order_.push_back(static_cast<TensorId>(i));
    }
  }

  static std::vector<TensorId> intermediates(const Node& node) {
    const std::vector<int64_t> ids = node.attrs.ints("tflite_intermediates");
    return {ids.begin(), ids.end()};
  }

  std::vector<int32_t> numbers(const std::vector<TensorId>& ids) const {
    std::vector<int32_t> result;
    for (const TensorId id : ids) result.push_back(id == no_tensor ? -1 : numbers_[static_cast<size_t>(id)]);
    return result;
  }

  uint32_t buffer(const Bytes& bytes) {
    fbb_.ForceVectorAlignment(bytes.size(), 1, 16);
    buffers_.push_back(tflite::CreateBuffer(fbb_, fbb_.CreateVector(bytes)));
    return static_cast<uint32_t>(buffers_.size() - 1);
  }

  /// Tensors of one content share its buffer.
  uint32_t buffer(const std::shared_ptr<const Bytes>& data) {
    if (data == nullptr) return 0;
    const auto [at, fresh] = shared_.try_emplace(data.get(), 0);
    if (fresh) at->second = buffer(*data);
    return at->second;
  }

  fb::Offset<tflite::Tensor> tensor(const Tensor& t, bool half, bool variable) {
    const uint32_t data = half ? buffer(to_halves(t)) : buffer(t.data);
    fb::Offset<tflite::QuantizationParameters> quantization = 0;
    if (t.quant.present()) {
      const auto scale = fbb_.CreateVector(t.quant.scale);
      const auto zero = fbb_.CreateVector(std::vector<int64_t>(t.quant.zero_point.begin(), t.quant.zero_point.end()));
      quantization = tflite::CreateQuantizationParameters(fbb_, 0, 0, scale, zero, tflite::QuantizationDetails::NONE, 0, t.quant.axis);
    }
    const auto shape = fbb_.CreateVector(t.shape);
    const auto name = fbb_.CreateString(t.name);
    const tflite::TensorType type = half ? tflite::TensorType::FLOAT16 : type_of(t.dtype);
    return tflite::CreateTensor(fbb_, shape, type, data, name, quantization, variable || t.state);
  }

  uint32_t code(const std::string& builtin) {
    const auto [at, fresh] = known_codes_.try_emplace(builtin, static_cast<uint32_t>(codes_.size()));
    if (fresh) {
      const std::optional<int64_t> number = tflite::enum_value("BuiltinOperator", builtin);
      SMELT_ASSERT(number.has_value(), "the schema has no operator " + builtin);
      const auto narrow = static_cast<int8_t>(std::min<int64_t>(*number, 127));
      codes_.push_back(tflite::CreateOperatorCode(fbb_, narrow, 0, 1, static_cast<tflite::BuiltinOperator>(*number)));
    }
    return at->second;
  }

  fb::Offset<tflite::Operator> make_operator(const Node& node) {
    const uint32_t index = code(node.op);
    const std::string table = node.attrs.s("tflite_options");
    uint8_t member = 0;
    fb::Offset<void> options = 0;
    if (!table.empty()) {
      const std::optional<int64_t> value = tflite::enum_value("BuiltinOptions", table);
      SMELT_ASSERT(value.has_value(), "the schema has no table " + table);
      member = static_cast<uint8_t>(*value);
      options = tflite::write_options(member, node.attrs, fbb_);
    }
    const auto inputs = fbb_.CreateVector(numbers(node.inputs));
    const auto outputs = fbb_.CreateVector(numbers(node.outputs));
    const std::vector<TensorId> within = intermediates(node);
    const auto unseen = within.empty() ? 0 : fbb_.CreateVector(numbers(within));
    return tflite::CreateOperator(fbb_, index, inputs, outputs, static_cast<tflite::BuiltinOptions>(member), options, 0,
                                  tflite::CustomOptionsFormat::FLEXBUFFERS, 0, unseen);
  }

  Graph graph_;
  std::set<TensorId> halves_;
  std::set<TensorId> variables_;  ///< tensors of state
  fb::FlatBufferBuilder fbb_;
  std::vector<TensorId> order_;
  std::vector<int32_t> numbers_;  ///< by id; -1: not in the file
  std::vector<fb::Offset<tflite::Buffer>> buffers_;
  std::map<const Bytes*, uint32_t> shared_;
  std::vector<fb::Offset<tflite::OperatorCode>> codes_;
  std::map<std::string, uint32_t> known_codes_;
};

}  // namespace

Result<Bytes> to_tflite(const Graph& graph, const WriteOptions& options) {
  Graph raw = graph;
  if (Outcome o = to_raw(raw); !o) return o.failure();
  std::set<TensorId> halves;
  if (options.half_weights) halves = split_halves(raw, float_filters(graph));
  return Writer(std::move(raw), std::move(halves)).run();
}

}  // namespace smelt
