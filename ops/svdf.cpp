// SVDF: a layer whose filters remember their last values. Source: TensorFlow Lite, kernels/svdf.cc, reference/svdf.h.
#include "runtime/ops/svdf.hpp"

#include <algorithm>
#include <numeric>

#include "lower/lowering.hpp"
#include "lower/pack.hpp"
#include "ops/checks.hpp"
#include "ops/op.hpp"
#include "ops/quantize.hpp"
#include "ops/raw.hpp"

namespace smelt {
namespace {

enum Operand : size_t { in_x, in_state, in_feature, in_time, in_bias, operands };  // of the IR
/// The file has the state last.
constexpr size_t file_order[operands] = {0, 4, 1, 2, 3};

Outcome normalize(Graph& graph, Node& node) {
  if (node.inputs.size() != operands) {
    return fail(graph, node, "E0302", "the layer has " + std::to_string(node.inputs.size()) + " inputs in place of 5");
  }
  std::vector<TensorId> inputs;
  for (size_t i : file_order) inputs.push_back(node.in(i));
  node.inputs = inputs;
  if (Outcome o = checks::take_activation(graph, node); !o) return o;
  if (node.in(in_x) != no_tensor && graph.at(node.in(in_x)).dtype == DType::i8) {
    // The reference demands it and leaves it to the output's zero point.
    if (node.attrs.s("activation") != "relu") {
      return fail(graph, node, "E0301", "an int8 layer with another fused activation than RELU is not supported",
                  "the reference refuses it, too; export the model again");
    }
    node.attrs.set("activation", std::string("none"));
  }
  node.attrs.erase("asymmetric_quantize_inputs");
  return Done{};
}

struct Layer {
  int32_t batches, depth, filters, rank, units, memory;
  bool integer;
};

/// What of which type and shape each operand must be.
Outcome check_operand(const Graph& graph, const Node& node, size_t index, const char* what, DType type, const Shape& shape) {
  const Tensor& t = graph.at(node.in(index));
  if (t.dtype == type && t.shape == shape && (index == in_state ? t.state : t.constant())) return Done{};
  return fail(graph, node, t.dtype == type ? "E0303" : "E0301",
              std::string(what) + " must be a " + (index == in_state ? "variable tensor" : "constant") + " of " + to_string(type) + " " +
                  to_string(shape) + ", not " + to_string(t.dtype) + " " + to_string(t.shape),
              "export the layer as TensorFlow Lite does: in float32, or with int8 activations, int16 state and int16 weights of time");
}

Multiplier state_multiplier(const Graph& graph, const Node& node) {
  const auto scale = [&](TensorId id) { return graph.at(id).quant.scale[0]; };
  const float real = scale(node.in(in_x)) * scale(node.in(in_feature)) / scale(node.in(in_state));  // in floats, there
  return quantize_multiplier(double{real});
}

Multiplier output_multiplier(const Graph& graph, const Node& node) {
  const auto scale = [&](TensorId id) { return graph.at(id).quant.scale[0]; };
  const float real = scale(node.in(in_state)) * scale(node.in(in_time)) / scale(node.out());
  return quantize_multiplier(double{real});
}

Outcome check_quantization(const Graph& graph, const Node& node) {
  for (TensorId id : {node.in(in_x), node.in(in_state), node.in(in_feature), node.in(in_time), node.out()}) {
    const Quantization& q = graph.at(id).quant;
    const bool symmetric = id != node.in(in_x) && id != node.out();
    if (q.scale.size() != 1 || q.zero_point.size() != 1 || (symmetric && q.zero_point[0] != 0)) {
      return fail(graph, node, "E0304", "\"" + graph.at(id).name + "\" needs one scale and one zero point" + (symmetric ? " of 0" : ""),
                  "export the model with full integer quantization");
    }
  }
  for (const Multiplier& m : {state_multiplier(graph, node), output_multiplier(graph, node)}) {
    if (m.shift > 30) return fail(graph, node, "E0304", "the scales lie too far apart");
  }
  return Done{};
}

Result<Layer> check(const Graph& graph, const Node& node) {
  if (node.inputs.size() != operands || node.outputs.size() != 1) {
    return fail(graph, node, "E0302", "the layer has other than 5 inputs and one output");
  }
  for (size_t i = 0; i < in_bias; ++i) {
    if (node.in(i) == no_tensor) return fail(graph, node, "E0302", "input " + std::to_string(i) + " is absent");
  }
  if (Outcome o = checks::dtype(graph, node, {DType::f32, DType::i8}); !o) return o.failure();
  if (Outcome o = checks::activation(graph, node); !o) return o.failure();
  const Shape& x = graph.at(node.in(in_x)).shape;
  const Shape& feature = graph.at(node.in(in_feature)).shape;
  const Shape& time = graph.at(node.in(in_time)).shape;
  if (x.size() != 2 || feature.size() != 2 || time.size() != 2) {
    return fail(graph, node, "E0303", "input and weights must be of rank 2, not " + to_string(x) + ", " + to_string(feature) +
                                          ", " + to_string(time));
  }
  if (Outcome o = checks::attribute(graph, node, "rank", 1, feature[0]); !o) return o.failure();
  Layer y{x[0], x[1], feature[0], static_cast<int32_t>(node.attrs.i("rank")), 0, time[1], graph.at(node.in(in_x)).dtype == DType::i8};
  y.units = y.filters / y.rank;
  if (y.units * y.rank != y.filters) {
    return fail(graph, node, "E0303", std::to_string(y.filters) + " filters do not divide by rank " + std::to_string(y.rank));
  }
  // Sums of int8 and elements of the state are counted by 32 bits.
  if (y.depth >= 1 << 16 || int64_t{y.filters} * y.memory >= 1 << 26 || int64_t{y.filters} * y.depth >= 1 << 26) {
    return fail(graph, node, "E0303", "a layer of " + std::to_string(y.filters) + " filters is too large");
  }
  const DType wide = y.integer ? DType::i16 : DType::f32;
  const DType narrow = y.integer ? DType::i8 : DType::f32;
  if (Outcome o = check_operand(graph, node, in_state, "the state", wide, {y.batches, y.memory * y.filters}); !o) return o.failure();
  if (Outcome o = check_operand(graph, node, in_feature, "the weights", narrow, {y.filters, y.depth}); !o) return o.failure();
  if (Outcome o = check_operand(graph, node, in_time, "the weights of time", wide, {y.filters, y.memory}); !o) return o.failure();
  if (node.in(in_bias) != no_tensor) {
    const DType type = y.integer ? DType::i32 : DType::f32;
    if (Outcome o = check_operand(graph, node, in_bias, "the bias", type, {y.units}); !o) return o.failure();
  }
  if (!y.integer) return y;
  if (node.attrs.s("activation", "none") != "none") return fail(graph, node, "E0303", "the int8 form has no activation");
  if (Outcome o = check_quantization(graph, node); !o) return o.failure();
  return y;
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  const Result<Layer> y = check(graph, node);
  if (!y) return y.failure();
  return std::vector<TensorType>{{graph.at(node.in(in_x)).dtype, {y->batches, y->units}}};
}

// ---- oracle ----

int32_t wrapped(int64_t sum) { return static_cast<int32_t>(static_cast<uint32_t>(sum)); }

/// The newest value of filter f of batch b.
int16_t filtered(const Evaluation& e, const Layer& y, int64_t b, int64_t f) {
  int64_t sum = 0;
  for (int64_t i = 0; i < y.depth; ++i) {
    sum += (e.in[in_x]->as<int8_t>()[b * y.depth + i] - e.in[in_x]->type->quant.zero_point[0]) *
           int64_t{e.in[in_feature]->as<int8_t>()[f * y.depth + i]};
  }
  return static_cast<int16_t>(std::clamp(oracle::requantize(wrapped(sum), state_multiplier(e.graph, e.node)), -32768, 32767));
}

float filtered_float(const Evaluation& e, const Layer& y, int64_t b, int64_t f) {
  const float* x = e.in[in_x]->as<float>() + b * y.depth;
  return std::inner_product(x, x + y.depth, e.in[in_feature]->as<float>() + f * y.depth, 0.0F);
}

/// All values of the state one place on, the first of each filter lost.
template <class T>
void remember(const Evaluation& e, const Layer& y, T (*newest)(const Evaluation&, const Layer&, int64_t, int64_t)) {
  T* window = e.state[in_state]->as<T>();
  for (int64_t b = 0; b < y.batches; ++b) {
    for (int64_t f = 0; f < y.filters; ++f, window += y.memory) {
      std::rotate(window, window + 1, window + y.memory);
      window[y.memory - 1] = newest(e, y, b, f);
    }
  }
}

void evaluate(const Evaluation& e) {
  const Layer y = *check(e.graph, e.node);
  const bool biased = e.node.in(in_bias) != no_tensor;
  if (y.integer) remember(e, y, filtered);
  else remember(e, y, filtered_float);
  for (int64_t b = 0; b < y.batches; ++b) {
    for (int64_t u = 0; u < y.units; ++u) {
      const int64_t at = b * y.units + u, first = u * y.rank * y.memory, all = int64_t{y.rank} * y.memory;
      const int64_t state = b * y.filters * y.memory + first;
      if (y.integer) {
        int64_t sum = biased ? e.in[in_bias]->as<int32_t>()[u] : 0;
        for (int64_t i = 0; i < all; ++i) {
          sum += int64_t{e.in[in_state]->as<int16_t>()[state + i]} * e.in[in_time]->as<int16_t>()[first + i];
        }
        const int64_t scaled = oracle::requantize(wrapped(sum), output_multiplier(e.graph, e.node));
        e.out[0]->as<int8_t>()[at] =
            static_cast<int8_t>(std::clamp<int64_t>(scaled + e.out[0]->type->quant.zero_point[0], -128, 127));
      } else {
        double sum = biased ? double{e.in[in_bias]->as<float>()[u]} : 0;
        for (int64_t i = 0; i < all; ++i) {
          sum += double{e.in[in_state]->as<float>()[state + i]} * e.in[in_time]->as<float>()[first + i];
        }
        const FloatRange range = float_activation(e.node.attrs.s("activation", "none"));
        e.out[0]->as<float>()[at] = std::min(std::max(static_cast<float>(sum), range.low), range.high);
      }
    }
  }
}

// ---- device ----

/// What the input's zero point adds to each filter's sum.
std::vector<int32_t> zero_points(const Lowering& l, const Layer& y) {
  const auto* w = l.input(in_feature).as<int8_t>();
  const int64_t zero = l.input(in_x).quant.zero_point[0];
  std::vector<int32_t> biases;
  for (int32_t f = 0; f < y.filters; ++f, w += y.depth) biases.push_back(wrapped(-zero * std::accumulate(w, w + y.depth, int64_t{0})));
  return biases;
}

void lower_integers(Lowering& l, const Layer& y, Svdf& p) {
  const auto* w = l.input(in_feature).as<int8_t>();
  const auto pairs = y.depth % 4 == 0 ? pack::dot_slices(w, y.filters, y.depth, 1) : std::nullopt;
  if (pairs) {
    l.kernel("ops/svdf.hpp", SMELT_KERNEL(svdf_s8));
    p.weights = static_cast<int32_t>(l.pool.add(l.name("weights"), *pairs, 4));
  } else {
    l.kernel("ops/svdf.hpp", SMELT_KERNEL(svdf_any_s8));
    p.weights = static_cast<int32_t>(l.pool.add(l.name("weights"), pack::blocks(w, 1, y.filters, y.depth, 1), 4));
  }
  const Multiplier to_state = state_multiplier(l.graph, l.node), to_output = output_multiplier(l.graph, l.node);
  p.biases = static_cast<int32_t>(l.pool.add(l.name("biases"), pack::padded_channels(zero_points(l, y), 1)));
  p.multiplier = to_state.multiplier;
  p.right = ~to_state.shift;
  p.out_multiplier = to_output.multiplier;
  p.out_right = ~to_output.shift;
  p.zero = l.output().quant.zero_point[0];
  p.low = -128;
  p.high = 127;
}

void lower_floats(Lowering& l, const Layer& y, Svdf& p) {
  l.kernel("ops/svdf.hpp", SMELT_KERNEL(svdf_f32));
  p.weights = static_cast<int32_t>(l.pool.add(l.name("weights"), pack::blocks(l.input(in_feature).as<float>(), 1, y.filters, y.depth, 1)));
  const FloatRange range = float_activation(l.node.attrs.s("activation", "none"));
  p.low = float_bits(range.low);
  p.high = float_bits(range.high);
}

/// A constant as it is, or as many zeros.
template <class T>
int32_t add(Lowering& l, const char* what, size_t index, int32_t count) {
  std::vector<T> values(static_cast<size_t>(count));
  if (l.has_input(index)) std::copy_n(l.input(index).as<T>(), count, values.begin());
  return static_cast<int32_t>(l.pool.add(l.name(what), values, 4));
}

Outcome lower(Lowering& l) {
  const Layer y = *check(l.graph, l.node);
  Svdf p{};
  p.depth = y.depth;
  p.filters = y.filters;
  p.rank = y.rank;
  p.memory = y.memory;
  if (y.integer) {
    lower_integers(l, y, p);
    p.time = add<int16_t>(l, "time", in_time, y.filters * y.memory);
    p.outputs = add<int32_t>(l, "bias", in_bias, y.units);
  } else {
    lower_floats(l, y, p);
    p.time = add<float>(l, "time", in_time, y.filters * y.memory);
    p.outputs = add<float>(l, "bias", in_bias, y.units);
  }
  l.params("smelt::Svdf", p,
           "depth filters rank memory weights biases time outputs multiplier right out_multiplier out_right zero low high");
  std::vector<RowRange> each;
  for (int32_t b = 0; b < y.batches; ++b) each.push_back({b, b + 1});
  l.steps(y.batches, {each, each}, {each});
  return Done{};
}

int64_t macs(const Graph& graph, const Node& node) {
  const Layer y = *check(graph, node);
  return int64_t{y.batches} * y.filters * (y.depth + y.memory);
}

Outcome denormalize(Graph& graph, Node& node) {
  if (graph.at(node.in(in_x)).dtype == DType::i8) node.attrs.set("activation", std::string("relu"));
  std::vector<TensorId> inputs(operands, no_tensor);
  for (size_t i = 0; i < operands; ++i) inputs[file_order[i]] = node.in(i);
  node.inputs = inputs;
  raw::put_activation(node);
  raw::name(node, "SVDF", "SVDFOptions");
  return Done{};
}

}  // namespace

extern const OpDef op_svdf;
const OpDef op_svdf = {.name = "svdf",
                       .tflite = {"SVDF"},
                       .normalize = normalize,
                       .infer = infer,
                       .evaluate = evaluate,
                       .lower = lower,
                       .macs = macs,
                       .states = {in_state},
                       .rescales = true,
                       .denormalize = denormalize};

}  // namespace smelt
