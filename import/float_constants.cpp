#include "import/float_constants.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace smelt::tflite {
namespace {

bool is_quantized(const Tensor& t) {
  return t.constant() && t.quant.present() && (t.dtype == DType::i8 || t.dtype == DType::u8 || t.dtype == DType::i16);
}

int32_t stored(const Tensor& t, size_t i) {
  if (t.dtype == DType::i8) return t.as<int8_t>()[i];
  return t.dtype == DType::u8 ? int32_t{t.as<uint8_t>()[i]} : t.as<int16_t>()[i];
}

/// scale * (q - zero) of every element, by its slice where quantized per channel.
Tensor as_floats(const Tensor& t) {
  size_t slice = 1;
  for (size_t d = t.shape.size(); d-- > static_cast<size_t>(t.quant.axis) + 1;) slice *= static_cast<size_t>(t.shape[d]);
  const size_t slices = t.quant.scale.size();
  Bytes bytes(static_cast<size_t>(elements(t.shape)) * sizeof(float));
  auto* out = reinterpret_cast<float*>(bytes.data());
  for (size_t i = 0; i < bytes.size() / sizeof(float); ++i) {
    const size_t c = slices == 1 ? 0 : i / slice % slices;
    out[i] = t.quant.scale[c] * static_cast<float>(stored(t, i) - t.quant.zero_point[c]);
  }
  Tensor result{t.name, DType::f32, t.shape, {}, std::make_shared<Bytes>(std::move(bytes)), t.source};
  return result;
}

class FloatConstants {
 public:
  explicit FloatConstants(Graph& graph) : graph_(graph) {}

  Outcome run() {
    for (Node& node : graph_.nodes) {
      if (!computes_floats(node)) continue;
      for (TensorId& id : node.inputs) {
        if (id == no_tensor || !is_quantized(graph_.at(id))) continue;
        if (Outcome o = replace(id); !o) return o;
      }
    }
    fold_dequantize();
    return Done{};
  }

 private:
  bool is_float(TensorId id) const { return id != no_tensor && graph_.at(id).dtype == DType::f32; }

  /// From float activations to floats; or a DEQUANTIZE within the model.
  bool computes_floats(const Node& node) const {
    if (node.outputs.empty() || !is_float(node.outputs[0])) return false;
    if (node.op == "DEQUANTIZE") return !graph_.is_output(node.outputs[0]);
    return std::any_of(node.inputs.begin(), node.inputs.end(),
                       [&](TensorId id) { return is_float(id) && !graph_.at(id).constant(); });
  }

  Outcome replace(TensorId& id) {
    const auto [at, fresh] = floats_.try_emplace(id, no_tensor);
    if (fresh) {
      spent_ += elements(graph_.at(id).shape) * size_of(DType::f32);
      if (spent_ > max_tensor_bytes) {
        return Failure("E0414", place(graph_, id), "weights of fewer bits would take more than 256 MB as floats");
      }
      at->second = graph_.add(as_floats(graph_.at(id)));
    }
    id = at->second;
    return Done{};
  }

  /// Without DEQUANTIZE nodes of what are floats now, unless they make a model's output.
  void fold_dequantize() {
    std::map<TensorId, TensorId> same;
    std::vector<Node> rest;
    for (Node& node : graph_.nodes) {
      const bool folds = node.op == "DEQUANTIZE" && node.inputs.size() == 1 && node.outputs.size() == 1 &&
                         is_float(node.inputs[0]) && graph_.at(node.inputs[0]).constant() &&
                         graph_.at(node.inputs[0]).shape == graph_.at(node.outputs[0]).shape &&
                         !graph_.is_output(node.outputs[0]);
      if (folds) same[node.outputs[0]] = node.inputs[0];
      else rest.push_back(std::move(node));
    }
    graph_.nodes = std::move(rest);
    for (Node& node : graph_.nodes) {
      for (TensorId& id : node.inputs) {
        if (const auto at = same.find(id); at != same.end()) id = at->second;
      }
    }
  }

  Graph& graph_;
  std::map<TensorId, TensorId> floats_;  ///< by the quantized constant
  int64_t spent_ = 0;
};

}  // namespace

Outcome make_constants_float(Graph& graph) { return FloatConstants(graph).run(); }

}  // namespace smelt::tflite
