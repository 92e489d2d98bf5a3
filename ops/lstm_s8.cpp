// Sources: TensorFlow Lite, kernels/unidirectional_sequence_lstm.cc (PopulateQuantizedLstmParams8x8_16,
// PopulatePrecomputedZPTimesWeightsWithBias), kernels/lstm_eval.cc (LstmStepInteger),
// kernels/internal/reference/portable_tensor_utils.cc; gemmlowp, fixedpoint/fixedpoint.h.
#include "ops/lstm_s8.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "lower/pack.hpp"
#include "ops/fixed_s16.hpp"
#include "ops/quantize.hpp"
#include "ops/sequences.hpp"
#include "runtime/ops/lstm_s8.hpp"

namespace smelt::integer_lstm {
namespace {

enum Operand : size_t {
  in_x,
  in_hidden,
  in_cell,
  in_weights,
  in_recurrent,
  in_bias,
  in_recurrent_bias,
  in_peepholes,
  operands
};
enum Gate : size_t { input_gate, forget_gate, candidate_gate, output_gate };
constexpr int32_t gates = 4;
constexpr int least_cell_power = -15, most_cell_power = -9;
constexpr int32_t most_elements = 1 << 16;  ///< of a row; sums of as many products are far from 32 bits

struct Layer : Sequences {
  int32_t inputs, units;
  Multiplier of_input[gates], of_state[gates], hidden;
  int32_t input_zero, hidden_zero;
  int cell_power;     ///< the cell state is in units of 2 to this
  int32_t cell_clip;  ///< 0: none
};

/// One scale for all rows of a gate.
Result<std::vector<float>> gate_scales(const Graph& graph, const Node& node, size_t index, int32_t units) {
  const Quantization& q = graph.at(node.in(index)).quant;
  const auto all = static_cast<size_t>(gates * units);
  const auto at = [&](size_t row) { return q.scale[q.scale.size() == 1 ? 0 : row]; };
  bool sound = (q.scale.size() == 1 || (q.scale.size() == all && q.axis == 0)) &&
               std::all_of(q.zero_point.begin(), q.zero_point.end(), [](int32_t zero) { return zero == 0; });
  std::vector<float> scales;
  for (size_t row = 0; sound && row < all; ++row) {
    if (row % static_cast<size_t>(units) == 0) scales.push_back(at(row));
    sound = at(row) == scales.back();
  }
  if (!sound) return fail(graph, node, "E0301", "weights of a gate must have one scale and the zero point 0");
  return scales;
}

Outcome check_constant(const Graph& graph, const Node& node, size_t index, DType type, const Shape& shape) {
  const TensorId id = node.in(index);
  if (id != no_tensor && graph.at(id).constant() && graph.at(id).dtype == type && graph.at(id).shape == shape)
    return Done{};
  return fail(graph, node, "E0302",
              "input " + std::to_string(index) + " must be constant " + to_string(type) + " of " + to_string(shape));
}

Outcome check_form(const Graph& graph, const Node& node) {
  const auto refuse = [&](const std::string& what) {
    return fail(graph, node, "E0301", what + " is not supported in an LSTM of int8", "leave the layer in float32");
  };
  for (const size_t i : {in_hidden, in_cell}) {
    if (node.in(i) != no_tensor) return refuse("an initial state");
  }
  if (node.in(in_peepholes) != no_tensor) return refuse("a peephole");
  if (node.attrs.i("cell_output") != 0) return refuse("the cell state as an output");
  if (node.attrs.f("clip") != 0) return refuse("a bound of the sums");
  const std::pair<const char*, const char*> functions[] = {{"gate", "sigmoid"}, {"cell", "tanh"}, {"output", "tanh"}};
  for (const auto& [role, only] : functions) {
    const std::string word = node.attrs.s(role, only);
    if (word != only) return refuse("the function \"" + word + "\"");
  }
  if (node.inputs.size() > operands || node.outputs.size() != 1) {
    return fail(graph, node, "E0302", "this is not how inputs and outputs of a recurrent layer are");
  }
  return Done{};
}

/// Sums of the weights' rows.
std::vector<int64_t> row_sums(const Tensor& t) {
  std::vector<int64_t> sums(static_cast<size_t>(t.shape[0]));
  for (int64_t i = 0; i < elements(t.shape); ++i) sums[static_cast<size_t>(i / t.shape[1])] += t.as<int8_t>()[i];
  return sums;
}

/// Of the sums over the input and over the state, with their zero points; by gate and unit.
struct Biases {
  std::vector<int64_t> of_input, of_state;
};

Biases biases(const Graph& graph, const Node& node, const Layer& y) {
  Biases b{row_sums(graph.at(node.in(in_weights))), row_sums(graph.at(node.in(in_recurrent)))};
  const auto* bias = node.in(in_bias) == no_tensor ? nullptr : graph.at(node.in(in_bias)).as<int32_t>();
  for (size_t i = 0; i < b.of_input.size(); ++i) {
    b.of_input[i] = (bias == nullptr ? 0 : int64_t{bias[i]}) - y.input_zero * b.of_input[i];
    b.of_state[i] *= -y.hidden_zero;
  }
  return b;
}

/// No sum, in whatever order it is added up, is greater than this.
int64_t greatest_sum(const Graph& graph, const Node& node, const Layer& y) {
  const Biases b = biases(graph, node, y);
  const auto magnitude = [](const std::vector<int64_t>& all) {
    return std::abs(
        *std::max_element(all.begin(), all.end(), [](int64_t l, int64_t r) { return std::abs(l) < std::abs(r); }));
  };
  return int64_t{128} * 128 * std::max(y.inputs, y.units) + std::max(magnitude(b.of_input), magnitude(b.of_state));
}

/// What NarrowLstm asks of sums and multipliers.
bool is_narrow(const Graph& graph, const Node& node, const Layer& y) {
  const int64_t most = greatest_sum(graph, node, y);
  const auto fits = [most](const Multiplier& m) { return most << std::max(m.shift, 0) < 1 << 30; };
  return std::all_of(y.of_input, y.of_input + gates, fits) && std::all_of(y.of_state, y.of_state + gates, fits);
}

Outcome read_scales(const Graph& graph, const Node& node, Layer& y) {
  const Quantization& x = graph.at(node.in(in_x)).quant;
  const auto hidden_scale = static_cast<float>(node.attrs.f("hidden_scale")),
             cell_scale = static_cast<float>(node.attrs.f("cell_scale"));
  const int64_t zero = node.attrs.i("hidden_zero");
  if (!(hidden_scale > 0) || !std::isfinite(hidden_scale) || zero < -128 || zero > 127) {
    return fail(graph, node, "E0301", "the quantization of the hidden state is missing or unsound",
                "convert the model again, with full-integer quantization");
  }
  int exponent = 0;
  if (!(cell_scale > 0) || std::frexp(cell_scale, &exponent) != 0.5F || exponent - 1 < least_cell_power ||
      exponent - 1 > most_cell_power) {
    return fail(graph, node, "E0301", "the scale of the cell state must be a power of two from 2^-15 to 2^-9",
                "convert the model again, with full-integer quantization");
  }
  y.cell_power = exponent - 1;
  y.input_zero = x.zero_point[0];
  y.hidden_zero = static_cast<int32_t>(zero);
  const Result<std::vector<float>> weights = gate_scales(graph, node, in_weights, y.units),
                                   recurrent = gate_scales(graph, node, in_recurrent, y.units);
  if (!weights) return weights.failure();
  if (!recurrent) return recurrent.failure();
  const auto argument = [](float scale) { return quantize_multiplier(double{scale * 4096.0F}); };  // in units of 2^-12
  constexpr float most_scale = 1 << 17;
  for (size_t g = 0; g < gates; ++g) {
    if (!(weights->at(g) * x.scale[0] <= most_scale) || !(recurrent->at(g) * hidden_scale <= most_scale)) {
      return fail(graph, node, "E0303", "the scale of a gate's weights is out of range");
    }
    y.of_input[g] = argument(weights->at(g) * x.scale[0]);
    y.of_state[g] = argument(recurrent->at(g) * hidden_scale);
  }
  y.hidden =
      quantize_multiplier(double{static_cast<float>(std::ldexp(std::ldexp(1.0, -15) / double{hidden_scale}, -15))});
  if (y.hidden.shift > 0) return fail(graph, node, "E0303", "the scale of the hidden state is out of range");
  const double clip = node.attrs.f("cell_clip");
  if (!(clip >= 0)) return fail(graph, node, "E0303", "cell_clip is not a number of 0 and more");
  y.cell_clip = static_cast<int32_t>(std::min(static_cast<float>(clip) / cell_scale, 32767.0F));
  return Done{};
}

Result<Layer> check(const Graph& graph, const Node& node) {
  if (Outcome o = check_form(graph, node); !o) return o.failure();
  if (node.in(in_recurrent_bias) != no_tensor) return fail(graph, node, "E0301", "a second bias of integers is not supported");
  if (graph.at(node.in(in_x)).quant.scale.size() != 1) {
    return fail(graph, node, "E0301", "the input must be quantized, with one scale");
  }
  const Result<Sequences> sequences = sequences_of(graph, node);
  if (!sequences) return sequences.failure();
  Layer y{};
  static_cast<Sequences&>(y) = *sequences;
  y.inputs = graph.at(node.in(in_x)).shape[2];
  if (node.in(in_recurrent) == no_tensor || graph.at(node.in(in_recurrent)).shape.size() != 2) {
    return fail(graph, node, "E0302", "recurrent weights must have two dimensions");
  }
  y.units = graph.at(node.in(in_recurrent)).shape[1];
  if (std::max(y.inputs, y.units) > most_elements) {
    return fail(graph, node, "E0303", "a layer of " + std::to_string(y.units) + " units is too large");
  }
  if (Outcome o = check_constant(graph, node, in_weights, DType::i8, {gates * y.units, y.inputs}); !o)
    return o.failure();
  if (Outcome o = check_constant(graph, node, in_recurrent, DType::i8, {gates * y.units, y.units}); !o)
    return o.failure();
  if (node.in(in_bias) != no_tensor) {
    if (Outcome o = check_constant(graph, node, in_bias, DType::i32, {gates * y.units}); !o) return o.failure();
  }
  if (Outcome o = read_scales(graph, node, y); !o) return o.failure();
  if (greatest_sum(graph, node, y) > std::numeric_limits<int32_t>::max()) {
    return fail(graph, node, "E0303", "a bias is out of range");
  }
  return y;
}

// ---- oracle ----

class Oracle {
 public:
  Oracle(const Evaluation& e, const Layer& layer) : e_(e), y_(layer), biases_(biases(e.graph, e.node, layer)) {
    hidden.assign(static_cast<size_t>(y_.units), static_cast<int8_t>(y_.hidden_zero));
    cell.resize(static_cast<size_t>(y_.units));
  }

