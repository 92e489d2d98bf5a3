// LSTM, GRU and RNN, forward, reverse and in both directions: one layer of the IR for each direction.
#include <algorithm>
#include <cctype>

#include "import/onnx_call.hpp"

namespace smelt::onnx {
namespace {

enum In : size_t { in_x, in_weights, in_recurrent, in_bias, in_lengths, in_hidden, in_cell, in_peepholes };

/// An operator, and where its gates come from in the IR's order.
struct Kind {
  const char* op;
  std::vector<int64_t> gates, peepholes;
  std::vector<std::string> functions;  ///< when none are named
};

const Kind lstm{"lstm", {0, 2, 3, 1}, {0, 2, 1}, {"Sigmoid", "Tanh", "Tanh"}};
const Kind gru{"gru", {0, 1, 2}, {}, {"Sigmoid", "Tanh"}};
const Kind rnn{"rnn", {0}, {}, {"Tanh"}};

/// Attributes of all directions.
struct Layer {
  int64_t units, directions, clock, batch;
  bool reverse, batch_first;
  Attrs common;
  std::vector<std::string> functions;
  std::vector<float> alpha, beta;
};

std::string word(const std::string& name) {
  std::string w;
  for (size_t i = 0; i < name.size(); ++i) {
    const auto letter = static_cast<unsigned char>(name[i]);
    if (std::isupper(letter) != 0 && i > 0) w += '_';
    w += static_cast<char>(std::tolower(letter));
  }
  return w == "affine" ? "linear" : w;
}

/// Functions of one direction, as attributes. Those with parameters take them from the lists in turn.
void set_functions(Call& c, const Kind& kind, const Layer& layer, int64_t direction, Attrs& a) {
  const size_t count = kind.functions.size();
  const std::vector<const char*> roles = kind.op == rnn.op ? std::vector<const char*>{"cell"} : std::vector<const char*>{"gate", "cell", "output"};
  size_t alpha = 0, beta = 0;
  for (size_t k = 0; k < layer.functions.size(); ++k) {
    const std::string w = word(layer.functions[k]);
    if (w == "linear") c.unsupported("function " + layer.functions[k] + " is not supported in a recurrent layer");
    const bool has_alpha = w == "hard_sigmoid" || w == "elu" || w == "leaky_relu";
    const bool mine = k / count == static_cast<size_t>(direction);
    const std::string role = roles[k % count];
    if (mine) a.set(role, w);
    if (has_alpha && alpha < layer.alpha.size()) {
      if (mine) a.set(role + "_alpha", double{layer.alpha[alpha]});
      ++alpha;
    }
    if (w == "hard_sigmoid" && beta < layer.beta.size()) {
      if (mine) a.set(role + "_beta", double{layer.beta[beta]});
      ++beta;
    }
  }
}

/// Of a constant [directions, gates * units, ...], the gates of one direction in the IR's order.
TensorId part(Call& c, TensorId id, int64_t direction, int64_t first, const std::vector<int64_t>& gates, int64_t units) {
  if (!c.b.is_constant(id)) c.unsupported("weights must be constant", "export the model with frozen weights");
  Shape s = c.b.shape(id);
  if (s.size() < 2 || direction >= s[0] || s[1] < (first + static_cast<int64_t>(gates.size())) * units) c.mismatch("weights of " + to_string(s));
  Ids parts;
  for (int64_t g : gates) {
    std::vector<int64_t> begin(s.size(), 0), size(s.begin(), s.end());
    begin[0] = direction;
    size[0] = 1;
    begin[1] = (first + g) * units;
    size[1] = units;
    parts.push_back(c.b.slice(id, begin, size));
  }
  const TensorId all = c.b.concat(parts, 1);
  const Shape one = c.b.shape(all);
  return c.b.reshape(all, Shape(one.begin() + 1, one.end()));
}

/// Initial state of a direction, [batch, units]; zeros where there is none but `needed`.
TensorId state(Call& c, const Layer& layer, size_t input, int64_t direction, bool needed) {
  const auto batch = static_cast<int32_t>(layer.batch), units = static_cast<int32_t>(layer.units);
  if (!c.has(input)) return needed ? c.b.floats({batch, units}, std::vector<float>(static_cast<size_t>(batch) * static_cast<size_t>(units))) : no_tensor;
  std::vector<int64_t> begin(3, 0), size = {layer.directions, layer.batch, layer.units};
  const size_t d = layer.batch_first ? 1 : 0;
  if (layer.batch_first) std::swap(size[0], size[1]);
  begin[d] = direction;
  size[d] = 1;
  if (c.rank(input) != 3) c.mismatch("an initial state of " + to_string(c.shape(input)));
  return c.b.reshape(c.b.slice(c.in(input), begin, size), Shape{batch, units});
}

struct Made {
  TensorId all, last, cell;  ///< [batch, time, units], [batch, units] twice
};

Made direction(Call& c, const Kind& kind, const Layer& layer, TensorId x, int64_t d) {
  Attrs a = layer.common;
  set_functions(c, kind, layer, d, a);
  const bool reverse = layer.reverse || d == 1;
  a.set("reverse", int64_t{reverse});
  a.set("sequence", int64_t{1});
  const auto gates = static_cast<int64_t>(kind.gates.size());
  const bool cell_state = kind.op == lstm.op;
  const bool initial = c.has(in_hidden) || (cell_state && c.has(in_cell));
  Ids in = {x,
            state(c, layer, in_hidden, d, initial),
            cell_state ? state(c, layer, in_cell, d, initial) : no_tensor,
            part(c, c.in(in_weights), d, 0, kind.gates, layer.units),
            part(c, c.in(in_recurrent), d, 0, kind.gates, layer.units),
            c.has(in_bias) ? part(c, c.in(in_bias), d, 0, kind.gates, layer.units) : no_tensor,
            c.has(in_bias) ? part(c, c.in(in_bias), d, gates, kind.gates, layer.units) : no_tensor,
            cell_state && c.has(in_peepholes) ? part(c, c.in(in_peepholes), d, 0, kind.peepholes, layer.units) : no_tensor};
  const bool wants_cell = cell_state && c.wants(2);
  if (cell_state) a.set("cell_output", int64_t{wants_cell});
  Made m{no_tensor, no_tensor, no_tensor};
  if (!c.wants(0) && !wants_cell) {
    a.set("sequence", int64_t{0});
    m.last = c.b.node(kind.op, in, a);
    return m;
  }
  const Ids made = c.b.nodes(kind.op, in, a, wants_cell ? 2 : 1);
  m.all = made[0];
  if (wants_cell) m.cell = made[1];
  const Shape s = c.b.shape(m.all);
  const TensorId last = c.b.slice(m.all, {0, reverse ? 0 : layer.clock - 1, 0}, {s[0], 1, s[2]});
  m.last = c.b.reshape(last, Shape{s[0], s[2]});
  return m;
}

Converter recurrent(const Kind& kind) {
  return [kind](Call& c) {
    Layer layer{};
    const std::string way = c.s("direction", "forward");
    if (way != "forward" && way != "reverse" && way != "bidirectional") c.mismatch("direction " + way);
    layer.directions = way == "bidirectional" ? 2 : 1;
    layer.reverse = way == "reverse";
    layer.batch_first = c.i("layout", 0) != 0;
    if (c.rank(in_x) != 3 || c.rank(in_recurrent) != 3) c.mismatch("x and the weights must have three dimensions");
    layer.units = c.i("hidden_size", c.shape(in_recurrent)[2]);
    layer.clock = c.shape(in_x)[layer.batch_first ? 1 : 0];
    layer.batch = c.shape(in_x)[layer.batch_first ? 0 : 1];
    if (layer.units != c.shape(in_recurrent)[2]) c.mismatch("hidden_size is not that of the weights");
    if (c.i("input_forget", 0) != 0) c.unsupported("input_forget is not supported");
    const double clip = c.f("clip", 0);
    if (clip != 0) layer.common.set("clip", clip);
    if (kind.op == gru.op) layer.common.set("reset_after", int64_t{c.i("linear_before_reset", 0) != 0});
    layer.functions = c.has_attr("activations") ? c.strings("activations") : std::vector<std::string>{};
    layer.alpha = c.floats("activation_alpha");
    layer.beta = c.floats("activation_beta");
    if (layer.functions.empty()) {
      for (int64_t d = 0; d < layer.directions; ++d) layer.functions.insert(layer.functions.end(), kind.functions.begin(), kind.functions.end());
    }
    if (layer.functions.size() != kind.functions.size() * static_cast<size_t>(layer.directions)) c.mismatch("there are not as many activations as wanted");
    if (c.has(in_lengths)) {
      for (int64_t n : c.b.ints(c.in(in_lengths), "sequence_lens")) {
        if (n != layer.clock) c.unsupported("sequences shorter than the input are not supported");
      }
    }
    const TensorId x = layer.batch_first ? c.in(in_x) : c.b.transpose(c.in(in_x), {1, 0, 2});
    Ids all, last, cell;
    const int64_t n = layer.batch, units = layer.units;
    for (int64_t d = 0; d < layer.directions; ++d) {
      const Made m = direction(c, kind, layer, x, d);
      if (m.all != no_tensor) all.push_back(c.b.reshape(m.all, Ints{n, layer.clock, 1, units}));
      last.push_back(c.b.reshape(m.last, Ints{n, 1, units}));
      if (m.cell != no_tensor) cell.push_back(c.b.reshape(m.cell, Ints{n, 1, units}));
    }
    const auto states = [&](const Ids& parts) {
      const TensorId y = c.b.concat(parts, 1);  // [batch, directions, units]
      return layer.batch_first ? y : c.b.transpose(y, {1, 0, 2});
    };
    TensorId y = no_tensor;
    if (c.wants(0)) {
      y = c.b.concat(all, 2);
      if (!layer.batch_first) y = c.b.transpose(y, {1, 2, 0, 3});
    }
    c.out = {y, states(last)};
    if (!cell.empty()) c.out.push_back(states(cell));
  };
}

}  // namespace

void add_recurrent(Converters& to) { to.insert({{"LSTM", recurrent(lstm)}, {"GRU", recurrent(gru)}, {"RNN", recurrent(rnn)}}); }

}  // namespace smelt::onnx
