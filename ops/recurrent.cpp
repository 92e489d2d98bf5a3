// lstm, gru, rnn: recurrent layers over the rows of sequences.
//
// Inputs: x [sequences, time, inputs], or [sequences, inputs] of one step where `sequence` is 0; initial hidden state,
// initial cell state (lstm) [sequences, units], updated where they are states; weights
// [gates * units, inputs] and recurrent weights [gates * units, units], biases of both [gates * units], peepholes
// [3 * units] (lstm: input, forget, output gate). All but x are constant, or the initial states; all but x and the
// weights may be absent. Gates stand in this order: lstm input, forget, candidate, output; gru update, reset,
// candidate.
//
// Attributes: `sequence` 1 makes the hidden state of each step [sequences, time, units], 0 that of the last one
// [sequences, units]; `reverse` 1 goes from the last step to the first, each step's state standing where its input
// stood; `reset_after` (gru): whether the reset gate acts behind the product with the recurrent weights; `cell_output`
// (lstm): a second output, the final cell state [sequences, units]; `clip`: bound of the sums, 0 for none; `cell_clip`
// (lstm): the same of the cell state; `time_major` 1: one sequence, [time, 1, ...] in and out. Functions by
// their words: `gate` (sigmoid), `cell` (tanh), `output` (lstm, tanh), each with ..._alpha and ..._beta.
//
// Sources: ONNX, Operators.md, LSTM, GRU, RNN; Keras, layers/rnn.
#include "runtime/ops/recurrent.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "lower/lowering.hpp"
#include "lower/pack.hpp"
#include "ops/checks.hpp"
#include "ops/lstm_s8.hpp"
#include "ops/op.hpp"
#include "ops/quantize.hpp"
#include "ops/sequence_lstm.hpp"
#include "ops/sequence_rnn.hpp"
#include "ops/sequences.hpp"

