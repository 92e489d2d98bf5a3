#include "import/onnx.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "import/onnx_call.hpp"
#include "import/text.hpp"

namespace smelt {
namespace onnx {
namespace {

const Converters& converters() {
  static const Converters all = [] {
    Converters made;
    for (const auto add : {add_elementwise, add_convolutions, add_matrices, add_movement, add_normalization, add_pools,
                           add_quantized, add_reductions, add_recurrent, add_resize}) {
      add(made);
    }
    return made;
  }();
  return all;
}

/// Opsets from here on are read whole.
constexpr int64_t broadcasting_opset = 7;

/// Operators that mean the same in opsets 1 to 6, or more now, but for attributes that are refused where they are not read.
bool means_the_same_before(const std::string& name) {
  static const std::set<std::string> names = {
      "Abs", "ArgMax", "ArgMin", "AveragePool", "Ceil", "Concat", "Constant", "Conv", "ConvTranspose", "Div", "Elu", "Exp",
      "Flatten", "Floor", "Gather", "GlobalAveragePool", "GlobalMaxPool", "HardSigmoid", "Identity", "LeakyRelu", "Log",
      "LogSoftmax", "MatMul", "Max", "MaxPool", "Mean", "Min", "Mul", "Add", "Sub", "Neg", "Not", "Reciprocal", "ReduceL1",
      "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum",
      "ReduceSumSquare", "Relu", "Reshape", "Shape", "Sigmoid", "Size", "Softmax", "Softplus", "Softsign", "Sqrt", "Squeeze",
      "Sum", "Tanh", "Transpose", "Unsqueeze"};
  return names.count(name) != 0;
}

bool is_default(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

std::string operator_name(const NodeProto& node) {
  return is_default(node.domain()) ? printable(node.op_type()) : printable(node.domain()) + "." + printable(node.op_type());
}

/// Of one operand: what is asked of its readers is asked once.
bool is_alone(const NodeProto& node, const char* op) {
  return is_default(node.domain()) && node.op_type() == op && node.input_size() == 1 && !node.input(0).empty();
}

bool is_cast(const NodeProto& node, bool to_double) {
  if (!is_alone(node, "Cast")) return false;
  return std::any_of(node.attribute().begin(), node.attribute().end(), [&](const AttributeProto& a) {
    return a.name() == "to" && (a.i() == TensorProto::DOUBLE) == to_double;
  });
}

/// Values that are cast to DOUBLE for a softmax alone, and its result back: exporters write attention so. Here all of that is
/// computed in floats, to a few units of their last place.
std::set<std::string> doubles_of_softmax(const GraphProto& graph) {
  std::map<std::string, std::vector<const NodeProto*>> readers;
  std::set<std::string> outputs;
  for (const ValueInfoProto& output : graph.output()) outputs.insert(output.name());
  for (const NodeProto& node : graph.node()) {
    for (const std::string& input : node.input()) readers[input].push_back(&node);
  }
  const auto all_read = [&](const NodeProto& node, const auto& fits) {
    if (node.output_size() != 1 || outputs.count(node.output(0)) != 0) return false;
    const std::vector<const NodeProto*>& by = readers[node.output(0)];
    return !by.empty() && std::all_of(by.begin(), by.end(), [&](const NodeProto* reader) { return fits(*reader); });
  };
  std::set<std::string> found;
  for (const NodeProto& node : graph.node()) {
    const bool alone = is_cast(node, true) && all_read(node, [&](const NodeProto& softmax) {
      return is_alone(softmax, "Softmax") && all_read(softmax, [](const NodeProto& back) { return is_cast(back, false); });
    });
    if (alone) found.insert(node.output(0));
  }
  return found;
}

/// A node's name for messages: its own, or that of its first output.
std::string name_of(const NodeProto& node) {
  for (const std::string& output : node.output()) {
    if (!output.empty()) return printable(output);
  }
  return printable(node.name());
}

/// One reading of one file. What is unsupported is gathered.
class Reader {
 public:
  Reader(File file, const ImportOptions& options) : file_(std::move(file)), options_(options), b_(file_.name()) {}

  Result<Graph> run() {
    for (const auto step : {&Reader::sort, &Reader::name_unsupported, &Reader::read_constants, &Reader::read_inputs, &Reader::read_nodes}) {
      if (Outcome o = (this->*step)(); !o) return o.failure();
    }
    if (!gathered_.diagnostics.empty()) return gathered_;
    return read_outputs();
  }

 private:
  void gather(const Failure& f) {
    gathered_.diagnostics.insert(gathered_.diagnostics.end(), f.diagnostics.begin(), f.diagnostics.end());
  }
  Failure damaged(const char* code, const std::string& reason) const {
    return Failure(code, file_.name(), reason, "export the model again");
  }

  // ---- order: nodes that the outputs depend on, each behind what it reads ----

  Outcome sort() {
    const GraphProto& graph = file_.graph();
    std::map<std::string, int> maker;
    size_t operands = 0;
    for (int n = 0; n < graph.node_size(); ++n) {
      operands += static_cast<size_t>(graph.node(n).input_size() + graph.node(n).output_size());
      for (const std::string& output : graph.node(n).output()) {
        if (!output.empty() && !maker.emplace(output, n).second) {
          return damaged("E0418", "\"" + printable(output) + "\" is made twice");
        }
      }
    }
    for (const ValueInfoProto& input : graph.input()) {
      if (maker.count(input.name()) != 0) return damaged("E0418", "input \"" + printable(input.name()) + "\" is made by a node, too");
    }
    for (const TensorProto& constant : graph.initializer()) {
      if (maker.count(constant.name()) != 0) return damaged("E0418", "constant \"" + printable(constant.name()) + "\" is made by a node, too");
    }
    if (operands > 16 * max_graph_nodes) return damaged("E0411", "the nodes have too many operands in all");
    enum class State : uint8_t { unseen, open, done };
    std::vector<State> state(static_cast<size_t>(graph.node_size()), State::unseen);
    std::vector<std::pair<int, int>> stack;  // node, its next input
    const auto visit = [&](const std::string& name) {
      const auto at = maker.find(name);
      if (at == maker.end() || state[static_cast<size_t>(at->second)] == State::done) return true;
      if (state[static_cast<size_t>(at->second)] == State::open) return false;
      state[static_cast<size_t>(at->second)] = State::open;
      stack.emplace_back(at->second, 0);
      return true;
    };
    for (const ValueInfoProto& output : graph.output()) {
      visit(output.name());
      while (!stack.empty()) {
        auto& [n, next] = stack.back();
        if (next < graph.node(n).input_size()) {
          const std::string& name = graph.node(n).input(next++);
          if (!visit(name)) return damaged("E0418", "\"" + printable(name) + "\" depends on itself: the graph has a cycle");
          continue;
        }
        state[static_cast<size_t>(n)] = State::done;
        order_.push_back(n);
        stack.pop_back();
      }
    }
    keep_own_order(maker);
    return Done{};
  }

  /// The order found is as good as any; but a file that is sorted keeps its own.
  void keep_own_order(const std::map<std::string, int>& maker) {
    std::vector<int> own = order_;
    std::sort(own.begin(), own.end());
    for (int n : own) {
      for (const std::string& input : file_.graph().node(n).input()) {
        const auto at = maker.find(input);
        if (at != maker.end() && at->second > n) return;
      }
    }
    order_ = std::move(own);
  }

  // ---- what is there at all ----

  Outcome name_unsupported() {
    std::vector<std::string> names;
    std::map<std::string, std::string> nodes;
    for (int n : order_) {
      const NodeProto& node = file_.graph().node(n);
      const std::string name = operator_name(node);
      if (converters().count(name) != 0 && (file_.opset() >= broadcasting_opset || means_the_same_before(name))) continue;
      if (nodes.count(name) == 0) names.push_back(name);
      std::string& list = nodes[name];
      list += (list.empty() ? "node " : ", node ") + std::to_string(n) + " \"" + shortened(name_of(node)) + "\"";
    }
    for (const std::string& name : names) {
      if (converters().count(name) != 0) {
        gathered_.diagnostics.push_back({"E0108", file_.name(), name + " of operator set " + std::to_string(file_.opset()) +
                                         " is not supported: " + nodes[name], "convert the model to opset 7 or later"});
        continue;
      }
      const bool local = std::any_of(file_.model().functions().begin(), file_.model().functions().end(), [&](const FunctionProto& f) {
        return name == printable(f.domain()) + "." + printable(f.name());
      });
      const bool custom = name.find('.') != std::string::npos;
      gathered_.diagnostics.push_back({custom ? "E0312" : "E0311", file_.name(), name + " is not supported: " + nodes[name],
                                       local ? "it is a function of the model's own: inline functions on export" : help_on(name)});
    }
    return Done{};
  }

  static std::string help_on(const std::string& name) {
    for (const char* flow : {"If", "Loop", "Scan", "SequenceMap"}) {
      if (name == flow) return "control flow is not run on the device; export the model for fixed shapes, or unroll it";
    }
    return "`smelt operators` lists what is read";
  }

  // ---- values ----

  Outcome read_constants() {
    std::set<std::string> used;
    for (int n : order_) used.insert(file_.graph().node(n).input().begin(), file_.graph().node(n).input().end());
    for (const ValueInfoProto& output : file_.graph().output()) used.insert(output.name());
    for (const TensorProto& source : file_.graph().initializer()) {
      const std::string name = printable(source.name());
      constants_.insert(source.name());
      if (used.count(source.name()) == 0) continue;
      Result<Tensor> t = file_.tensor(source, file_.name() + ": constant \"" + shortened(name) + "\"");
      if (!t) {
        gather(t.failure());
        continue;
      }
      b_.begin(-1, name, "");
      const TensorId id = b_.constant(t->dtype, t->shape, t->data);
      b_.rename(id, name);
      values_[source.name()] = id;
    }
    return Done{};
  }

  Outcome read_inputs() {
    std::string open;  // dimensions without a size
    std::string example;
    std::set<std::string> known;
    for (const ValueInfoProto& input : file_.graph().input()) {
      if (constants_.count(input.name()) != 0) continue;  // a default, before IR version 4
      const std::string name = printable(input.name());
      const std::string where = file_.name() + ": input \"" + shortened(name) + "\"";
      known.insert(name);
      if (!input.type().has_tensor_type()) {
        gather(Failure("E0313", where, "only tensors are supported, no sequences, maps or optional values"));
        continue;
      }
      const TypeProto::Tensor& type = input.type().tensor_type();
      const std::optional<DType> dtype = dtype_of(type.elem_type());
      if (!dtype || type.elem_type() == TensorProto::FLOAT16 || type.elem_type() == TensorProto::DOUBLE) {
        gather(Failure("E0313", where, "element type " + type_name(type.elem_type()) + " is not supported",
                       "export the model in FLOAT, or quantize it"));
        continue;
      }
      std::string missing;
      const Shape shape = shape_of(input, missing);
      if (!missing.empty()) {
        open += (open.empty() ? "" : ", ") + missing;
        example += " --shape " + name + "=" + to_string(shape);
      }
      for (int32_t d : shape) {
        if (d < 1) gather(Failure("E0413", where, "shape " + to_string(shape) + " has a dimension below 1"));
      }
      values_[input.name()] = b_.input(name, *dtype, shape);
    }
    if (!open.empty()) {
      gather(Failure("E0207", file_.name(), "dimensions without a size: " + open, "say them, for instance" + example));
    }
    for (const auto& [name, shape] : options_.shapes) {
      if (known.count(name) == 0) {
        gather(Failure(ExitCode::usage, {"E0002", "--shape " + name + "=" + to_string(shape), "the model has no such input", ""}));
      }
    }
    return Done{};
  }

  /// A batch left open is 1, other dimensions are told. `missing` says what is not.
  Shape shape_of(const ValueInfoProto& input, std::string& missing) {
    const std::string name = printable(input.name());
    const TypeProto::Tensor& type = input.type().tensor_type();
    const auto told = options_.shapes.find(name);
    if (told != options_.shapes.end()) {
      bool fits = !type.has_shape() || type.shape().dim_size() == static_cast<int>(told->second.size());
      for (int d = 0; fits && type.has_shape() && d < type.shape().dim_size(); ++d) {
        const auto& dim = type.shape().dim(d);
        fits = !dim.has_dim_value() || dim.dim_value() == told->second[static_cast<size_t>(d)];
      }
      if (!fits) {
        gather(Failure(ExitCode::usage, {"E0002", "--shape " + name + "=" + to_string(told->second), "the file says otherwise", ""}));
      }
      return told->second;
    }
    Shape shape;
    if (!type.has_shape()) missing = "all of \"" + name + "\"";
    for (int d = 0; d < type.shape().dim_size() && d <= static_cast<int>(max_rank); ++d) {
      const auto& dim = type.shape().dim(d);
      const bool fixed = dim.has_dim_value();
      if (!fixed && d > 0) {
        missing += (missing.empty() ? "" : ", ") + ("dimension " + std::to_string(d)) +
                   (dim.dim_param().empty() ? "" : " (" + printable(dim.dim_param()) + ")") + " of \"" + name + "\"";
      }
      shape.push_back(fixed ? static_cast<int32_t>(std::clamp<int64_t>(dim.dim_value(), -1, INT32_MAX)) : 1);
    }
    return shape;
  }

  // ---- nodes ----

  Outcome read_nodes() {
    const std::set<std::string> doubles = doubles_of_softmax(file_.graph());
    for (int n : order_) {
      const NodeProto& node = file_.graph().node(n);
      const auto converter = converters().find(operator_name(node));
      if (converter == converters().end()) continue;
      Ids inputs;
      bool known = true;
      for (const std::string& name : node.input()) {
        const auto at = values_.find(name);
        inputs.push_back(name.empty() || at == values_.end() ? no_tensor : at->second);
        known = known && (name.empty() || at != values_.end());
        if (!name.empty() && at == values_.end() && gathered_.diagnostics.empty()) {
          return damaged("E0418", "\"" + printable(name) + "\" is read, but nothing makes it");
        }
      }
      if (!known) continue;  // behind something that was refused
      if (node.output_size() == 1 && doubles.count(node.output(0)) != 0 && b_.dtype(inputs.at(0)) == DType::f32) {
        values_[node.output(0)] = inputs[0];
        continue;
      }
      b_.begin(n, name_of(node), operator_name(node));
      try {
        Call call(b_, file_, node, std::move(inputs));
        converter->second(call);
        call.refuse_unread();
        for (size_t i = 0; i < call.outputs(); ++i) {
          const std::string& name = node.output(static_cast<int>(i));
          if (name.empty()) continue;
          if (i >= call.out.size() || call.out[i] == no_tensor) {
            call.unsupported("its output " + std::to_string(i) + " is not supported");
          }
          values_[name] = call.out[i];
        }
      } catch (const Refusal& refusal) {
        gather(refusal.failure);
      }
    }
    return Done{};
  }

  Result<Graph> read_outputs() {
    std::vector<std::string> names;
    for (const ValueInfoProto& output : file_.graph().output()) {
      const auto at = values_.find(output.name());
      if (at == values_.end()) return damaged("E0418", "output \"" + printable(output.name()) + "\" is made by nothing");
      b_.output(at->second);
      names.push_back(printable(output.name()));
    }
    return b_.finish(names);
  }

  File file_;
  const ImportOptions& options_;
  GraphBuilder b_;
  std::vector<int> order_;
  std::set<std::string> constants_;
  std::map<std::string, TensorId> values_;
  Failure gathered_;
};

}  // namespace
}  // namespace onnx

Result<Graph> parse_onnx(std::span<const uint8_t> bytes, const std::string& name, const ImportOptions& options) {
  Result<onnx::File> file = onnx::File::open(bytes, name);
  if (!file) return file.failure();
  return onnx::Reader(*std::move(file), options).run();
}

std::vector<std::string> onnx_operators() {
  std::vector<std::string> names;
  for (const auto& [name, converter] : onnx::converters()) names.push_back(name);
  return names;
}

}  // namespace smelt
