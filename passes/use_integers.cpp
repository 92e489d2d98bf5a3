// ONNX files say of a quantized layer: dequantize the operands, compute in floats, quantize the result. Where the operator has a
// form on integers, that is taken instead: TensorFlow Lite's 8-bit arithmetic, whose results are at most about one step of
// the output's scale away from that of the floats.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "passes/pass.hpp"
#include "passes/rewrite.hpp"

namespace smelt {
namespace {

constexpr const char* pass = "use integers";

/// A file can also mean the floats in between, to the last bit: only what a reader has marked stands for integers.
bool quantizes(const Node& node) { return rewrite::op_of(node).quantizes && node.attrs.i("qdq") != 0; }
bool dequantizes(const Node& node) { return rewrite::op_of(node).dequantizes && node.attrs.i("qdq") != 0; }

/// The one reader of a float tensor that quantizes it to signed bytes, and nothing else reads it.
int quantizer_of(const Graph& graph, TensorId id) {
  const std::vector<int> readers = graph.consumers(id);
  if (readers.size() != 1 || graph.is_output(id)) return -1;
  const Node& node = graph.nodes[static_cast<size_t>(readers[0])];
  return quantizes(node) && graph.at(node.out()).dtype == DType::i8 && graph.at(id).dtype == DType::f32 ? readers[0] : -1;
}

/// One attempt to compute a node in integers. Tensors that it adds are taken back where it comes to nothing.
class Attempt {
 public:
  Attempt(Graph& graph, size_t n) : graph_(graph), node_(graph.nodes[n]), op_(rewrite::op_of(node_)), tensors_(graph.tensors.size()) {}

  /// The node, with nodes before and behind it that bring operands and results to other scales; empty where there is no
  /// such form, and `why` then says why where it is worth saying.
  std::optional<std::vector<Node>> integer(std::string& why) {
    int quantizer = -1;
    for (TensorId id : node_.outputs) {
      quantizer = quantizer_of(graph_, id);
      if (quantizer < 0) return std::nullopt;
      outputs_.push_back(graph_.nodes[static_cast<size_t>(quantizer)].out());
    }
    if (!take_operands(why)) return undo();
    for (const auto form : {&Attempt::direct, &Attempt::at_input_scale, &Attempt::at_output_scale, &Attempt::at_own_scale}) {
      std::optional<std::vector<Node>> nodes = (this->*form)();
      // Rescalings may lie between scales too far apart.
      const auto holds = [&](const Node& node) { return types_hold(graph_, node); };
      if (nodes && std::all_of(nodes->begin(), nodes->end(), holds)) return nodes;
    }
    why = why_.empty() ? "no form of it on integers bears these scales" : why_;
    return undo();
  }

 private:
  std::optional<std::vector<Node>> undo() {
    graph_.tensors.resize(tensors_);
    return std::nullopt;
  }

  // ---- operands ----

  bool take_operands(std::string& why) {
    bool any = false;
    for (size_t i = 0; i < node_.inputs.size(); ++i) {
      const TensorId id = node_.inputs[i];
      if (id == no_tensor) {
        inputs_.push_back(id);
        continue;
      }
      const int producer = graph_.producer(id);
      const Node* before = producer < 0 ? nullptr : &graph_.nodes[static_cast<size_t>(producer)];
      if (before != nullptr && dequantizes(*before) && graph_.at(before->in(0)).dtype == DType::i8) {
        inputs_.push_back(before->in(0));
        any = true;
      } else if (graph_.at(id).constant() && graph_.at(id).dtype == DType::f32) {
        const TensorId constant = op_.filter_axis >= 0 && i == 2 ? stored_bias(id, why) : stored(id, why);
        if (constant == no_tensor) return false;
        inputs_.push_back(constant);
      } else {
        return false;
      }
    }
    return any;
  }

  TensorId add_constant(const Tensor& like, DType type, const Quantization& quant, const std::vector<int64_t>& values) {
    Tensor t = like;
    t.dtype = type;
    t.quant = quant;
    const auto size = static_cast<size_t>(size_of(type));
    Bytes bytes(values.size() * size);
    for (size_t i = 0; i < values.size(); ++i) std::memcpy(bytes.data() + i * size, &values[i], size);  // little-endian
    t.data = std::make_shared<const Bytes>(std::move(bytes));
    return graph_.add(std::move(t));
  }

  static size_t slice(const Tensor& t, int64_t i) {
    if (!t.quant.per_channel()) return 0;
    int64_t inner = 1;
    for (size_t d = static_cast<size_t>(t.quant.axis) + 1; d < t.shape.size(); ++d) inner *= t.shape[d];
    return static_cast<size_t>(i / inner % static_cast<int64_t>(t.quant.scale.size()));
  }

