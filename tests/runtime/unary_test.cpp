// Operators on one tensor: what the golden cases in tests/ops cannot show, as the reference leaves it undefined or
// rejects it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "lower/compile.hpp"

namespace smelt {
namespace {

Tensor tensor(const char* name, DType type, Shape shape, Quantization quant = {}) {
  Tensor t;
  t.name = name;
  t.dtype = type;
  t.shape = std::move(shape);
  t.quant = std::move(quant);
  return t;
}

Graph graph_of(const std::string& op, Tensor x, Tensor y, double alpha = 0) {
  Graph g;
  g.inputs = {g.add(std::move(x))};
  g.outputs = {g.add(std::move(y))};
  Node node;
  node.op = op;
  node.inputs = g.inputs;
  node.outputs = g.outputs;
  if (op == "leaky_relu") node.attrs.set("alpha", alpha);
  g.nodes.push_back(node);
  return g;
}

std::string reason(const Graph& g) {
  const Outcome o = verify_graph(g);
  return o ? std::string() : o.failure().to_string();
}

Bytes bytes_of(const std::vector<float>& values) {
  Bytes b(values.size() * 4);
  std::memcpy(b.data(), values.data(), b.size());
  return b;
}

TEST(Quantize, SaturatesWhateverComes) {
  constexpr float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> values = {inf,   -inf,   NAN,   3e38F,  -3e38F,  1e12F,    -1e12F,
                                     63.9F, -63.9F, 0.25F, -0.25F, 0.2499F, -0.2499F, -0.0F};
  const auto n = static_cast<int32_t>(values.size());
  const Graph g = graph_of("quantize", tensor("x", DType::f32, {n}), tensor("y", DType::i8, {n}, {{0.5F}, {3}, 0}));
  ASSERT_EQ(reason(g), "");
  const std::vector<int8_t> expected = {127, -128, -128, 127, -128, 127, -128, 127, -125, 4, 2, 3, 3, 3};
  const Result<Program> program = lower(g, plan::Rings::full);
  ASSERT_TRUE(program);
  for (const Bytes& got :
       {evaluate(g, {bytes_of(values)})[1].bytes, Interpreter(*program).run({bytes_of(values)})[0]}) {
    EXPECT_EQ(std::vector<int8_t>(got.begin(), got.end()), expected);
  }
}

TEST(Unary, MalformedNodesAreRejected) {
  const Quantization q{{0.05F}, {0}, 0};
  for (const char* op : {"relu", "relu6", "relu_n1_to_1", "leaky_relu", "hard_swish", "logistic", "tanh"}) {
    EXPECT_EQ(reason(graph_of(op, tensor("x", DType::i8, {4}, q), tensor("y", DType::i8, {4}, q))), "") << op;
    EXPECT_EQ(reason(graph_of(op, tensor("x", DType::f32, {4}), tensor("y", DType::f32, {4}))), "") << op;
    EXPECT_NE(reason(graph_of(op, tensor("x", DType::i8, {4}), tensor("y", DType::i8, {4}, q))).find("no quantization"),
              std::string::npos);
    EXPECT_NE(reason(graph_of(op, tensor("x", DType::i32, {4}, q), tensor("y", DType::i32, {4}, q))).find("type i32"),
              std::string::npos);
    EXPECT_NE(reason(graph_of(op, tensor("x", DType::i8, {4}, q), tensor("y", DType::i8, {2, 2}, q))), "") << op;
    const Quantization wide{{1e30F}, {0}, 0};
    const Quantization narrow{{1e-30F}, {0}, 0};
    EXPECT_NE(
        reason(graph_of(op, tensor("x", DType::i8, {4}, wide), tensor("y", DType::i8, {4}, narrow))).find("too far"),
        std::string::npos)
        << op;
  }
  for (double alpha : {std::nan(""), 1e300, -std::numeric_limits<double>::infinity()}) {
    EXPECT_NE(
        reason(graph_of("leaky_relu", tensor("x", DType::f32, {4}), tensor("y", DType::f32, {4}), alpha)).find("alpha"),
        std::string::npos);
  }
  EXPECT_NE(reason(graph_of("quantize", tensor("x", DType::f32, {4}), tensor("y", DType::f32, {4}))).find("type f32"),
            std::string::npos);
  EXPECT_NE(reason(graph_of("dequantize", tensor("x", DType::f32, {4}), tensor("y", DType::f32, {4}))).find("type f32"),
            std::string::npos);
  const Quantization channels{{0.1F, 0.2F}, {0, 0}, 0};
  EXPECT_NE(reason(graph_of("dequantize", tensor("x", DType::i8, {2}, channels), tensor("y", DType::f32, {2})))
                .find("per channel"),
            std::string::npos);
}

TEST(Unary, TraitsSpeakTheTruth) {
  const Quantization low{{0.05F}, {-128}, 0};
  const Quantization middle{{0.05F}, {0}, 0};
  const auto identity = [](const Graph& g) { return find_op(g.nodes[0].op)->is_identity(g, g.nodes[0]); };
  const auto s8 = [](const char* op, const Quantization& x, const Quantization& y) {
    return graph_of(op, tensor("x", DType::i8, {4}, x), tensor("y", DType::i8, {4}, y));
  };
  EXPECT_TRUE(identity(s8("relu", low, low)));
  EXPECT_FALSE(identity(s8("relu", middle, middle)));
  EXPECT_FALSE(identity(s8("relu", middle, low)));
  EXPECT_FALSE(identity(s8("relu6", low, low)));  // 255 * 0.05 reaches beyond 6
  EXPECT_TRUE(identity(s8("quantize", middle, middle)));
  EXPECT_FALSE(identity(s8("quantize", middle, low)));
}

}  // namespace
}  // namespace smelt
