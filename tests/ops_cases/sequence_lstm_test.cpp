// UNIDIRECTIONAL_SEQUENCE_LSTM becomes lstm, or says what keeps it from that.
#include "ops/sequence_lstm.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>

namespace smelt {
namespace {

constexpr int32_t units = 2, inputs = 3;

TensorId constant(Graph& g, Shape shape, float value) {
  const std::vector<float> values(static_cast<size_t>(elements(shape)), value);
  Bytes bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return g.add({"w", DType::f32, std::move(shape), {}, std::make_shared<Bytes>(std::move(bytes)), 0});
}

/// As the file has it: 24 inputs. Weights of gate i are i.
Graph layer() {
  Graph g;
  g.file = "test";
  Node n;
  n.op = "lstm";
  n.inputs.assign(24, no_tensor);
  n.inputs[0] = g.add({"x", DType::f32, {1, 4, inputs}, {}, nullptr, 0});
  for (int i = 0; i < 4; ++i) {
    n.inputs[static_cast<size_t>(1 + i)] = constant(g, {units, inputs}, static_cast<float>(i));
    n.inputs[static_cast<size_t>(5 + i)] = constant(g, {units, units}, static_cast<float>(i));
    n.inputs[static_cast<size_t>(12 + i)] = constant(g, {units}, static_cast<float>(i));
  }
  n.outputs = {g.add({"y", DType::f32, {1, 4, units}, {}, nullptr, 0})};
  n.attrs.set("fused_activation_function", std::string("TANH"));
  n.attrs.set("time_major", int64_t{0});
  g.inputs = {n.inputs[0]};
  g.outputs = n.outputs;
  g.nodes.push_back(n);
  return g;
}

TEST(SequenceLstm, StacksTheGatesInOrder) {
  Graph g = layer();
  const Outcome o = normalize_sequence_lstm(g, g.nodes[0]);
  ASSERT_TRUE(o) << o.failure().to_string();
  const Outcome sound = verify_graph(g);
  ASSERT_TRUE(sound) << sound.failure().to_string();
  const Tensor& weights = g.at(g.nodes[0].in(3));
  EXPECT_EQ(weights.shape, (Shape{4 * units, inputs}));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(weights.as<float>()[i * units * inputs], static_cast<float>(i));
}

TEST(SequenceLstm, SaysWhatItCannotHave) {
  struct Case {
    const char* reason;
    std::function<void(Graph&, Node&)> spoil;
  };
  const Case cases[] = {
      {"coupled to the forget gate", [](Graph&, Node& n) { n.inputs[1] = no_tensor; }},
      {"missing", [](Graph&, Node& n) { n.inputs[6] = no_tensor; }},
      {"missing", [](Graph&, Node& n) { n.inputs.resize(12); }},
      {"a projection", [](Graph& g, Node& n) { n.inputs[16] = constant(g, {2, 2}, 1); }},
      {"layer normalization", [](Graph& g, Node& n) { n.inputs[21] = constant(g, {2}, 1); }},
      {"a part of the peepholes", [](Graph& g, Node& n) { n.inputs[10] = constant(g, {2}, 1); }},
      {"a bound of the cell state", [](Graph&, Node& n) { n.attrs.set("cell_clip", 3.0); }},
      {"time as the first dimension", [](Graph&, Node& n) { n.attrs.set("time_major", int64_t{1}); }},
      {"activation SIGN_BIT", [](Graph&, Node& n) { n.attrs.set("fused_activation_function", std::string("SIGN_BIT")); }},
      {"an input of i8", [](Graph& g, Node& n) { g.at(n.inputs[0]).dtype = DType::i8; }},
      {"shaped like its fellows", [](Graph& g, Node& n) { n.inputs[3] = constant(g, {3, 2}, 1); }},
      {"shaped like its fellows", [](Graph& g, Node& n) { g.at(n.inputs[7]).data = nullptr; }},
  };
  for (const Case& c : cases) {
    Graph g = layer();
    c.spoil(g, g.nodes[0]);
    const Outcome o = normalize_sequence_lstm(g, g.nodes[0]);
    ASSERT_FALSE(o) << c.reason;
    EXPECT_NE(o.failure().to_string().find(c.reason), std::string::npos) << o.failure().to_string();
  }
}

}  // namespace
}  // namespace smelt
