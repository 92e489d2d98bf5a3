// Recurrent layers and the wrappers around layers. Sources: Keras 2.15 and Keras 3, layers/rnn.
#include <algorithm>

#include "import/keras_call.hpp"
#include "import/text.hpp"

namespace smelt::keras {
namespace {

bool is_recurrent(const Layer& l) {
  return l.class_name == "LSTM" || l.class_name == "GRU" || l.class_name == "SimpleRNN";
}

/// A function within a layer, as ops/recurrent.cpp has it.
void put_function(const Call& c, const char* field, const char* role, Attrs& attrs) {
  const Json* function = c.field(field);
  const std::string word = function == nullptr ? "linear" : function->is_string() ? function->get<std::string>() : "";
  for (const char* known : {"linear", "relu", "sigmoid", "tanh", "hard_sigmoid", "softsign", "elu", "leaky_relu"}) {
    if (word != known) continue;
    attrs.set(role, word);
    if (word == "leaky_relu") attrs.set(std::string(role) + "_alpha", 0.2);
    if (word != "hard_sigmoid") return;
    attrs.set(std::string(role) + "_alpha", c.version < 3 ? 0.2 : 1.0 / 6);
    attrs.set(std::string(role) + "_beta", 0.5);
    return;
  }
  const bool custom = function != nullptr && function->is_object();
  c.b.refuse(
      custom ? "E0312" : "E0311",
      std::string(field) + (custom ? " is the custom function \"" + printable(text(*function, "config", "?"), 80) + "\""
                                   : " \"" + printable(word, 80) + "\" is not supported in a recurrent layer"),
      "use tanh, sigmoid, hard_sigmoid, relu, elu, softsign or linear");
}

struct States {
  TensorId hidden = no_tensor, cell = no_tensor;
};

struct Run {
  TensorId sequence = no_tensor;  ///< of hidden states, in the order of time; when asked for
  States last;                    ///< the cell's when asked for
};

TensorId reversed(Call& c, TensorId x) {
  const Shape& s = c.b.shape(x);
  return c.b.strided_slice(x, {0, s[1] - 1, 0}, Ints(s.begin(), s.end()), {1, -1, 1});
}

Run run(Call& c, TensorId x, bool backwards, bool every, bool states, const States& initial) {
  const std::string& cls = c.layer.class_name;
  const std::string op = cls == "LSTM" ? "lstm" : cls == "GRU" ? "gru" : "rnn";
  if (c.b.rank(x) != 3) c.unsupported("an input of " + to_string(c.b.shape(x)) + " is not [batch, time, features]");
  for (const char* name : {"stateful", "time_major"}) {
    if (c.flag(name, false)) c.unsupported(std::string(name) + " is not supported");
  }
  Attrs a;
  a.set("sequence", int64_t{every});
  a.set("reverse", int64_t{backwards});
  put_function(c, "activation", "cell", a);
  if (op != "rnn") put_function(c, "recurrent_activation", "gate", a);
  if (op == "lstm") {
    put_function(c, "activation", "output", a);
    a.set("cell_output", int64_t{states});
  }
  const bool reset_after = op == "gru" && c.flag("reset_after", false);
  if (op == "gru") a.set("reset_after", int64_t{reset_after});
  TensorId bias = no_tensor, recurrent_bias = no_tensor;
  if (c.has_weight("bias") && reset_after) {
    const Array& both = c.weight("bias", 2);
    const auto half = static_cast<ptrdiff_t>(both.values.size() / 2);
    if (both.shape[0] != 2) c.malformed("its biases are of " + to_string(both.shape));
    bias = c.b.floats({both.shape[1]}, {both.values.begin(), both.values.begin() + half});
    recurrent_bias = c.b.floats({both.shape[1]}, {both.values.begin() + half, both.values.end()});
  } else {
    bias = c.vector_or_none("bias");
  }
  const TensorId weights = c.constant(c.weight("kernel", 2), {1, 0}),
                 recurrent = c.constant(c.weight("recurrent_kernel", 2), {1, 0});
  const bool cell = op == "lstm" && states;
  const Ids made = c.b.nodes(op, {x, initial.hidden, initial.cell, weights, recurrent, bias, recurrent_bias, no_tensor},
                             a, cell ? 2 : 1, {});
  Run r;
  if (every) r.sequence = made[0];
  r.last = {made[0], cell ? made[1] : no_tensor};
  if (every && states) {
    const Shape& s = c.b.shape(made[0]);
    r.last.hidden =
        c.b.reshape(c.b.slice(made[0], {0, backwards ? 0 : s[1] - 1, 0}, {s[0], 1, s[2]}), Shape{s[0], s[2]});
  }
  return r;
}

/// States that the caller brings: of one layer `n` of them.
std::vector<States> initial_states(Call& c, size_t layers) {
  Ids given(c.in.begin() + std::min<ptrdiff_t>(1, std::ssize(c.in)), c.in.end());
  given.insert(given.end(), c.initial_state.begin(), c.initial_state.end());
  std::vector<States> states(layers);
  if (given.empty()) return states;
  const bool lstm =
      c.layer.class_name == "LSTM" || (!c.layer.children.empty() && c.layer.children[0].class_name == "LSTM");
  if (given.size() != layers * (lstm ? 2 : 1))
    c.malformed("it has " + std::to_string(given.size()) + " initial states");
  for (size_t i = 0; i < layers; ++i)
    states[i] = lstm ? States{given[2 * i], given[2 * i + 1]} : States{given[i], no_tensor};
  return states;
}

void put_states(const Run& r, Ids& out) {
  out.push_back(r.last.hidden);
  if (r.last.cell != no_tensor) out.push_back(r.last.cell);
}

void recurrent(Call& c) {
  if (c.in.empty()) c.malformed("it has no input");
  const bool every = c.flag("return_sequences", false), states = c.flag("return_state", false);
  const bool backwards = c.flag("go_backwards", false);
  const Run r = run(c, c.in[0], backwards, every, states, initial_states(c, 1)[0]);
  c.out = {!every ? r.last.hidden : backwards ? reversed(c, r.sequence) : r.sequence};
  if (states) put_states(r, c.out);
}

TensorId merged(Call& c, const std::string& mode, TensorId a, TensorId b) {
  if (mode == "concat") return c.b.concat({a, b}, c.b.rank(a) - 1);
  if (mode == "sum") return c.b.add(a, b);
  if (mode == "mul") return c.b.mul(a, b);
  if (mode == "ave") return c.b.mul(c.b.add(a, b), c.b.number(0.5F));
  c.unsupported("merge_mode \"" + printable(mode, 40) + "\" is not supported");
}

void bidirectional(Call& c) {
  const Layer& forward = c.layer.children.at(0);
  const Layer& backward = c.layer.children.at(1);
  if (c.in.empty()) c.malformed("it has no input");
  Run runs[2];
  bool every = false, states = false;
  const std::vector<States> initial = initial_states(c, 2);
  for (const Layer* l : {&forward, &backward}) {
    if (!is_recurrent(*l))
      c.unsupported("it wraps a layer of class " + l->class_name, "wrap an LSTM, GRU or SimpleRNN");
    Call part(c, *l, {c.in[0]});
    const bool second = l == &backward;
    // The second layer is the first one turned, or has a configuration of its own.
    const bool backwards = part.flag("go_backwards", false) != l->backward;
    if (backwards != second)
      c.unsupported("layers that run in other directions than forwards and backwards are not supported");
    const bool sequence = part.flag("return_sequences", false), state = part.flag("return_state", false);
    if (second && (sequence != every || state != states)) c.malformed("its two layers return different things");
    every = sequence;
    states = state;
    runs[second] = run(part, c.in[0], backwards, every, states, initial[second]);
  }
  const auto result = [&](const Run& r) { return every ? r.sequence : r.last.hidden; };
  const bool apart = c.field("merge_mode") == nullptr && c.layer.config->contains("merge_mode");
  c.out = apart ? Ids{result(runs[0]), result(runs[1])}
                : Ids{merged(c, c.s("merge_mode", "concat"), result(runs[0]), result(runs[1]))};
  if (!states) return;
  put_states(runs[0], c.out);
  put_states(runs[1], c.out);
}

/// Steps of time become a batch.
void time_distributed(Call& c) {
  const Shape s = c.shape();
  if (s.size() < 3) c.unsupported("an input of " + to_string(s) + " has no steps of time");
  Shape steps(s.begin() + 1, s.end());
  const int64_t batch = int64_t{s[0]} * s[1];
  if (batch > max_tensor_bytes) c.unsupported("an input of " + to_string(s) + " is too large");
  steps[0] = static_cast<int32_t>(batch);
  const Ids made = c.call(c.layer.children.at(0), {c.b.reshape(c.x(), steps)});
  if (made.size() != 1) c.unsupported("a layer of several outputs within it is not supported");
  Shape out = c.b.shape(made[0]);
  if (out.empty() || out[0] != steps[0]) c.unsupported("its layer mixes the steps of time");
  out[0] = s[1];
  out.insert(out.begin(), s[0]);
  c.out = {c.b.reshape(made[0], out)};
}

}  // namespace

void add_recurrent(Converters& to) {
  to.insert({{"LSTM", recurrent},
             {"GRU", recurrent},
             {"SimpleRNN", recurrent},
             {"Bidirectional", bidirectional},
             {"TimeDistributed", time_distributed}});
}

}  // namespace smelt::keras
