// Kernels on two operands against their oracles: every pair of int8 values under many quantizations, and broadcasts of
// random shapes. The oracles' own anchors are the golden cases in tests/ops.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>

#include "lower/compile.hpp"

namespace smelt {
namespace {

Tensor tensor(const char* name, DType type, Shape shape, float scale, int32_t zero) {
  Tensor t;
  t.name = name;
  t.dtype = type;
  t.shape = std::move(shape);
  if (type == DType::i8) t.quant = {{scale}, {zero}, 0};
  return t;
}

/// Two graph inputs, or one and a constant, into one node.
Graph graph_of(const std::string& op, Tensor a, Tensor b, Tensor y, const std::string& activation = "none") {
  Graph g;
  const TensorId ia = g.add(std::move(a));
  const TensorId ib = g.add(std::move(b));
  const TensorId iy = g.add(std::move(y));
  for (TensorId id : {ia, ib}) {
    if (!g.at(id).constant()) g.inputs.push_back(id);
  }
  g.outputs = {iy};
  Node node;
  node.op = op;
  node.inputs = {ia, ib};
  node.outputs = {iy};
  if (op != "maximum" && op != "minimum") node.attrs.set("activation", activation);
  g.nodes.push_back(node);
  return g;
}

/// The kernel's output at full and at minimum ring depth equals the oracle's.
void expect_agreement(const Graph& g, const std::vector<Bytes>& inputs, const std::string& what) {
  const Outcome sound = verify_graph(g);
  ASSERT_TRUE(sound) << what << "\n" << sound.failure().to_string();
  const Bytes expected = evaluate(g, inputs)[static_cast<size_t>(g.outputs[0])].bytes;
  for (plan::Rings rings : {plan::Rings::full, plan::Rings::minimum}) {
    const Result<Program> program = lower(g, rings);
    ASSERT_TRUE(program) << what << "\n" << program.failure().to_string();
    ASSERT_EQ(Interpreter(*program).run(inputs)[0], expected) << what;
  }
}

std::string text(const Graph& g) {
  std::string s = g.nodes[0].op;
  for (const Tensor& t : g.tensors) {
    s += " " + to_string(t.shape);
    if (t.quant.present())
      s += " (" + std::to_string(t.quant.scale[0]) + ", " + std::to_string(t.quant.zero_point[0]) + ")";
  }
  return s;
}

class Binary : public testing::TestWithParam<const char*> {};

TEST_P(Binary, EveryPairOfInt8UnderManyQuantizations) {
  Bytes a, b;
  for (int i = 0; i < 256; ++i) {
    for (int j = 0; j < 256; ++j) {
      a.push_back(static_cast<uint8_t>(i));
      b.push_back(static_cast<uint8_t>(j));
    }
  }
  std::mt19937 random(7);
  const auto zero = [&] { return std::uniform_int_distribution<int32_t>(-128, 127)(random); };
  const auto scale = [&](float widest) {
    return std::exp(std::uniform_real_distribution<float>(-widest, widest)(random));
  };
  const char* activations[] = {"none", "relu", "relu6", "relu_n1_to_1"};
  for (int round = 0; round < 60; ++round) {
    const float sa = 0.05F * scale(2);
    // Equal scales, exact powers of two and far extremes among the random ones.
    const float sb = round % 6 == 0 ? sa : round % 6 == 1 ? sa * 4 : round % 6 == 2 ? sa / 1024 : 0.05F * scale(6);
    const float sy = round % 5 == 0 ? sa * 512 : 0.05F * scale(3);
    const Shape shape{256, 256};
    const Graph g = graph_of(GetParam(), tensor("a", DType::i8, shape, sa, round % 7 == 0 ? -128 : zero()),
                             tensor("b", DType::i8, shape, sb, round % 8 == 0 ? 127 : zero()),
                             tensor("y", DType::i8, shape, sy, zero()), activations[round % 4]);
    expect_agreement(g, {a, b}, text(g));
  }
}

TEST_P(Binary, BroadcastsOfAnyRank) {
  std::mt19937 random(11);
  const auto draw = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  for (int round = 0; round < 400; ++round) {
    Shape out(static_cast<size_t>(draw(0, 6)));
    for (int32_t& d : out) d = draw(1, 4);
    const auto operand = [&] {
      Shape s(out.end() - draw(0, static_cast<int>(out.size())), out.end());
      for (int32_t& d : s) d = draw(0, 2) == 0 ? 1 : d;
      return s;
    };
    Shape sa = operand();
    Shape sb = operand();
    Shape y(std::max(sa.size(), sb.size()), 1);
    for (size_t back = 1; back <= y.size(); ++back) {
      if (back <= sa.size()) y[y.size() - back] = std::max(y[y.size() - back], sa[sa.size() - back]);
      if (back <= sb.size()) y[y.size() - back] = std::max(y[y.size() - back], sb[sb.size() - back]);
    }
    const DType type = round % 4 == 0 ? DType::f32 : DType::i8;
    Tensor a = tensor("a", type, sa, 0.05F, 3);
    Tensor b = tensor("b", type, sb, 0.07F, -9);
    std::vector<Bytes> inputs;
    for (Tensor* t : {&a, &b}) {
      Bytes content(static_cast<size_t>(t->bytes()));
      for (size_t i = 0; i < content.size(); ++i) {
        const float f = static_cast<float>(draw(-100, 100)) / 8;
        content[i] =
            type == DType::i8 ? static_cast<uint8_t>(draw(0, 255)) : reinterpret_cast<const uint8_t*>(&f)[i % 4];
        if (type == DType::f32 && i % 4 == 3) std::copy_n(reinterpret_cast<const uint8_t*>(&f), 4, &content[i - 3]);
      }
      if (t == &b && round % 3 == 0) {
        b.data = std::make_shared<const Bytes>(content);
      } else {
        inputs.push_back(std::move(content));
      }
    }
    const Graph g = graph_of(GetParam(), a, b, tensor("y", type, y, 0.06F, 1));
    expect_agreement(g, inputs, text(g));
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Binary, testing::Values("add", "sub", "mul", "maximum", "minimum"),
                         [](const auto& test) { return std::string(test.param); });

std::string kernel_of(const std::string& op, float a, float b, float y, const std::string& activation = "none") {
  const Graph g = graph_of(op, tensor("a", DType::i8, {4}, a, -128), tensor("b", DType::i8, {4}, b, 5),
                           tensor("y", DType::i8, {4}, y, -100), activation);
  const Result<Program> program = lower(g, plan::Rings::full);
  return program ? program->operations[0].kernel : program.failure().to_string();
}

TEST(WeightedSums, AreFoundForScalesOfNetworksAndOnlyWhereTheyFit) {
  std::mt19937 random(5);
  const auto scale = [&] { return std::exp(std::uniform_real_distribution<float>(0, 1)(random)); };
  for (int i = 0; i < 100; ++i) {
    const float a = scale(), b = scale(), y = scale();
    for (const char* op : {"add", "sub"}) {
      EXPECT_EQ(kernel_of(op, a, b, y, i % 2 == 0 ? "relu" : "none"), "smelt::weighted_add_s8")
          << a << " " << b << " " << y;
    }
  }
  EXPECT_EQ(kernel_of("add", 0.5F, 0.25F, 1), "smelt::weighted_add_s8") << "ties";
  EXPECT_EQ(kernel_of("add", 0.7131F, 3.9077F, 1), "smelt::weighted_add_s8");
  EXPECT_EQ(kernel_of("add", 0.7F, 3.9F, 1), "smelt::add_s8") << "nearly ties, and many";
  EXPECT_EQ(kernel_of("add", 0.7F, 8.1F, 1), "smelt::add_s8") << "a weight of 32 bits";
  EXPECT_EQ(kernel_of("add", 7.7F, 7.9F, 1), "smelt::add_s8") << "sums of 33 bits";
  EXPECT_EQ(kernel_of("sub", 0.7F, 8.1F, 1), "smelt::subtract_a_s8");
}

TEST(BinaryErrors, MalformedNodesAreRejected) {
  const auto reason = [](const Graph& g) {
    const Outcome o = verify_graph(g);
    return o ? std::string() : o.failure().to_string();
  };
  const auto s8 = [](const char* name, Shape shape, float scale = 0.05F) {
    return tensor(name, DType::i8, std::move(shape), scale, 0);
  };
  EXPECT_EQ(reason(graph_of("add", s8("a", {2, 3}), s8("b", {3}), s8("y", {2, 3}))), "");
  EXPECT_NE(reason(graph_of("add", s8("a", {2, 3}), s8("b", {2}), s8("y", {2, 3}))).find("do not broadcast"),
            std::string::npos);
  Tensor bare = s8("b", {3});
  bare.quant = {};
  EXPECT_NE(reason(graph_of("mul", s8("a", {3}), bare, s8("y", {3}))).find("no quantization"), std::string::npos);
  Tensor channels = s8("b", {3});
  channels.quant = {{0.1F, 0.2F, 0.3F}, {0, 0, 0}, 0};
  EXPECT_NE(reason(graph_of("sub", s8("a", {3}), channels, s8("y", {3}))).find("per channel"), std::string::npos);
  EXPECT_NE(reason(graph_of("add", s8("a", {3}), tensor("b", DType::f32, {3}, 0, 0), s8("y", {3}))).find("types"),
            std::string::npos);
  for (const char* op : {"add", "sub", "mul"}) {
    EXPECT_NE(reason(graph_of(op, s8("a", {3}, 1e30F), s8("b", {3}), s8("y", {3}, 1e-30F))).find("too far apart"),
              std::string::npos);
  }
  Graph one = graph_of("add", s8("a", {3}), s8("b", {3}), s8("y", {3}));
  one.nodes[0].inputs.pop_back();
  EXPECT_NE(reason(one).find("takes 2 inputs"), std::string::npos);
}

}  // namespace
}  // namespace smelt