  void step(const int8_t* x) {
    const std::vector<int8_t> old = hidden;
    for (int32_t u = 0; u < y_.units; ++u) {
      const auto gate = [&](size_t g) { return argument(x, old, g, static_cast<int32_t>(g) * y_.units + u); };
      const auto at = static_cast<size_t>(u);
      const int32_t kept = oracle::divided(int64_t{oracle::logistic_16(gate(forget_gate))} * cell[at], 15);
      const int32_t added =
          oracle::divided(int64_t{oracle::logistic_16(gate(input_gate))} * oracle::tanh_16(gate(candidate_gate), 3),
                          30 + y_.cell_power);
      int32_t next = oracle::saturate_16(kept + added);
      if (y_.cell_clip > 0) next = std::clamp(next, -y_.cell_clip, y_.cell_clip);
      cell[at] = next;
      const int32_t product = oracle::logistic_16(gate(output_gate)) * oracle::tanh_16(next, 15 + y_.cell_power);
      hidden[at] = static_cast<int8_t>(std::clamp(oracle::requantize(product, y_.hidden) + y_.hidden_zero, -128, 127));
    }
  }

  std::vector<int8_t> hidden;
  std::vector<int32_t> cell;

 private:
  int32_t argument(const int8_t* x, const std::vector<int8_t>& state, size_t gate, int32_t row) const {
    int64_t of_input = biases_.of_input[static_cast<size_t>(row)],
            of_state = biases_.of_state[static_cast<size_t>(row)];
    const auto* weights = e_.in[in_weights]->as<int8_t>() + int64_t{row} * y_.inputs;
    const auto* recurrent = e_.in[in_recurrent]->as<int8_t>() + int64_t{row} * y_.units;
    for (int32_t i = 0; i < y_.inputs; ++i) of_input += weights[i] * x[i];
    for (int32_t i = 0; i < y_.units; ++i) of_state += recurrent[i] * state[static_cast<size_t>(i)];
    const int32_t first = oracle::saturate_16(oracle::requantize(static_cast<int32_t>(of_input), y_.of_input[gate]));
    return oracle::saturate_16(int64_t{first} + oracle::requantize(static_cast<int32_t>(of_state), y_.of_state[gate]));
  }