namespace smelt {
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

struct Word {
  const char* name;
  RecurrentFunction::Kind kind;
  float (*exact)(float x, float alpha, float beta);
  double alpha, beta;  ///< when not given
};
constexpr Word words[] = {
    {"linear", RecurrentFunction::linear, [](float x, float, float) { return x; }, 0, 0},
    {"relu", RecurrentFunction::relu, [](float x, float, float) { return std::max(x, 0.0F); }, 0, 0},
    {"sigmoid", RecurrentFunction::sigmoid, [](float x, float, float) { return 1 / (1 + std::exp(-x)); }, 0, 0},
    {"tanh", RecurrentFunction::tanh, [](float x, float, float) { return std::tanh(x); }, 0, 0},
    {"hard_sigmoid", RecurrentFunction::hard_sigmoid,
     [](float x, float a, float b) { return std::max(0.0F, std::min(1.0F, a * x + b)); }, 0.2, 0.5},
    {"softsign", RecurrentFunction::softsign, [](float x, float, float) { return x / (1 + std::fabs(x)); }, 0, 0},
    {"elu", RecurrentFunction::elu, [](float x, float a, float) { return x < 0 ? a * std::expm1(x) : x; }, 1, 0},
    {"leaky_relu", RecurrentFunction::leaky_relu, [](float x, float a, float) { return x < 0 ? a * x : x; }, 0.01, 0},
};

struct Function {
  const Word* word;
  float alpha, beta;
  float operator()(float x) const { return word->exact(x, alpha, beta); }
  RecurrentFunction device() const { return {word->kind, float_bits(alpha), float_bits(beta)}; }
};

struct Layer : Sequences {
  int32_t gates, inputs, units;
  bool reset_after, cell_output;
  float clip;       ///< infinity for none
  float cell_clip;  ///< the same
  Function gate, cell, output;
};

Result<Function> function(const Graph& graph, const Node& node, const std::string& role, const char* absent) {
  const std::string name = node.attrs.s(role, absent);
  for (const Word& w : words) {
    if (name != w.name) continue;
    const double alpha = node.attrs.f(role + "_alpha", w.alpha), beta = node.attrs.f(role + "_beta", w.beta);
    if (!std::isfinite(static_cast<float>(alpha)) || !std::isfinite(static_cast<float>(beta))) {
      return fail(graph, node, "E0303", "a parameter of the function " + name + " is not a finite number");
    }
    return Function{&w, static_cast<float>(alpha), static_cast<float>(beta)};
  }
  return fail(graph, node, "E0303", "the function \"" + name + "\" is not supported in a recurrent layer",
              "use tanh, sigmoid, hard_sigmoid, relu, elu, leaky_relu, softsign or linear");
}

/// Input `index` is absent, or of this shape; a constant unless it is a state.
Outcome check_input(const Graph& graph, const Node& node, size_t index, const Shape& shape, bool needed) {
  const TensorId id = node.in(index);
  if (id == no_tensor && !needed) return Done{};
  if (id == no_tensor) return fail(graph, node, "E0302", "input " + std::to_string(index) + " is absent");
  const Tensor& t = graph.at(id);
  const bool state = index == in_hidden || index == in_cell;
  if (t.dtype != DType::f32 || t.shape != shape || !(state || t.constant())) {
    return fail(
        graph, node, "E0302",
        "input " + std::to_string(index) + " must be " + (state ? "" : "constant ") + "f32 of " + to_string(shape));
  }
  return Done{};
}

int32_t gates_of(const Node& node) { return node.op == "lstm" ? 4 : node.op == "gru" ? 3 : 1; }

Outcome check_inputs(const Graph& graph, const Node& node, const Layer& y) {
  const bool lstm = node.op == "lstm";
  const Shape states = {y.sequences, y.units}, biases = {y.gates * y.units};
  const bool initial = node.in(in_hidden) != no_tensor || node.in(in_cell) != no_tensor;
  if (Outcome o = check_input(graph, node, in_hidden, states, initial); !o) return o;
  if (Outcome o = check_input(graph, node, in_cell, states, initial && lstm); !o) return o;
  if (Outcome o = check_input(graph, node, in_weights, {y.gates * y.units, y.inputs}, true); !o) return o;
  if (Outcome o = check_input(graph, node, in_recurrent, {y.gates * y.units, y.units}, true); !o) return o;
  if (Outcome o = check_input(graph, node, in_bias, biases, false); !o) return o;
  if (Outcome o = check_input(graph, node, in_recurrent_bias, biases, false); !o) return o;
  if (Outcome o = check_input(graph, node, in_peepholes, {3 * y.units}, false); !o) return o;
  if (lstm && initial && graph.at(node.in(in_hidden)).state != graph.at(node.in(in_cell)).state) {
    return fail(graph, node, "E0302", "of hidden and cell state both are kept between inferences, or neither");
  }
  if (!lstm && (node.in(in_cell) != no_tensor || node.in(in_peepholes) != no_tensor)) {
    return fail(graph, node, "E0302", "only lstm has a cell state and peepholes");
  }
  return Done{};
}

Result<Layer> check(const Graph& graph, const Node& node) {
  Layer y{};
  y.gates = gates_of(node);
  y.reset_after = node.op == "gru" && node.attrs.i("reset_after") != 0;
  y.cell_output = node.attrs.i("cell_output") != 0;
  if (node.inputs.size() > operands || node.in(in_x) == no_tensor || node.in(in_recurrent) == no_tensor ||
      node.outputs.size() != (y.cell_output ? 2 : 1) || (y.cell_output && node.op != "lstm")) {
    return fail(graph, node, "E0302", "this is not how inputs and outputs of a recurrent layer are");
  }
  const Tensor& x = graph.at(node.in(in_x));
  const Shape& recurrent = graph.at(node.in(in_recurrent)).shape;
  if (x.dtype != DType::f32)
    return fail(graph, node, "E0301", std::string("an input of ") + to_string(x.dtype) + " is not supported");
  const Result<Sequences> sequences = sequences_of(graph, node);
  if (!sequences) return sequences.failure();
  if (recurrent.size() != 2) return fail(graph, node, "E0302", "recurrent weights must have two dimensions");
  static_cast<Sequences&>(y) = *sequences;
  y.inputs = x.shape.back();
  y.units = recurrent[1];
  // Elements are addressed by 32 bits.
  if (int64_t{y.gates} * (y.units + 3) * std::max(y.inputs, y.units) >= 1 << 28) {
    return fail(graph, node, "E0303", "a layer of " + std::to_string(y.units) + " units is too large");
  }
  if (Outcome o = check_inputs(graph, node, y); !o) return o.failure();
  for (const auto& [name, bound] : {std::pair{"clip", &y.clip}, std::pair{"cell_clip", &y.cell_clip}}) {
    const double value = node.attrs.f(name);
    if (!(value >= 0)) return fail(graph, node, "E0303", std::string(name) + " is not a number of 0 and more");
    *bound = value == 0 ? std::numeric_limits<float>::infinity() : static_cast<float>(value);
  }
  const Result<Function> gate = function(graph, node, "gate", "sigmoid"), cell = function(graph, node, "cell", "tanh"),
                         output = function(graph, node, "output", "tanh");
  for (const auto* f : {&gate, &cell, &output}) {
    if (!*f) return f->failure();
  }
  y.gate = *gate;
  y.cell = *cell;
  y.output = *output;
  return y;
}

/// An lstm of int8 (ops/lstm_s8.cpp).
bool is_integer(const Graph& graph, const Node& node) {
  return node.op == "lstm" && node.in(in_x) != no_tensor && graph.at(node.in(in_x)).dtype == DType::i8;
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  if (is_integer(graph, node)) return integer_lstm::infer(graph, node);
  const Result<Layer> y = check(graph, node);
  if (!y) return y.failure();
  std::vector<TensorType> types = {{DType::f32, y->shape(y->units)}};
  if (y->cell_output) types.push_back({DType::f32, y->states(y->units)});
  return types;
}

// ---- oracle ----

/// Content of an input, or nothing for an absent one.
struct Floats {
  const float* data = nullptr;
  float operator[](int64_t i) const { return data == nullptr ? 0.0F : data[i]; }
};

struct State {
  std::vector<float> hidden, cell;
};

class Oracle {
 public:
  Oracle(const Evaluation& e, const Layer& layer) : y_(layer) {
    for (size_t i = 0; i < operands && i < e.in.size(); ++i) {
      if (e.in[i] != nullptr) in_[i].data = e.in[i]->as<float>();
    }
  }

