// Recurrent layers: closed forms where gates are wide open or shut, and the compiled program against the oracle for
// every form. Keras and ONNX Runtime have their say in the tests of the readers.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "lower/compile.hpp"
#include "ops/op.hpp"
#include "passes/pipeline.hpp"
#include "tests/golden.hpp"

namespace smelt {
namespace {

using Floats = std::vector<float>;

Bytes as_bytes(const Floats& values) {
  Bytes bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

Floats as_floats(const Bytes& bytes) {
  Floats values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

/// One layer between two that work row by row, so that its rings can be shallow.
struct Case {
  std::string op = "rnn";
  int32_t sequences = 1, time = 5, inputs = 3, units = 2;
  Attrs attrs{};
  bool initial = false, bias = true, recurrent_bias = false, peepholes = false;
  /// Content of the constants; each gets its own numbers.
  std::function<float()> value = [] { return 1.0F; };

  int32_t gates() const { return op == "lstm" ? 4 : op == "gru" ? 3 : 1; }

  Graph graph() const {
    Graph g;
    g.file = g.name = "recurrent";
    const auto tensor = [&](const char* name, const Shape& shape) {
      return g.add(Tensor{.name = name, .dtype = DType::f32, .shape = shape, .quant = {}, .data = nullptr});
    };
    const auto constant = [&](bool wanted, const char* name, const Shape& shape) {
      if (!wanted) return no_tensor;
      const TensorId id = tensor(name, shape);
      Floats values;
      for (int64_t i = 0; i < elements(shape); ++i) values.push_back(value());
      g.at(id).data = std::make_shared<const Bytes>(as_bytes(values));
      return id;
    };
    const auto around = [&](TensorId from, const char* name) {
      const TensorId to = tensor(name, g.at(from).shape);
      g.nodes.push_back({"neg", {from}, {to}, {}, -1});
      return to;
    };
    const TensorId x = tensor("x", {sequences, time, inputs});
    g.inputs = {x};
    const TensorId before = around(x, "before");
    Node node{op, {before}, {}, attrs, -1};
    node.inputs.push_back(constant(initial, "hidden", {sequences, units}));
    node.inputs.push_back(constant(initial && op == "lstm", "cell", {sequences, units}));
    node.inputs.push_back(constant(true, "weights", {gates() * units, inputs}));
    node.inputs.push_back(constant(true, "recurrent", {gates() * units, units}));
    node.inputs.push_back(constant(bias, "bias", {gates() * units}));
    node.inputs.push_back(constant(recurrent_bias, "recurrent_bias", {gates() * units}));
    node.inputs.push_back(constant(peepholes, "peepholes", {3 * units}));
    const bool every = attrs.i("sequence") != 0;
    node.outputs.push_back(tensor("y", every ? Shape{sequences, time, units} : Shape{sequences, units}));
    if (attrs.i("cell_output") != 0) node.outputs.push_back(tensor("c", {sequences, units}));
    const std::vector<TensorId> made = node.outputs;
    g.nodes.push_back(std::move(node));
    for (const TensorId id : made) g.outputs.push_back(around(id, "after"));
    return g;
  }
};

Attrs attributes(const std::map<std::string, Attrs::Value>& values) {
  Attrs a;
  for (const auto& [name, value] : values) a.set(name, value);
  return a;
}

std::vector<Bytes> by_oracle(const Graph& graph, const Floats& input) {
  const std::vector<Value> values = evaluate(graph, {as_bytes(input)});
  std::vector<Bytes> outputs;
  for (const TensorId id : graph.outputs) outputs.push_back(values[static_cast<size_t>(id)].bytes);
  return outputs;
}

/// Outputs of the oracle, after the program was seen to agree. Inputs and outputs are negated on their way.
std::vector<Floats> run(const Case& c, Floats input) {
  Graph graph = c.graph();
  const Outcome sound = verify_graph(graph);
  EXPECT_TRUE(sound) << sound.failure().to_string();
  if (!sound) return {};
  for (float& v : input) v = -v;
  const std::vector<Bytes> expected = by_oracle(graph, input);
  PassLog log;
  run_passes(graph, log);
  for (const plan::Rings rings : {plan::Rings::full, plan::Rings::minimum}) {
    const Result<Program> program = lower(graph, rings);
    EXPECT_TRUE(program) << program.failure().to_string();
    if (!program) continue;
    const std::vector<Bytes> got = Interpreter(*program).run({as_bytes(input)});
    for (size_t o = 0; o < got.size(); ++o)
      EXPECT_TRUE(test::same(graph.at(graph.outputs[o]), expected[o], got[o])) << c.op;
  }
  std::vector<Floats> outputs;
  for (const Bytes& bytes : expected) {
    outputs.push_back(as_floats(bytes));
    for (float& v : outputs.back()) v = -v;
  }
  return outputs;
}

TEST(Recurrent, LinearRnnIsARunningSum) {
  Case c{.time = 4,
         .inputs = 1,
         .units = 1,
         .attrs = attributes({{"sequence", int64_t{1}}, {"cell", std::string("linear")}}),
         .bias = false};
  const Floats x = {1, 10, 100, 1000};
  EXPECT_EQ(run(c, x).at(0), (Floats{1, 11, 111, 1111}));
  c.attrs.set("reverse", int64_t{1});
  EXPECT_EQ(run(c, x).at(0), (Floats{1111, 1110, 1100, 1000}));
  c.attrs.set("sequence", int64_t{0});
  EXPECT_EQ(run(c, x).at(0), Floats{1111});
  c.attrs.set("clip", 200.0);
  EXPECT_EQ(run(c, x).at(0), Floats{200});
  c.attrs.set("clip", 0.0);
  c.initial = true;  // a state of 1
  EXPECT_EQ(run(c, x).at(0), Floats{1112});
  c.sequences = 2;
  c.time = 2;
  EXPECT_EQ(run(c, x).at(0), (Floats{12, 1101})) << "each sequence begins anew";
}

/// Weights of the gates 0; a bias of 100 opens a gate, one of -100 shuts it.
Case biased(const std::string& op, const Floats& bias, Attrs attrs) {
  Floats values;
  const size_t gates = bias.size();
  const size_t candidate = 2;
  for (size_t g = 0; g < gates; ++g) values.push_back(g == candidate ? 1.0F : 0.0F);  // input weights
  values.insert(values.end(), gates, 0.0F);                                           // recurrent weights
  values.insert(values.end(), bias.begin(), bias.end());
  Case c{.op = op, .time = 3, .inputs = 1, .units = 1, .attrs = std::move(attrs)};
  auto next = std::make_shared<size_t>(0);
  c.value = [values, next] { return values.at((*next)++ % values.size()); };
  return c;
}

TEST(Recurrent, OpenLstmIsARunningSum) {
  const Attrs attrs = attributes({{"sequence", int64_t{1}},
                                  {"cell_output", int64_t{1}},
                                  {"cell", std::string("linear")},
                                  {"output", std::string("linear")}});
  const auto open = run(biased("lstm", {100, 100, 0, 100}, attrs), {1, 10, 100});
  EXPECT_EQ(open.at(0), (Floats{1, 11, 111}));
  EXPECT_EQ(open.at(1), Floats{111});
  EXPECT_EQ(run(biased("lstm", {100, -100, 0, 100}, attrs), {1, 10, 100}).at(0), (Floats{1, 10, 100})) << "forgets";
  const auto silent = run(biased("lstm", {100, 100, 0, -100}, attrs), {1, 10, 100});
  for (float v : silent.at(0)) EXPECT_NEAR(v, 0, 1e-30);
  EXPECT_EQ(silent.at(1), Floats{111});
}

TEST(Recurrent, GruTakesItsCandidateWhereTheUpdateGateIsShut) {
  const Attrs attrs = attributes({{"sequence", int64_t{1}}, {"cell", std::string("linear")}});
  EXPECT_EQ(run(biased("gru", {-100, 0, 0}, attrs), {1, 10, 100}).at(0), (Floats{1, 10, 100}));
  const Floats kept = run(biased("gru", {100, 0, 0}, attrs), {1, 10, 100}).at(0);
  for (float v : kept) EXPECT_NEAR(v, 0, 1e-30);
  const Floats halves = run(biased("gru", {0, 0, 0}, attrs), {8, 8, 8}).at(0);
  EXPECT_EQ(halves, (Floats{4, 6, 7}));
}

class EveryForm : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryForm, ProgramAgreesWithTheOracle) {
  std::minstd_rand random(5);
  const auto number = [&random] { return static_cast<float>(random() % 2001) / 1000.0F - 1.0F; };
  const char* functions[] = {"tanh", "sigmoid", "relu", "hard_sigmoid", "softsign", "elu", "leaky_relu", "linear"};
  for (uint32_t form = 0; form < 64; ++form) {
    Case c;
    c.op = GetParam();
    c.sequences = form % 5 == 4 ? 2 : 1;
    c.time = 1 + static_cast<int32_t>(form % 7);
    c.inputs = 1 + static_cast<int32_t>(random() % 6);
    c.units = 1 + static_cast<int32_t>(random() % 6);
    c.attrs = attributes({{"sequence", int64_t{form & 1}},
                          {"reverse", int64_t{form >> 1 & 1}},
                          {"reset_after", int64_t{form >> 2 & 1}}});
    c.initial = (form >> 3 & 1) != 0;
    c.bias = (form >> 4 & 1) != 0;
    c.recurrent_bias = (form >> 5 & 1) != 0;
    if (c.op == "lstm") {
      c.attrs.set("cell_output", static_cast<int64_t>(random() % 2));
      c.peepholes = random() % 2 != 0;
    }
    if (random() % 3 == 0) c.attrs.set("clip", 0.75);
    for (const char* role : {"gate", "cell", "output"}) {
      if (random() % 2 == 0) c.attrs.set(role, std::string(functions[random() % std::size(functions)]));
    }
    c.value = number;
    Floats x;
    for (int32_t i = 0; i < c.sequences * c.time * c.inputs; ++i) x.push_back(number());
    EXPECT_FALSE(run(c, x).empty());
    if (HasFailure()) FAIL() << "form " << form << "\n" << print(c.graph());
  }
}
INSTANTIATE_TEST_SUITE_P(Layers, EveryForm, ::testing::Values("lstm", "gru", "rnn"),
                         [](const auto& test) { return std::string(test.param); });

TEST(Recurrent, RefusesWhatDoesNotFit) {
  const auto code = [](const Case& c, const std::function<void(Graph&, Node&)>& change) {
    Graph graph = c.graph();
    change(graph, graph.nodes[1]);
    const auto types = find_op(c.op)->infer(graph, graph.nodes[1]);
    return types ? std::string("taken") : types.failure().diagnostics.at(0).code;
  };
  Case c;
  c.op = "lstm";
  EXPECT_EQ(code(c, [](Graph&, Node&) {}), "taken");
  EXPECT_EQ(code(c, [](Graph& g, Node& n) { g.at(n.in(0)).shape = {1, 1, 5, 3}; }), "E0303");
  EXPECT_EQ(code(c, [](Graph& g, Node& n) { g.at(n.in(0)).dtype = DType::i8; }), "E0301");
  EXPECT_EQ(code(c, [](Graph& g, Node& n) { g.at(n.in(3)).shape = {7, 3}; }), "E0302");
  EXPECT_EQ(code(c, [](Graph& g, Node& n) { g.at(n.in(4)).data = nullptr; }), "E0302");
  EXPECT_EQ(code(c, [](Graph&, Node& n) { n.inputs[3] = no_tensor; }), "E0302");
  EXPECT_EQ(code(c, [](Graph&, Node& n) { n.inputs[1] = n.inputs[5]; }), "E0302") << "a bias is no state";
  EXPECT_EQ(code(c, [](Graph&, Node& n) { n.attrs.set("gate", std::string("cosine")); }), "E0303");
  EXPECT_EQ(code(c, [](Graph&, Node& n) { n.attrs.set("clip", -1.0); }), "E0303");
  EXPECT_EQ(code(c, [](Graph&, Node& n) { n.attrs.set("cell_output", int64_t{1}); }), "E0302") << "there is one output";
}

}  // namespace
}  // namespace smelt