  const Evaluation& e_;
  const Layer& y_;
  const Biases biases_;
};

// ---- device ----

/// Rows of all gates for four units at a time, gate by gate.
std::vector<int8_t> rows_of(const int8_t* weights, int32_t units, int32_t depth, int32_t gate, int32_t unit) {
  const int32_t n = std::min(pack::block, units - unit);
  const int8_t* from = weights + (int64_t{gate} * units + unit) * depth;
  std::vector<int8_t> rows(from, from + int64_t{n} * depth);
  rows.resize(static_cast<size_t>(pack::block) * static_cast<size_t>(depth));
  return rows;
}

/// For each four units, for each gate: `append` of the input's rows, then of the state's. False where it is false.
template <class Append>
bool for_blocks(const Lowering& l, const Layer& y, Append append) {
  const auto* weights = l.input(in_weights).as<int8_t>();
  const auto* recurrent = l.input(in_recurrent).as<int8_t>();
  for (int32_t u = 0; u < y.units; u += pack::block) {
    for (int32_t g = 0; g < gates; ++g) {
      if (!append(rows_of(weights, y.units, y.inputs, g, u), y.inputs)) return false;
      if (!append(rows_of(recurrent, y.units, y.units, g, u), y.units)) return false;
    }
  }
  return true;
}

/// Offset of the weights by twos, or -1 where they do not bear it.
int32_t add_pairs(Lowering& l, const Layer& y) {
  std::vector<int16_t> packed;
  const bool fits = for_blocks(l, y, [&](const std::vector<int8_t>& rows, int32_t depth) {
    const auto block = pack::dot_slices(rows.data(), pack::block, depth, 1);
    if (block) packed.insert(packed.end(), block->begin(), block->end());
    return block.has_value();
  });
  return fits ? static_cast<int32_t>(l.pool.add(l.name("weights"), packed, 4)) : -1;
}

int32_t add_bytes(Lowering& l, const Layer& y) {
  std::vector<int8_t> packed;
  for_blocks(l, y, [&](const std::vector<int8_t>& rows, int32_t depth) {
    const std::vector<int8_t> block = pack::blocks(rows.data(), 1, pack::block, depth, 4);
    packed.insert(packed.end(), block.begin(), block.end());
    return true;
  });
  return static_cast<int32_t>(l.pool.add(l.name("weights"), packed, 4));
}

int32_t add_biases(Lowering& l, const Layer& y) {
  const Biases b = biases(l.graph, l.node, y);
  std::vector<int32_t> packed;
  for (int32_t u = 0; u < y.units; u += pack::block) {
    for (int32_t g = 0; g < gates; ++g) {
      for (const std::vector<int64_t>* from : {&b.of_input, &b.of_state}) {
        for (int32_t j = u; j < u + pack::block; ++j) {
          packed.push_back(j < y.units ? static_cast<int32_t>((*from)[static_cast<size_t>(g * y.units + j)]) : 0);
        }
      }
    }
  }
  return static_cast<int32_t>(l.pool.add(l.name("bias"), packed));
}

LstmGate gate_of(const Layer& y, Gate gate) {
  const Multiplier &x = y.of_input[gate], &state = y.of_state[gate];
  return {x.multiplier, ~x.shift, state.multiplier, ~state.shift};
}

constexpr const char* fields =
    "time sequences inputs taps units padded every reverse weights bias input.multiplier input.right "
    "input.state_multiplier "
    "input.state_right forget.multiplier forget.right forget.state_multiplier forget.state_right candidate.multiplier "
    "candidate.right candidate.state_multiplier candidate.state_right output.multiplier output.right "
    "output.state_multiplier "
    "output.state_right cell_bits cell_shift cell_limit cell_least hidden_multiplier hidden_right hidden_zero";

}  // namespace

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  const Result<Layer> y = check(graph, node);
  if (!y) return y.failure();
  return std::vector<TensorType>{{DType::i8, y->shape(y->units)}};
}