  State start(int64_t sequence) const {
    State s;
    for (int64_t u = 0; u < y_.units; ++u) {
      s.hidden.push_back(in_[in_hidden][sequence * y_.units + u]);
      s.cell.push_back(in_[in_cell][sequence * y_.units + u]);
    }
    return s;
  }

  void step(const std::string& op, int64_t row, State& s) const {
    const State old = s;
    for (int64_t u = 0; u < y_.units; ++u) {
      if (op == "lstm") lstm(row, u, old, s);
      if (op == "gru") gru(row, u, old, s);
      if (op == "rnn") s.hidden[at(u)] = y_.cell(static_cast<float>(clip(of_input(row, 0, u) + of_state(old.hidden, 0, u))));
    }
  }

 private:
  static size_t at(int64_t u) { return static_cast<size_t>(u); }
  double clip(double x) const { return std::clamp<double>(x, -y_.clip, y_.clip); }

  double of_input(int64_t row, int64_t gate, int64_t u) const {
    const int64_t unit = gate * y_.units + u;
    double sum = in_[in_bias][unit];
    for (int64_t i = 0; i < y_.inputs; ++i)
      sum += double{in_[in_weights][unit * y_.inputs + i]} * in_[in_x][row * y_.inputs + i];
    return sum;
  }
  double of_state(const std::vector<float>& state, int64_t gate, int64_t u) const {
    const int64_t unit = gate * y_.units + u;
    double sum = in_[in_recurrent_bias][unit];
    for (int64_t i = 0; i < y_.units; ++i) sum += double{in_[in_recurrent][unit * y_.units + i]} * state[at(i)];
    return sum;
  }
  float gate(double sum) const { return y_.gate(static_cast<float>(clip(sum))); }

