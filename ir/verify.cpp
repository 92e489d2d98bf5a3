// What must hold of every graph, whatever its operators mean. ops/verify.cpp adds what only operators know.
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ir/graph.hpp"

namespace smelt {
namespace {

struct Range {
  int64_t low;
  int64_t high;
};

Range range_of(DType type) {
  switch (type) {
    case DType::i8:
      return {-128, 127};
    case DType::u8:
      return {0, 255};
    case DType::i16:
      return {-32768, 32767};
    default:
      return {std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()};
  }
}

class Verifier {
 public:
  Verifier(const Graph& graph, bool empty_constants)
      : graph_(graph), empty_constants_(empty_constants), uses_(graph.tensors.size(), 0) {}

  Outcome run() {
    check_counts();
    if (!failure_.diagnostics.empty()) return failure_;
    check_ids();
    for (size_t i = 0; i < graph_.tensors.size(); ++i) {
      if (uses_[i] != 0) check_tensor(static_cast<TensorId>(i));
    }
    if (total_bytes_ > max_graph_bytes) {
      add("E0414", graph_.file, "all tensors together take more than " + std::to_string(max_graph_bytes >> 20) + " MB",
          "models this large are beyond what this tool is for");
    }
    check_order();
    check_states();
    if (failure_.diagnostics.empty()) return Done{};
    return failure_;
  }

 private:
  void add(const char* code, std::string where, std::string reason, std::string help = {}) {
    failure_.diagnostics.push_back({code, std::move(where), std::move(reason), std::move(help)});
  }

  bool in_range(TensorId id) const { return id >= 0 && static_cast<size_t>(id) < graph_.tensors.size(); }

  std::string tensor_place(TensorId id) const { return place(graph_, id); }

  void check_counts() {
    if (graph_.tensors.size() > max_graph_tensors || graph_.nodes.size() > max_graph_nodes) {
      add("E0411", graph_.file,
          std::to_string(graph_.nodes.size()) + " nodes and " + std::to_string(graph_.tensors.size()) +
              " tensors are too many",
          "at most " + std::to_string(max_graph_nodes) + " nodes and " + std::to_string(max_graph_tensors) +
              " tensors are accepted");
    }
    size_t operands = 0;
    for (const Node& n : graph_.nodes) operands += n.inputs.size() + n.outputs.size();
    if (operands > 16 * max_graph_nodes) add("E0411", graph_.file, "the nodes have too many operands in all");
  }

  /// Every id that something mentions; counts uses, so that tensors that nothing mentions are left alone.
  void check_ids() {
    const auto use = [&](TensorId id, const std::string& where, const char* role) {
      if (in_range(id)) {
        ++uses_[static_cast<size_t>(id)];
      } else {
        add("E0412", where, std::string(role) + " " + std::to_string(id) + " is not a tensor of this graph");
      }
    };
    if (graph_.inputs.empty()) add("E0412", graph_.file, "the graph has no inputs");
    if (graph_.outputs.empty()) add("E0412", graph_.file, "the graph has no outputs");
    for (TensorId id : graph_.inputs) use(id, graph_.file, "graph input");
    for (TensorId id : graph_.outputs) use(id, graph_.file, "graph output");
    for (const Node& node : graph_.nodes) {
      if (node.outputs.empty()) add("E0412", place(graph_, node), "the node has no outputs");
      for (TensorId id : node.inputs) {
        if (id != no_tensor) use(id, place(graph_, node), "input");
      }
      for (TensorId id : node.outputs) use(id, place(graph_, node), "output");
    }
  }

  void check_tensor(TensorId id) {
    const Tensor& t = graph_.at(id);
    if (check_shape(id, t)) {
      total_bytes_ += t.bytes();
      if (t.constant() && static_cast<int64_t>(t.data->size()) != t.bytes()) {
        add("E0415", tensor_place(id),
            "the constant has " + std::to_string(t.data->size()) + " bytes, its type " + to_string(t.dtype) + " " +
                to_string(t.shape) + " needs " + std::to_string(t.bytes()));
      }
    }
    if (t.quant.present() || !t.quant.zero_point.empty()) check_quantization(id, t);
  }

  static bool empty_list(const Tensor& t) {
    return t.constant() && t.shape == Shape{0} && (t.dtype == DType::i32 || t.dtype == DType::i64);
  }

  bool check_shape(TensorId id, const Tensor& t) {
    if (empty_constants_ && empty_list(t)) return true;
    if (t.shape.size() > max_rank) {
      add("E0413", tensor_place(id),
          "rank " + std::to_string(t.shape.size()) + " is more than " + std::to_string(max_rank));
      return false;
    }
    int64_t bytes = size_of(t.dtype);
    for (int32_t d : t.shape) {
      if (d < 1) {
        add("E0413", tensor_place(id), "shape " + to_string(t.shape) + " has a dimension of " + std::to_string(d),
            d == 0 ? "empty tensors hold nothing to compute and are not supported"
                   : "every dimension must be known; export the model with a fixed input shape");
        return false;
      }
      bytes *= d;  // at most 2^28 * 2^31 before the next line stops it
      if (bytes > max_tensor_bytes) {
        add("E0414", tensor_place(id),
            "shape " + to_string(t.shape) + " takes more than " + std::to_string(max_tensor_bytes >> 20) + " MB");
        return false;
      }
    }
    return true;
  }