void evaluate(const Evaluation& e) {
  const Layer y = *check(e.graph, e.node);
  auto* out = e.out[0]->as<int8_t>();
  for (int64_t n = 0; n < y.sequences; ++n) {
    Oracle oracle(e, y);
    for (int64_t t = 0; t < y.time; ++t) {
      const int64_t row = y.row(n, t);
      oracle.step(e.in[in_x]->as<int8_t>() + row * y.inputs);
      if (y.every) std::copy(oracle.hidden.begin(), oracle.hidden.end(), out + row * y.units);
    }
    if (!y.every) std::copy(oracle.hidden.begin(), oracle.hidden.end(), out + n * y.units);
  }
}

Outcome lower(Lowering& l) {
  const Layer y = *check(l.graph, l.node);
  LstmS8 p{};
  p.time = y.time;
  p.sequences = y.sequences;
  p.inputs = y.inputs;
  p.taps = pack::round_up(y.inputs, 4);
  p.units = y.units;
  p.padded = pack::round_up(y.units, 4);
  p.every = y.every ? 1 : 0;
  p.reverse = y.reverse ? 1 : 0;
  p.input = gate_of(y, input_gate);
  p.forget = gate_of(y, forget_gate);
  p.candidate = gate_of(y, candidate_gate);
  p.output = gate_of(y, output_gate);
  p.cell_bits = 15 + y.cell_power;
  p.cell_shift = 30 + y.cell_power;
  p.cell_limit = y.cell_clip > 0 ? y.cell_clip : 32767;
  p.cell_least = y.cell_clip > 0 ? -y.cell_clip : -32768;
  p.hidden_multiplier = y.hidden.multiplier;
  p.hidden_right = ~y.hidden.shift;
  p.hidden_zero = y.hidden_zero;
  p.weights = l.vector == Vector::swar || !is_narrow(l.graph, l.node, y) ? -1 : add_pairs(l, y);
  if (p.weights >= 0) {
    l.kernel("ops/lstm_s8.hpp", SMELT_KERNEL(lstm_s8));
  } else {
    p.weights = add_bytes(l, y);
    l.kernel("ops/lstm_s8.hpp", SMELT_KERNEL(lstm_any_s8));
  }
  p.bias = add_biases(l, y);
  l.params("smelt::LstmS8", p, fields);
  declare_steps(l, y, 0, false);
  l.scratch(p.taps + 4 * p.padded, true);
  return Done{};
}

