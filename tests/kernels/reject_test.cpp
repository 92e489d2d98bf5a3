// What the three layers must refuse, by name, before anything is evaluated or lowered.
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "ops/op.hpp"
#include "tests/kernels/layer.hpp"

namespace smelt {
namespace {

using test::Layer;

Graph layer(const std::string& op, DType dtype = DType::i8) {
  Layer l;
  l.op = op;
  l.dtype = dtype;
  if (op == "fully_connected") {
    l.input = {1, 12};
    l.weights = {3, 12};
    l.output = {1, 3};
  } else {
    for (const char* name : {"stride_h", "stride_w", "dilation_h", "dilation_w"}) l.attrs.set(name, int64_t{1});
    for (const char* name : {"pad_top", "pad_left", "pad_bottom", "pad_right"}) l.attrs.set(name, int64_t{1});
    l.input = {1, 5, 6, 4};
    l.weights = op == "conv_2d" ? Shape{8, 3, 3, 4} : Shape{1, 3, 3, 8};
    l.output = {1, 5, 6, 8};
  }
  std::mt19937 random(1);
  return test::graph_of(l, random);
}

void expect_refused(const Graph& g, const std::string& code, const std::string& word) {
  const auto types = find_op(g.nodes[0].op)->infer(g, g.nodes[0]);
  ASSERT_FALSE(types) << "not refused: " << word;
  const Diagnostic& d = types.failure().diagnostics.at(0);
  EXPECT_EQ(d.code, code) << d.reason;
  EXPECT_NE(d.reason.find(word), std::string::npos) << d.reason;
}

void expect_normalize_refused(Graph g, const std::string& code, const std::string& word) {
  const Outcome done = find_op(g.nodes[0].op)->normalize(g, g.nodes[0]);
  ASSERT_FALSE(done) << "not refused: " << word;
  const Diagnostic& d = done.failure().diagnostics.at(0);
  EXPECT_EQ(d.code, code) << d.reason;
  EXPECT_NE(d.reason.find(word), std::string::npos) << d.reason;
}

Tensor& input(Graph& g) { return g.at(g.nodes[0].inputs[0]); }
Tensor& weights(Graph& g) { return g.at(g.nodes[0].inputs[1]); }
Tensor& bias(Graph& g) { return g.at(g.nodes[0].inputs[2]); }
Tensor& output(Graph& g) { return g.at(g.nodes[0].outputs[0]); }

class Refuse : public testing::TestWithParam<const char*> {};

TEST_P(Refuse, SoundLayersPass) {
  for (DType dtype : {DType::i8, DType::i16, DType::f32}) {
    const Graph g = layer(GetParam(), dtype);
    const Outcome sound = verify_graph(g);
    EXPECT_TRUE(sound) << sound.failure().to_string();
  }
}

TEST_P(Refuse, Operands) {
  Graph g = layer(GetParam());
  g.nodes[0].inputs.resize(1);
  expect_refused(g, "E0302", "weights");
  g = layer(GetParam());
  g.nodes[0].inputs.push_back(0);
  expect_refused(g, "E0302", "at most a bias");
  g = layer(GetParam());
  g.nodes[0].inputs[1] = no_tensor;
  expect_refused(g, "E0302", "weights");
  g = layer(GetParam());
  g.nodes[0].outputs.push_back(0);
  expect_refused(g, "E0302", "one output");
}

TEST_P(Refuse, Types) {
  Graph g = layer(GetParam());
  input(g).dtype = DType::u8;
  expect_refused(g, "E0301", "u8");
  g = layer(GetParam());
  weights(g).dtype = DType::u8;
  expect_refused(g, "E0301", "u8");
  g = layer(GetParam(), DType::f32);
  weights(g).dtype = DType::i8;  // dynamic range quantization
  expect_refused(g, "E0301", "i8");
  g = layer(GetParam());
  bias(g).dtype = DType::i64;
  expect_refused(g, "E0301", "i64");
  g = layer(GetParam());
  weights(g).data = nullptr;
  expect_refused(g, "E0301", "constant");
  g = layer(GetParam());
  bias(g).data = nullptr;
  expect_refused(g, "E0301", "constant");
}

void set_bias(Graph& g, DType dtype, int64_t value) {
  Tensor& b = bias(g);
  b.dtype = dtype;
  Bytes bytes;
  for (int64_t c = 0; c < elements(b.shape); ++c) {
    const auto* from = reinterpret_cast<const uint8_t*>(&value);
    bytes.insert(bytes.end(), from, from + size_of(dtype));
  }
  b.data = std::make_shared<const Bytes>(std::move(bytes));
}

TEST_P(Refuse, SixteenBitsThatTheReferenceDoesNotBear) {
  Graph g = layer(GetParam(), DType::i16);
  input(g).quant.zero_point = {1};
  expect_refused(g, "E0304", "zero point");
  g = layer(GetParam(), DType::i16);
  output(g).quant.zero_point = {-1};
  expect_refused(g, "E0304", "zero point");
  g = layer(GetParam(), DType::i16);
  weights(g).dtype = DType::i16;
  weights(g).data = std::make_shared<const Bytes>(static_cast<size_t>(elements(weights(g).shape)) * 2);
  expect_refused(g, "E0301", "weights of type i16");
  g = layer(GetParam(), DType::i16);
  set_bias(g, DType::f32, 0);
  expect_refused(g, "E0301", "a bias of type f32");
  g = layer(GetParam(), DType::i16);
  for (int64_t value : {int64_t{1} << 47, -(int64_t{1} << 47), std::numeric_limits<int64_t>::min()}) {
    set_bias(g, DType::i64, value);
    expect_refused(g, "E0304", "too large");
  }
  g = layer(GetParam(), DType::i16);
  set_bias(g, DType::i64, 0);
  output(g).quant.scale[0] = 1e-9F;
  expect_refused(g, "E0304", "multiplier");
}

TEST_P(Refuse, SumsOfOtherTypesThanTheBias) {
  const bool depthwise = std::string(GetParam()) == "depthwise_conv_2d";
  Graph g = layer(GetParam(), DType::i16);
  set_bias(g, DType::i32, 0);
  if (depthwise) expect_refused(g, "E0301", "int32");
  if (depthwise) return;
  expect_normalize_refused(g, "E0301", "bias of type i32");
  g.nodes[0].attrs.set("quantized_bias_type", std::string("INT64"));
  expect_normalize_refused(g, "E0301", "bias of type i32");
  set_bias(g, DType::i64, 0);
  g.nodes[0].attrs.set("quantized_bias_type", std::string("INT32"));
  expect_normalize_refused(g, "E0301", "bias of type i64");
}

TEST_P(Refuse, Quantization) {
  Graph g = layer(GetParam());
  input(g).quant = {};
  expect_refused(g, "E0304", "in");
  g = layer(GetParam());
  output(g).quant = {{0.1F, 0.2F}, {0, 0}, 0};
  expect_refused(g, "E0304", "out");
  g = layer(GetParam());
  weights(g).quant.scale.pop_back();
  weights(g).quant.zero_point.pop_back();
  expect_refused(g, "E0304", "one scale or");
  g = layer(GetParam());
  weights(g).quant = {};
  expect_refused(g, "E0304", "one scale or");
  g = layer(GetParam());
  weights(g).quant.axis = 1;
  expect_refused(g, "E0304", "axis 1");
  g = layer(GetParam());
  weights(g).quant.zero_point.back() = 1;
  expect_refused(g, "E0304", "zero point");
  g = layer(GetParam());
  bias(g).shape = {2};
  expect_refused(g, "E0303", "2 values");
}

TEST_P(Refuse, Activations) {
  Graph g = layer(GetParam());
  g.nodes[0].attrs.set("activation", std::string("tanh"));
  const auto types = find_op(g.nodes[0].op)->infer(g, g.nodes[0]);
  EXPECT_FALSE(types);
  g = layer(GetParam());
  g.nodes[0].attrs.set("fused_activation_function", std::string("SIGN_BIT"));
  expect_normalize_refused(g, "E0301", "SIGN_BIT");
}

INSTANTIATE_TEST_SUITE_P(Layers, Refuse, testing::Values("conv_2d", "depthwise_conv_2d", "fully_connected"),
                         [](const auto& info) { return std::string(info.param); });

class RefuseWindow : public testing::TestWithParam<const char*> {};

TEST_P(RefuseWindow, Attributes) {
  for (const char* name :
       {"stride_h", "stride_w", "dilation_h", "dilation_w", "pad_top", "pad_left", "pad_bottom", "pad_right"}) {
    for (int64_t value :
         {int64_t{-1}, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max(), int64_t{1} << 32}) {
      Graph g = layer(GetParam());
      g.nodes[0].attrs.set(name, value);
      expect_refused(g, "E0303", name);
    }
    Graph g = layer(GetParam());
    g.nodes[0].attrs.erase(name);
    expect_refused(g, "E0303", name);
  }
  Graph g = layer(GetParam());
  g.nodes[0].attrs.set("dilation_h", int64_t{4});
  expect_refused(g, "E0303", "does not fit");
}

TEST_P(RefuseWindow, Shapes) {
  Graph g = layer(GetParam());
  input(g).shape = {5, 6, 4};
  expect_refused(g, "E0303", "rank 4");
  g = layer(GetParam());
  weights(g).shape = {8, 3, 12};
  expect_refused(g, "E0303", "rank 4");
  g = layer(GetParam());
  input(g).shape = {1, 5, 6, 7};
  expect_refused(g, "E0303", "input channels");
}

TEST_P(RefuseWindow, RawAttributes) {
  for (const char* name : {"stride_h", "stride_w", "dilation_h_factor", "dilation_w_factor"}) {
    for (int64_t value : {int64_t{0}, int64_t{-1}, int64_t{1} << 31}) {
      Graph g = layer(GetParam());
      g.nodes[0].attrs.set(name, value);
      expect_normalize_refused(g, "E0303", "at least 1");
    }
  }
  Graph g = layer(GetParam());
  g.nodes[0].attrs.set("padding", std::string("CAUSAL"));
  expect_normalize_refused(g, "E0301", "CAUSAL");
}

/// TFLite's rule: the smaller half of an odd padding goes before.
TEST_P(RefuseWindow, SamePaddingIsTheReferences) {
  Graph g = layer(GetParam());
  Node& n = g.nodes[0];
  n.attrs = Attrs{};
  n.attrs.set("padding", std::string("SAME"));
  n.attrs.set("stride_h", int64_t{2});
  n.attrs.set("stride_w", int64_t{2});
  ASSERT_TRUE(find_op(n.op)->normalize(g, n));
  // 5 rows, window 3, stride 2: 3 rows need 7; 6 columns: 3 need 7.
  EXPECT_EQ(n.attrs.i("pad_top"), 1);
  EXPECT_EQ(n.attrs.i("pad_bottom"), 1);
  EXPECT_EQ(n.attrs.i("pad_left"), 0);
  EXPECT_EQ(n.attrs.i("pad_right"), 1);
  EXPECT_EQ(n.attrs.i("dilation_h"), 1);
  EXPECT_FALSE(n.attrs.has("padding"));
}

INSTANTIATE_TEST_SUITE_P(Layers, RefuseWindow, testing::Values("conv_2d", "depthwise_conv_2d"),
                         [](const auto& info) { return std::string(info.param); });

TEST(RefuseFullyConnected, Shapes) {
  Graph g = layer("fully_connected");
  weights(g).shape = {3, 12, 1};
  expect_refused(g, "E0303", "rank 2");
  g = layer("fully_connected");
  input(g).shape = {1, 13};
  expect_refused(g, "E0303", "vectors of 12");
  g = layer("fully_connected");
  input(g).shape = {2, 6};
  g.nodes[0].attrs.set("keep_num_dims", int64_t{1});
  expect_refused(g, "E0303", "vectors of 12");
  g = layer("fully_connected");
  input(g).shape = {1, 1 << 17};
  weights(g).shape = {3, 1 << 17};
  expect_refused(g, "E0303", "too large");
  g = layer("fully_connected");
  g.nodes[0].attrs.set("weights_format", std::string("SHUFFLED4x16INT8"));
  expect_normalize_refused(g, "E0301", "SHUFFLED");
}

TEST(RefuseConv, Groups) {
  Graph g = layer("conv_2d");
  weights(g).shape = {9, 3, 3, 2};  // two groups, nine outputs
  expect_refused(g, "E0303", "groups");
}

}  // namespace
}  // namespace smelt