  /// A constant that knows its grid, as the bytes it came from.
  TensorId stored(TensorId id, std::string& why) {
    const Tensor t = graph_.at(id);
    if (!t.quant.present()) {
      why = "its constant \"" + shortened(t.name) + "\" is not quantized";
      return no_tensor;
    }
    std::vector<int64_t> values;
    for (int64_t i = 0; i < elements(t.shape); ++i) {
      const size_t k = slice(t, i);
      const double q = std::round(double{t.as<float>()[i]} / double{t.quant.scale[k]}) + t.quant.zero_point[k];
      if (!(q >= -128 && q <= 127)) {
        why = "its constant \"" + shortened(t.name) + "\" is of more than 8 bits";
        return no_tensor;
      }
      values.push_back(static_cast<int64_t>(q));
    }
    return add_constant(t, DType::i8, t.quant, values);
  }

  /// A bias in steps of the products of both scales: as the file has it, or rounded to them.
  TensorId stored_bias(TensorId id, std::string& why) {
    const Tensor t = graph_.at(id);
    const Quantization& x = graph_.at(inputs_.at(0)).quant;
    const Quantization& w = graph_.at(inputs_.at(1)).quant;
    const size_t units = w.scale.size();
    if (x.scale.size() != 1 || t.shape.size() != 1 || (units != 1 && units != static_cast<size_t>(t.shape[0]))) return no_tensor;
    Quantization q{{}, {}, 0};
    for (float s : w.scale) q.scale.push_back(x.scale[0] * s);
    q.zero_point.assign(units, 0);
    std::vector<int64_t> values;
    for (int64_t i = 0; i < elements(t.shape); ++i) {
      const double v = std::round(double{t.as<float>()[i]} / (double{x.scale[0]} * double{w.scale[units == 1 ? 0 : static_cast<size_t>(i)]}));
      if (!(std::abs(v) <= std::numeric_limits<int32_t>::max())) {
        why = "its bias does not fit 32 bits";
        return no_tensor;
      }
      values.push_back(static_cast<int64_t>(v));
    }
    return add_constant(t, DType::i32, q, values);
  }

  // ---- forms ----

  /// The node on these operands; empty where its operator does not accept that.
  std::optional<Node> made(const std::vector<TensorId>& inputs, const std::vector<TensorId>& outputs) {
    Node node = node_;
    node.inputs = inputs;
    node.outputs = outputs;
    if (op_.is_padding) {
      const Quantization& q = graph_.at(inputs[0]).quant;
      const double v = std::round(node_.attrs.f("value") / double{q.scale.at(0)}) + q.zero_point.at(0);
      if (!(v >= -128 && v <= 127)) return std::nullopt;
      node.attrs.set("value", static_cast<int64_t>(v));
    }
    const Result<std::vector<TensorType>> types = op_.infer(graph_, node);
    if (!types) {
      if (why_.empty()) why_ = types.failure().diagnostics.at(0).reason;
      return std::nullopt;
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      const Tensor& t = graph_.at(outputs[i]);
      if (!((*types)[i] == TensorType{t.dtype, t.shape})) return std::nullopt;
    }
    return node;
  }

  /// The scales as the file has them. Operators that do not rescale want all of them equal.
  std::optional<std::vector<Node>> direct() {
    if (!op_.rescales && !op_.output_range && !all_equal()) return std::nullopt;
    const auto node = made(inputs_, outputs_);
    if (!node) return std::nullopt;
    return std::vector<Node>{*node};
  }

  bool all_equal() const {
    const Quantization& q = graph_.at(inputs_[0]).quant;
    const auto equal = [&](TensorId id) { return id == no_tensor || graph_.at(id).quant == q; };
    return std::all_of(inputs_.begin(), inputs_.end(), equal) && std::all_of(outputs_.begin(), outputs_.end(), equal);
  }

  /// Results at the scale of the only operand, then brought to their own.
  std::optional<std::vector<Node>> at_input_scale() {
    if (op_.rescales || inputs_.size() != 1) return std::nullopt;
    return with_results_at(graph_.at(inputs_[0]).quant);
  }

  std::optional<std::vector<Node>> at_own_scale() {
    if (!op_.output_range) return std::nullopt;
    return with_results_at(quantization_of(*op_.output_range, DType::i8));
  }

  std::optional<std::vector<Node>> with_results_at(const Quantization& quant) {
    const size_t mark = graph_.tensors.size();
    std::vector<TensorId> results;
    for (TensorId id : outputs_) results.push_back(add_like(id, quant));
    const auto node = made(inputs_, results);
    if (!node) {
      graph_.tensors.resize(mark);
      return std::nullopt;
    }
    std::vector<Node> nodes = {*node};
    for (size_t i = 0; i < results.size(); ++i) nodes.push_back({"quantize", {results[i]}, {outputs_[i]}, {}, -1});
    return nodes;
  }