  void lstm(int64_t row, int64_t u, const State& old, State& s) const {
    const auto sum = [&](int64_t g) { return of_input(row, g, u) + of_state(old.hidden, g, u); };
    const auto peephole = [&](int64_t g) { return double{in_[in_peepholes][g * y_.units + u]}; };
    const float in = gate(sum(0) + peephole(0) * old.cell[at(u)]),
                forget = gate(sum(1) + peephole(1) * old.cell[at(u)]);
    const float candidate = y_.cell(static_cast<float>(clip(sum(2))));
    s.cell[at(u)] = std::clamp(forget * old.cell[at(u)] + in * candidate, -y_.cell_clip, y_.cell_clip);
    s.hidden[at(u)] = gate(sum(3) + peephole(2) * s.cell[at(u)]) * y_.output(s.cell[at(u)]);
  }

  void gru(int64_t row, int64_t u, const State& old, State& s) const {
    const auto open = [&](int64_t g, int64_t unit) {
      return gate(of_input(row, g, unit) + of_state(old.hidden, g, unit));
    };
    double candidate = of_input(row, 2, u);
    if (y_.reset_after) {
      candidate += open(1, u) * of_state(old.hidden, 2, u);
    } else {
      std::vector<float> kept;
      for (int64_t i = 0; i < y_.units; ++i) kept.push_back(open(1, i) * old.hidden[at(i)]);
      candidate += of_state(kept, 2, u);
    }
    const float update = open(0, u);
    s.hidden[at(u)] = update * old.hidden[at(u)] + (1 - update) * y_.cell(static_cast<float>(clip(candidate)));
  }