// ---- from floats ----

namespace {

float next_power_of_two(float scale) { return std::exp2(std::ceil(std::log2(scale))); }

template <class T>
TensorId add(Graph& graph, const Tensor& like, DType type, Quantization q, const std::vector<T>& values) {
  const auto* first = reinterpret_cast<const uint8_t*>(values.data());
  Tensor t{like.name, type, like.shape, std::move(q), std::make_shared<Bytes>(first, first + values.size() * sizeof(T)), -1};
  return graph.add(std::move(t));
}

/// What a scale per gate must reach: each gate's greatest weight, and a bias that fits 32 bits of `bias_scale` times it.
Result<Quantization> gate_quantization(const Integers& what, size_t index, const std::vector<double>& bias, double bias_scale) {
  const Tensor& w = what.from.at(what.node.in(index));
  const auto rows = static_cast<size_t>(w.shape[0]), per_gate = rows / gates;
  Quantization q{std::vector<float>(rows), std::vector<int32_t>(rows), 0};
  for (size_t g = 0; g < gates; ++g) {
    float scale = 1e-12F;
    for (size_t row = g * per_gate; row < (g + 1) * per_gate; ++row) {
      for (int32_t i = 0; i < w.shape[1]; ++i) {
        const float v = w.as<float>()[row * static_cast<size_t>(w.shape[1]) + static_cast<size_t>(i)];
        if (!std::isfinite(v)) return fail(what.from, what.node, "E0902", "a weight is no finite number", "train the model again");
        scale = std::max(scale, std::abs(v) / 127);
      }
      if (!bias.empty()) scale = std::max(scale, static_cast<float>(std::abs(bias[row]) / bias_scale / 1e9));
    }
    if (what.powers_of_two) scale = next_power_of_two(scale);
    std::fill_n(q.scale.begin() + static_cast<std::ptrdiff_t>(g * per_gate), per_gate, scale);
  }
  return q;
}

TensorId quantized_weights(const Integers& what, size_t index, const Quantization& q) {
  const Tensor& w = what.from.at(what.node.in(index));
  std::vector<int8_t> values;
  for (int64_t i = 0; i < elements(w.shape); ++i) {
    const float v = std::round(w.as<float>()[i] / q.scale[static_cast<size_t>(i / w.shape[1])]);
    values.push_back(static_cast<int8_t>(std::clamp(v, -127.0F, 127.0F)));
  }
  return add(what.to, w, DType::i8, q, values);
}

/// Both biases of each row as one; zeros where there are none.
std::vector<double> whole_bias(const Integers& what, size_t rows) {
  std::vector<double> bias(rows);
  for (const size_t index : {in_bias, in_recurrent_bias}) {
    if (what.node.in(index) == no_tensor) continue;
    for (size_t i = 0; i < rows; ++i) bias[i] += double{what.from.at(what.node.in(index)).as<float>()[i]};
  }
  return bias;
}

}  // namespace