  void check_quantization(TensorId id, const Tensor& t) {
    const Quantization& q = t.quant;
    const auto bad = [&](const std::string& reason, const char* help = "") {
      add("E0416", tensor_place(id), "quantization: " + reason, help);
    };
    const bool grid = t.dtype == DType::f32 && t.constant();  // its values are of these scales and zero points
    if ((t.dtype == DType::f32 && !grid) || t.dtype == DType::boolean) {
      return bad(std::string("a tensor of type ") + to_string(t.dtype) + " cannot be quantized");
    }
    if (q.zero_point.size() != q.scale.size()) {
      return bad(std::to_string(q.scale.size()) + " scales but " + std::to_string(q.zero_point.size()) +
                 " zero points");
    }
    for (float s : q.scale) {
      if (!std::isfinite(s) || s <= 0) return bad("scale " + std::to_string(s) + " is not a positive finite number");
    }
    const Range range = range_of(t.dtype);
    for (int32_t z : q.zero_point) {
      if (z < range.low || z > range.high) {
        return bad("zero point " + std::to_string(z) + " is outside " + to_string(t.dtype));
      }
    }
    if (!q.per_channel()) return;
    if (q.axis < 0 || static_cast<size_t>(q.axis) >= t.shape.size()) {
      return bad("axis " + std::to_string(q.axis) + " is not a dimension of shape " + to_string(t.shape));
    }
    const int32_t slices = t.shape[static_cast<size_t>(q.axis)];
    if (static_cast<size_t>(slices) != q.scale.size()) {
      bad(std::to_string(q.scale.size()) + " scales for " + std::to_string(slices) + " slices along axis " +
          std::to_string(q.axis));
    }
  }

  /// Inputs and constants exist from the start; every other tensor is made once, before it is used.
  void check_order() {
    std::vector<char> made(graph_.tensors.size(), 0);
    std::set<TensorId> seen;
    for (TensorId id : graph_.inputs) {
      if (!in_range(id)) continue;
      if (graph_.at(id).constant()) add("E0417", tensor_place(id), "a graph input has constant content");
      if (!seen.insert(id).second) add("E0417", tensor_place(id), "the tensor is listed twice as a graph input");
      made[static_cast<size_t>(id)] = 1;
    }
    const std::vector<char> is_input = made;
    for (size_t i = 0; i < graph_.tensors.size(); ++i) {
      if (graph_.tensors[i].constant() || graph_.tensors[i].state) made[i] = 1;
    }
    for (const Node& node : graph_.nodes) {
      for (TensorId id : node.inputs) {
        if (in_range(id) && made[static_cast<size_t>(id)] == 0) {
          add("E0418", place(graph_, node), "input " + quoted(id) + " is used before any node makes it",
              "nodes must stand in execution order, without cycles");
        }
      }
      for (TensorId id : node.outputs) {
        if (!in_range(id)) continue;
        const auto i = static_cast<size_t>(id);
        if (made[i] != 0) {
          const char* what = graph_.at(id).constant() ? " is a constant"
                             : graph_.at(id).state    ? " is a state, which only changes in place"
                             : is_input[i] != 0       ? " is a graph input"
                                                      : " is made by another node already";
          add("E0418", place(graph_, node), "output " + quoted(id) + what);
        }
        made[i] = 1;
      }
    }
    seen.clear();
    for (TensorId id : graph_.outputs) {
      if (!in_range(id)) continue;
      const auto i = static_cast<size_t>(id);
      if (!seen.insert(id).second) add("E0417", tensor_place(id), "the tensor is listed twice as a graph output");
      if (made[i] == 0 || is_input[i] != 0 || graph_.at(id).constant()) {
        add("E0417", tensor_place(id), "a graph output is not made by any node");
      }
    }
  }

  /// A state is an operand of one node, once, and nothing else.
  void check_states() {
    for (size_t i = 0; i < graph_.tensors.size(); ++i) {
      const Tensor& t = graph_.tensors[i];
      if (!t.state || uses_[i] == 0) continue;
      const auto id = static_cast<TensorId>(i);
      const auto bad = [&](const char* reason) { add("E0422", tensor_place(id), std::string("a state ") + reason); };
      if (t.constant()) bad("has constant content");
      if (graph_.is_input(id) || graph_.is_output(id)) bad("is an input or an output of the graph");
      if (uses_[i] > 1) bad("is mentioned more than once; only one node may read and update it");
      const bool wide_zero = size_of(t.dtype) > 1 && !t.quant.zero_point.empty() && t.quant.zero_point[0] != 0;
      if (t.quant.per_channel() || wide_zero) bad("has a scale for each slice, or a zero point other than 0");
    }
  }

  std::string quoted(TensorId id) const { return std::to_string(id) + " \"" + shortened(graph_.at(id).name) + "\""; }

  const Graph& graph_;
  const bool empty_constants_;
  std::vector<int> uses_;  ///< how often each tensor is mentioned
  int64_t total_bytes_ = 0;
  Failure failure_;
};

}  // namespace

Outcome verify_structure(const Graph& graph, bool empty_constants) { return Verifier(graph, empty_constants).run(); }

}  // namespace smelt