  const Layer& y_;
  Floats in_[operands];
};

/// The final values become the state from which the next inference starts, where the initial ones are one.
void keep(const Evaluation& e, size_t input, const std::vector<float>& values, int64_t sequence) {
  if (input >= e.state.size() || e.state[input] == nullptr) return;
  std::copy(values.begin(), values.end(), e.state[input]->as<float>() + sequence * static_cast<int64_t>(values.size()));
}

void evaluate(const Evaluation& e) {
  if (is_integer(e.graph, e.node)) return integer_lstm::evaluate(e);
  const Layer y = *check(e.graph, e.node);
  const Oracle oracle(e, y);
  for (int64_t n = 0; n < y.sequences; ++n) {
    State s = oracle.start(n);
    for (int64_t t = 0; t < y.time; ++t) {
      const int64_t row = y.row(n, t);
      oracle.step(e.node.op, row, s);
      if (y.every) std::copy(s.hidden.begin(), s.hidden.end(), e.out[0]->as<float>() + row * y.units);
    }
    if (!y.every) std::copy(s.hidden.begin(), s.hidden.end(), e.out[0]->as<float>() + n * y.units);
    if (y.cell_output) std::copy(s.cell.begin(), s.cell.end(), e.out[1]->as<float>() + n * y.units);
    keep(e, in_hidden, s.hidden, n);
    keep(e, in_cell, s.cell, n);
  }
}

/// Of an lstm: all its cell states.
std::vector<float> cell_states(const Evaluation& e) {
  if (is_integer(e.graph, e.node)) return {};
  const Layer y = *check(e.graph, e.node);
  const Oracle oracle(e, y);
  std::vector<float> all;
  for (int64_t n = 0; n < y.sequences; ++n) {
    State s = oracle.start(n);
    for (int64_t t = 0; t < y.time; ++t) {
      oracle.step(e.node.op, y.row(n, t), s);
      all.insert(all.end(), s.cell.begin(), s.cell.end());
    }
  }
  return all;
}

// ---- device ----

/// Both biases of each unit as one, but for what a gru resets.
struct Biases {
  std::vector<float> sum, reset;
};

Biases biases(const Lowering& l, const Layer& y) {
  const auto floats = [&](size_t i) { return Floats{l.has_input(i) ? l.input(i).as<float>() : nullptr}; };
  const Floats input = floats(in_bias), recurrent = floats(in_recurrent_bias);
  Biases b;
  for (int32_t i = 0; i < y.gates * y.units; ++i) {
    const bool reset = y.reset_after && i >= 2 * y.units;
    b.sum.push_back(reset ? input[i] : input[i] + recurrent[i]);
    if (reset) b.reset.push_back(recurrent[i]);
  }
  return b;
}

Outcome lower(Lowering& l) {
  if (is_integer(l.graph, l.node)) return integer_lstm::lower(l);
  const Layer y = *check(l.graph, l.node);
  const Biases b = biases(l, y);
  Recurrent p{};
  p.time = y.time;
  p.sequences = y.sequences;
  p.inputs = y.inputs;
  p.units = y.units;
  p.padded = pack::round_up(y.units, pack::block);
  p.outputs = y.cell_output ? 2 : 1;
  p.kept = l.has_input(in_hidden) && l.input(in_hidden).state ? 1 : 0;
  p.initial = !l.has_input(in_hidden) ? 0 : l.has_input(in_cell) ? 2 : 1;
  p.every = y.every ? 1 : 0;
  p.reverse = y.reverse ? 1 : 0;
  const auto add = [&](const char* name, const std::vector<float>& values) {
    return static_cast<int32_t>(l.pool.add(l.name(name), values));
  };
  p.weights = add("weights", pack::blocks(l.input(in_weights).as<float>(), y.gates, y.units, y.inputs, 1));
  p.recurrent_weights =
      add("recurrent_weights", pack::blocks(l.input(in_recurrent).as<float>(), y.gates, y.units, y.units, 1));
  p.bias = add("bias", pack::padded_channels(b.sum, y.gates));
  p.recurrent_bias = y.reset_after ? add("recurrent_bias", pack::padded_channels(b.reset, 1)) : -1;
  p.peepholes = -1;
  if (l.has_input(in_peepholes)) {
    const auto* from = l.input(in_peepholes).as<float>();
    p.peepholes = add("peepholes", std::vector<float>(from, from + 3 * int64_t{y.units}));
  }
  p.clip = float_bits(y.clip);
  p.cell_clip = float_bits(y.cell_clip);
  p.gate = y.gate.device();
  p.cell = y.cell.device();
  p.output = y.output.device();
  if (y.gates == 4) l.kernel("ops/recurrent.hpp", SMELT_KERNEL(lstm_f32));
  if (y.gates == 3) l.kernel("ops/recurrent.hpp", SMELT_KERNEL(gru_f32));
  if (y.gates == 1) l.kernel("ops/recurrent.hpp", SMELT_KERNEL(rnn_f32));
  l.params(
      "smelt::Recurrent", p,
      "time sequences inputs units padded outputs initial kept every reverse weights recurrent_weights bias recurrent_bias "
      "peepholes clip cell_clip gate.kind gate.alpha gate.beta cell.kind cell.alpha cell.beta output.kind output.alpha "
      "output.beta");
  declare_steps(l, y, p.initial, y.cell_output, p.kept != 0);
  l.scratch(4 * (2 + y.gates) * p.padded, true);
  return Done{};
}

int64_t macs(const Graph& graph, const Node& node) {
  const Tensor& x = graph.at(node.in(in_x));
  const int64_t units = graph.at(node.in(in_recurrent)).shape[1];
  return elements(x.shape) / x.shape.back() * gates_of(node) * units * (x.shape.back() + units);
}

}  // namespace

extern const OpDef op_gru;
extern const OpDef op_lstm;
extern const OpDef op_rnn;
const OpDef op_gru = {.name = "gru",
                      .tflite = {},
                      .normalize = nullptr,
                      .infer = infer,
                      .evaluate = evaluate,
                      .lower = lower,
                      .macs = macs};
const OpDef op_lstm = {.name = "lstm",
                       .tflite = {"UNIDIRECTIONAL_SEQUENCE_LSTM"},
                       .normalize = normalize_sequence_lstm,
                       .infer = infer,
                       .evaluate = evaluate,
                       .lower = lower,
                       .macs = macs,
                       .to_integers = integer_lstm::to_integers,
                       .has_integers = integer_lstm::has_integers,
                       .internals = cell_states,
                       .denormalize = denormalize_sequence_lstm};
const OpDef op_rnn = {.name = "rnn",
                      .tflite = {"UNIDIRECTIONAL_SEQUENCE_RNN", "RNN"},
                      .normalize = normalize_sequence_rnn,
                      .infer = infer,
                      .evaluate = evaluate,
                      .lower = lower,
                      .macs = macs,
                      .states = {in_hidden},
                      .denormalize = refuse_rnn};

}  // namespace smelt