bool has_integers(const Graph& graph, const Node& node) { return check_form(graph, node).ok(); }

Outcome to_integers(const Integers& what) {
  Node& made = what.made;
  const Quantization in = what.to.at(made.in(in_x)).quant, out = what.to.at(made.out()).quant;
  const Tensor& weights = what.from.at(what.node.in(in_weights));
  const std::vector<double> bias = whole_bias(what, static_cast<size_t>(weights.shape[0]));
  const double in_scale{in.scale.at(0)};
  const Result<Quantization> of_input = gate_quantization(what, in_weights, bias, in_scale),
                             of_state = gate_quantization(what, in_recurrent, {}, 0);
  if (!of_input) return of_input.failure();
  if (!of_state) return of_state.failure();
  made.inputs = {made.in(in_x), no_tensor, no_tensor, quantized_weights(what, in_weights, *of_input),
                 quantized_weights(what, in_recurrent, *of_state)};
  Quantization sums = *of_input;
  std::vector<int32_t> integers;
  for (size_t i = 0; i < bias.size(); ++i) {
    sums.scale[i] *= in.scale[0];
    integers.push_back(static_cast<int32_t>(std::llround(bias[i] / double{sums.scale[i]})));
  }
  const Tensor like{weights.name + "/bias", DType::i32, {weights.shape[0]}, {}, nullptr, -1};
  made.inputs.push_back(add(what.to, like, DType::i32, sums, integers));
  made.attrs.set("hidden_scale", double{out.scale.at(0)});
  made.attrs.set("hidden_zero", int64_t{out.zero_point.at(0)});
  const double power = std::ceil(std::log2(std::max(double{what.internal}, 1e-6) / 32767));
  made.attrs.set("cell_scale", std::exp2(std::clamp<double>(power, least_cell_power, most_cell_power)));
  return Done{};
}

}  // namespace smelt::integer_lstm
