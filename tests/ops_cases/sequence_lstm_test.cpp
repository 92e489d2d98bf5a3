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

TensorId integers(Graph& g, DType type, Shape shape, float scale) {
  const auto bytes = static_cast<size_t>(elements(shape) * size_of(type));
  return g.add({"w", type, std::move(shape), {{scale}, {0}, 0}, std::make_shared<Bytes>(bytes), 0});
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

/// The same of int8, with what the reader puts into the attributes. The scale of gate i's weights is i + 1.
Graph integer_layer() {
  Graph g = layer();
  Node& n = g.nodes[0];
  for (const TensorId id : {n.inputs[0], n.outputs[0]}) {
    g.at(id).dtype = DType::i8;
    g.at(id).quant = {{0.01F}, {3}, 0};
  }
  for (int i = 0; i < 4; ++i) {
    const auto scale = static_cast<float>(i + 1);
    n.inputs[static_cast<size_t>(1 + i)] = integers(g, DType::i8, {units, inputs}, scale);
    n.inputs[static_cast<size_t>(5 + i)] = integers(g, DType::i8, {units, units}, scale);
    n.inputs[static_cast<size_t>(12 + i)] = integers(g, DType::i32, {units}, scale);
  }
  for (const char* what : {"hidden", "state"}) {
    n.attrs.set(std::string(what) + "_scale", 0.01);
    n.attrs.set(std::string(what) + "_zero", int64_t{3});
  }
  n.attrs.set("cell_scale", 1.0 / 2048);
  n.attrs.set("cell_zero", int64_t{0});
  n.attrs.set("cell_clip", 10.0);
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
  const auto set_states = [](Node& n) { n.attrs = integer_layer().nodes[0].attrs; };
  const Case cases[] = {
      {"coupled to the forget gate", [](Graph&, Node& n) { n.inputs[1] = no_tensor; }},
      {"missing", [](Graph&, Node& n) { n.inputs[6] = no_tensor; }},
      {"missing", [](Graph&, Node& n) { n.inputs.resize(12); }},
      {"a projection", [](Graph& g, Node& n) { n.inputs[16] = constant(g, {2, 2}, 1); }},
      {"layer normalization", [](Graph& g, Node& n) { n.inputs[21] = constant(g, {2}, 1); }},
      {"a part of the peepholes", [](Graph& g, Node& n) { n.inputs[10] = constant(g, {2}, 1); }},
      {"activation SIGN_BIT", [](Graph&, Node& n) { n.attrs.set("fused_activation_function", std::string("SIGN_BIT")); }},
      {"an input of i16", [](Graph& g, Node& n) { g.at(n.inputs[0]).dtype = DType::i16; }},
      {"a constant of i8", [&](Graph& g, Node& n) { g.at(n.inputs[0]).dtype = DType::i8; set_states(n); }},
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

TEST(SequenceLstm, OfIntegersKeepsTheScaleOfEachGate) {
  Graph g = integer_layer();
  const Outcome o = normalize_sequence_lstm(g, g.nodes[0]);
  ASSERT_TRUE(o) << o.failure().to_string();
  const Outcome sound = verify_graph(g);
  ASSERT_TRUE(sound) << sound.failure().to_string();
  for (const size_t i : {3, 4, 5}) {
    EXPECT_EQ(g.at(g.nodes[0].in(i)).quant.scale, (std::vector<float>{1, 1, 2, 2, 3, 3, 4, 4})) << i;
  }
}

TEST(SequenceLstm, OfIntegersSaysWhatItCannotHave) {
  struct Case {
    const char* reason;
    std::function<void(Graph&, Node&)> spoil;
  };
  const auto without = [](const char* name) { return [name](Graph&, Node& n) { n.attrs.erase(name); }; };
  const Case cases[] = {
      {"states is missing", without("hidden_scale")},
      {"states is missing", without("cell_scale")},
      {"differs from that of the state", [](Graph&, Node& n) { n.attrs.set("state_zero", int64_t{4}); }},
      {"a zero point other than 0", [](Graph&, Node& n) { n.attrs.set("cell_zero", int64_t{1}); }},
      {"a constant of i8", [](Graph& g, Node& n) { n.inputs[2] = constant(g, {units, inputs}, 1); }},
      {"with one scale", [](Graph& g, Node& n) { g.at(n.inputs[2]).quant = {}; }},
      {"a constant of i32", [](Graph& g, Node& n) { n.inputs[12] = integers(g, DType::i16, {units}, 1); }},
      {"hidden state is missing or unsound", [](Graph&, Node& n) {
         n.attrs.set("hidden_zero", int64_t{300});
         n.attrs.set("state_zero", int64_t{300});
       }},
      {"a power of two from", [](Graph&, Node& n) { n.attrs.set("cell_scale", 0.001); }},
      {"a power of two from", [](Graph&, Node& n) { n.attrs.set("cell_scale", 1.0 / 256); }},
      {"a power of two from", [](Graph&, Node& n) { n.attrs.set("cell_scale", 0.0); }},
      {"cell_clip is not", [](Graph&, Node& n) { n.attrs.set("cell_clip", -1.0); }},
      {"the zero point 0", [](Graph& g, Node& n) { g.at(n.inputs[6]).quant.zero_point = {1}; }},
      {"weights is out of range", [](Graph& g, Node& n) { g.at(n.inputs[6]).quant.scale = {1e30F}; }},
      {"a bias is out of range", [](Graph& g, Node& n) {
         Tensor& bias = g.at(n.inputs[13]);
         bias.data = std::make_shared<Bytes>(Bytes{0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0});
       }},
      {"a peephole", [](Graph& g, Node& n) {
         for (const size_t i : {9, 10, 11}) n.inputs[i] = integers(g, DType::i16, {units}, 1);
       }},
      {"the function \"relu\"", [](Graph&, Node& n) { n.attrs.set("fused_activation_function", std::string("RELU")); }},
      {"the input must be quantized", [](Graph& g, Node& n) { g.at(n.inputs[0]).quant = {}; }},
      {"of several sequences", [](Graph&, Node& n) { n.attrs.set("time_major", int64_t{1}); }},
  };
  for (const Case& c : cases) {
    Graph g = integer_layer();
    c.spoil(g, g.nodes[0]);
    Outcome o = normalize_sequence_lstm(g, g.nodes[0]);
    if (o) o = verify_graph(g);
    ASSERT_FALSE(o) << c.reason;
    EXPECT_NE(o.failure().to_string().find(c.reason), std::string::npos) << o.failure().to_string();
  }
}

}  // namespace
}  // namespace smelt