  /// Several operands, all brought to the scale of the result.
  std::optional<std::vector<Node>> at_output_scale() {
    if (op_.rescales || inputs_.size() < 2 || outputs_.size() != 1) return std::nullopt;
    const size_t mark = graph_.tensors.size();
    const Quantization quant = graph_.at(outputs_[0]).quant;
    std::vector<Node> nodes;
    std::vector<TensorId> operands;
    for (TensorId id : inputs_) {
      if (id == no_tensor || graph_.at(id).quant == quant || graph_.at(id).dtype != DType::i8) {
        operands.push_back(id);
        continue;
      }
      operands.push_back(add_like(id, quant));
      nodes.push_back({"quantize", {id}, {operands.back()}, {}, -1});
    }
    const auto node = made(operands, outputs_);
    if (!node) {
      graph_.tensors.resize(mark);
      return std::nullopt;
    }
    nodes.push_back(*node);
    return nodes;
  }

  TensorId add_like(TensorId id, const Quantization& quant) {
    Tensor t = graph_.at(id);
    t.quant = quant;
    t.data = nullptr;
    t.source = -1;
    return graph_.add(std::move(t));
  }

  Graph& graph_;
  const Node node_;
  const OpDef& op_;
  const size_t tensors_;
  std::vector<TensorId> inputs_, outputs_;
  std::string why_;
};

/// Reshapes of floats on the way from integers or to them become reshapes of integers, so that operators meet what quantizes
/// their results and what dequantizes their operands.
void reshape_integers(Graph& graph) {
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    if (!rewrite::op_of(graph.nodes[n]).alias || graph.tensors.size() >= max_graph_tensors) continue;
    Node& reshape = graph.nodes[n];
    const int to = quantizer_of(graph, reshape.out());
    const int from = graph.producer(reshape.in(0));
    Tensor between;
    if (to >= 0) {
      Node& quantize = graph.nodes[static_cast<size_t>(to)];
      between = graph.at(quantize.out());
      between.shape = graph.at(reshape.in(0)).shape;
      between.source = -1;
      const TensorId result = quantize.out(), made = graph.add(std::move(between));
      // The quantization takes the reshape's place, and the other way about.
      Node first = quantize, second = reshape;
      first.inputs = {reshape.in(0)};
      first.outputs = {made};
      second.inputs = {made};
      second.outputs = {result};
      reshape = std::move(first);
      quantize = std::move(second);
    } else if (from >= 0 && dequantizes(graph.nodes[static_cast<size_t>(from)])) {
      const Node dequantize = graph.nodes[static_cast<size_t>(from)];
      between = graph.at(dequantize.in(0));
      if (between.constant() || between.quant.per_channel()) continue;
      between.shape = graph.at(reshape.out()).shape;
      between.source = -1;
      const TensorId result = reshape.out(), made = graph.add(std::move(between));
      Node last = dequantize;
      last.inputs = {made};
      last.outputs = {result};
      reshape.inputs = {dequantize.in(0)};
      reshape.outputs = {made};
      graph.nodes.insert(graph.nodes.begin() + static_cast<std::ptrdiff_t>(n) + 1, std::move(last));
      ++n;
    }
  }
}

/// A quantization of what was just dequantized with another scale rescales the integers.
void rescale_integers(Graph& graph) {
  for (Node& node : graph.nodes) {
    if (!quantizes(node) || graph.at(node.in(0)).dtype != DType::f32) continue;
    const int from = graph.producer(node.in(0));
    if (from < 0 || !dequantizes(graph.nodes[static_cast<size_t>(from)])) continue;
    const TensorId real = node.in(0);
    node.inputs[0] = graph.nodes[static_cast<size_t>(from)].in(0);
    if (!types_hold(graph, node)) node.inputs[0] = real;
  }
}

/// Rescaling a constant is no node: the passes behind this fold it.
bool replace(Graph& graph, size_t n, PassLog& log) {
  const Node node = graph.nodes[n];
  const OpDef& op = rewrite::op_of(node);
  if (op.quantizes || op.dequantizes || node.outputs.empty() || node.inputs.empty()) return false;
  if (graph.tensors.size() + 4 * node.inputs.size() > max_graph_tensors || graph.nodes.size() + 2 * node.inputs.size() > max_graph_nodes) return false;
  const std::string name = rewrite::describe(graph, node);
  std::string why;
  const auto nodes = Attempt(graph, n).integer(why);
  if (!nodes) {
    if (!why.empty()) log.note(pass, name + " stays in floats: " + why);
    return false;
  }
  std::vector<char> gone(graph.nodes.size(), 0);
  gone[n] = 1;
  for (TensorId id : node.outputs) gone[static_cast<size_t>(quantizer_of(graph, id))] = 1;
  std::vector<Node> all;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (i == n) all.insert(all.end(), nodes->begin(), nodes->end());
    if (gone[i] == 0) all.push_back(std::move(graph.nodes[i]));
  }
  graph.nodes = std::move(all);
  log.note(pass, name + " computes in integers");
  return true;
}

}  // namespace

void use_integers(Graph& graph, PassLog& log) {
  const bool any = std::any_of(graph.nodes.begin(), graph.nodes.end(), dequantizes);
  if (!any) return;
  reshape_integers(graph);
  rescale_integers(graph);
  for (size_t n = 0; n < graph.nodes.size(); ++n) replace(graph, n, log);
}

}  // namespace smelt
