// The passes over channels: what they take out, and what they must leave.
#include <limits>

#include "ops/ranges.hpp"
#include "tests/passes/net.hpp"
#include "tests/passes/pass_test.hpp"

namespace smelt {
namespace {

using test::Net;

/// Runs the passes on channels until nothing changes; the graph computes the same.
Graph shrunk(const Graph& original, PassLog* log = nullptr) {
  const Outcome sound = verify_graph(original);
  EXPECT_TRUE(sound) << (sound ? "" : sound.failure().to_string());
  if (!sound) return original;
  Graph g = original;
  PassLog own;
  PassLog& lines = log != nullptr ? *log : own;
  for (size_t before = lines.lines.size() + 1; before != lines.lines.size();) {
    before = lines.lines.size();
    fold_channels(g, lines);
    merge_channels(g, lines);
    remove_channels(g, lines);
  }
  const Outcome still = verify_graph(g);
  EXPECT_TRUE(still) << (still ? "" : still.failure().to_string()) << print(g);
  if (still) test::expect_same_function(original, g, 20);
  return g;
}

int channels(const Graph& g, TensorId id) { return g.at(id).shape.back(); }

TEST(Channels, DeadOnesGoWithTheirWeights) {
  // Expected graph written by hand: the second of three channels is max(-128, round(-5 * ...) - 128) = -128, the zero
  // point, and the third of the second layer's inputs is not read.
  const std::string before = R"(graph "g"
    tensor %0 "in" i8[1, 2, 2, 2] scale=0.5 zero=3
    tensor %1 "w1" i8[4, 1, 1, 2] scale=[0.05, 0.1, 0.2, 0.4] zero=0 data=[1, 2, 0, 0, 5, 6, 7, 8]
    tensor %2 "b1" i32[4] scale=[0.025, 0.05, 0.1, 0.2] zero=0 data=[10, -5, 30, 40]
    tensor %3 "mid" i8[1, 2, 2, 4] scale=0.5 zero=-128
    tensor %4 "w2" i8[2, 1, 1, 4] scale=0.02 zero=0 data=[11, 12, 0, 14, 15, 16, 0, 18]
    tensor %5 "b2" i32[2] data=[100, 200]
    tensor %6 "out" i8[1, 2, 2, 2] scale=1 zero=0
    inputs (%0) outputs (%6)
    node %3 = conv_2d(%0, %1, %2) {activation="none", dilation_h=1, dilation_w=1, pad_bottom=0, pad_left=0, pad_right=0,
      pad_top=0, stride_h=1, stride_w=1}
    node %6 = conv_2d(%3, %4, %5) {activation="none", dilation_h=1, dilation_w=1, pad_bottom=0, pad_left=0, pad_right=0,
      pad_top=0, stride_h=1, stride_w=1})";
  const std::string after = R"(graph "g"
    tensor %0 "in" i8[1, 2, 2, 2] scale=0.5 zero=3
    tensor %1 "w1" i8[2, 1, 1, 2] scale=[0.05, 0.4] zero=0 data=[1, 2, 7, 8]
    tensor %2 "b1" i32[2] scale=[0.025, 0.2] zero=0 data=[10, 40]
    tensor %3 "mid" i8[1, 2, 2, 2] scale=0.5 zero=-128
    tensor %4 "w2" i8[2, 1, 1, 2] scale=0.02 zero=0 data=[11, 14, 15, 18]
    tensor %5 "b2" i32[2] data=[100, 200]
    tensor %6 "out" i8[1, 2, 2, 2] scale=1 zero=0
    inputs (%0) outputs (%6)
    node %3 = conv_2d(%0, %1, %2) {activation="none", dilation_h=1, dilation_w=1, pad_bottom=0, pad_left=0, pad_right=0,
      pad_top=0, stride_h=1, stride_w=1}
    node %6 = conv_2d(%3, %4, %5) {activation="none", dilation_h=1, dilation_w=1, pad_bottom=0, pad_left=0, pad_right=0,
      pad_top=0, stride_h=1, stride_w=1})";
  PassLog log;
  PipelineOptions options;
  Graph got = test::sound_graph(before);
  const Graph original = got;
  run_passes(got, log, options);
  Graph expected = test::sound_graph(after);
  // New constants are numbered behind the old ones.
  ASSERT_EQ(got.nodes.size(), 2U);
  for (size_t n = 0; n < 2; ++n) {
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_TRUE(got.at(got.nodes[n].inputs[i]) == expected.at(expected.nodes[n].inputs[i]))
          << got.at(got.nodes[n].inputs[i]).name;
    }
  }
  test::expect_same_function(original, got);
  EXPECT_EQ(log.before.macs, 4 * (4 * 2 + 2 * 4));
  EXPECT_EQ(log.after.macs, 4 * (2 * 2 + 2 * 2));
  EXPECT_EQ(log.before.weights, 16);
  EXPECT_EQ(log.after.weights, 8);
  EXPECT_EQ(log.to_string(), R"(fold channels: "out" (conv_2d): 1 of 4 input channels always hold the zero point and add nothing, padding or not; their weights are 0 now
remove channels: "mid" (conv_2d): 2 of 4 output channels go, as no one reads them with a weight other than 0
remove dead: 5 unused tensors
)");
}

/// in -> conv 1x1 to 4 channels, the second constant with `bias` -> conv of `kernel`.
struct Pair {
  Net net;
  TensorId mid, out;
  explicit Pair(int bias, int kernel, bool same) {
    net.zero = 0;
    net.activation = "none";
    const TensorId in = net.input({1, 5, 5, 3});
    mid = net.conv(in, 4);
    net.zero_output(mid, 1, bias);
    out = net.conv(mid, 3, kernel, same);
    net.finish({out});
  }
};

TEST(Channels, AConstantOtherThanZeroGoesIntoTheBias) {
  Pair p(2000, 1, false);
  const Graph g = shrunk(p.net.graph);
  EXPECT_EQ(channels(g, p.mid), 3);
  EXPECT_NE(g.at(g.nodes[1].in(2)).as<int32_t>()[0], p.net.graph.at(p.net.graph.nodes[1].in(2)).as<int32_t>()[0]);
  Pair valid(2000, 3, false);
  EXPECT_EQ(channels(shrunk(valid.net.graph), valid.mid), 3);
}

TEST(Channels, AConstantOtherThanZeroBehindAPaddedWindowStays) {
  Pair p(2000, 3, true);
  PassLog log;
  EXPECT_EQ(channels(shrunk(p.net.graph, &log), p.mid), 4);
  EXPECT_TRUE(log.lines.empty()) << log.to_string();
}

TEST(Channels, AConstantZeroBehindAPaddedWindowGoes) {
  Pair p(0, 3, true);
  EXPECT_EQ(channels(shrunk(p.net.graph), p.mid), 3);
}

TEST(Channels, OnlyTapsThatLeaveTheImageMatter) {
  Pair p(2000, 3, true);
  p.net.edit(p.out, [](std::vector<int8_t>& w, std::vector<int32_t>&) {
    for (size_t k = 0; k < w.size(); ++k) {
      if (k % 4 == 1 && k / 4 % 9 != 4) w[k] = 0;  // channel 1 is read in the middle of the window only
    }
  });
  EXPECT_EQ(channels(shrunk(p.net.graph), p.mid), 3);
}

TEST(Channels, ABiasThatWouldOverflowStays) {
  Pair p(2000, 1, false);
  p.net.edit(p.out, [](std::vector<int8_t>& w, std::vector<int32_t>& b) {
    b = {std::numeric_limits<int32_t>::max() - 10, std::numeric_limits<int32_t>::min() + 10, 5};
    w[1] = 100;
    w[5] = 100;
  });
  p.net.zero_output(p.mid, 1, 100000);  // 127
  EXPECT_EQ(channels(shrunk(p.net.graph), p.mid), 4) << "the first output reads the constant still";
  Pair room(2000, 1, false);
  room.net.edit(room.out, [](std::vector<int8_t>& w, std::vector<int32_t>& b) {
    b = {(1 << 30) + 5, -(1 << 30) - 5, std::numeric_limits<int32_t>::max()};
    w[9] = -3;
  });
  EXPECT_EQ(channels(shrunk(room.net.graph), room.mid), 3);
}

TEST(Channels, ABiasIsMadeWhereThereIsNone) {
  Net net;
  net.zero = -3;
  net.activation = "none";
  const TensorId in = net.input({1, 3, 3, 2});
  const TensorId mid = net.conv(in, 3);
  net.zero_output(mid, 2, 900);
  net.with_bias = false;
  const TensorId out = net.conv(mid, 2);
  const Graph g = shrunk(net.finish({out}));
  EXPECT_EQ(channels(g, mid), 2);
  EXPECT_NE(g.nodes[1].in(2), no_tensor);
}

TEST(Channels, ThroughDepthwise) {
  for (const bool zero_point : {true, false}) {
    for (const bool same : {true, false}) {
      Net net;
      const TensorId in = net.input({1, 6, 6, 2});
      const TensorId mid = net.conv(in, 4);
      net.zero_output(mid, 0, zero_point ? -7 : 700);  // relu: -7 gives the zero point
      const TensorId deep = net.depthwise(mid, 3, same);
      const TensorId out = net.conv(deep, 2);
      const Graph g = shrunk(net.finish({out}));
      const int expected = zero_point || !same ? 3 : 4;
      EXPECT_EQ(channels(g, mid), expected) << zero_point << same;
      EXPECT_EQ(channels(g, deep), expected) << zero_point << same;
      EXPECT_EQ(g.at(g.nodes[1].in(1)).quant.scale.size(), static_cast<size_t>(expected));
    }
  }
}

TEST(Channels, ADepthwiseMultiplierKeepsItsGroups) {
  Net net;
  const TensorId in = net.input({1, 4, 4, 2});
  const TensorId mid = net.conv(in, 3);
  const TensorId deep = net.depthwise(mid, 3, true, 1, 2);
  const TensorId out = net.conv(deep, 2);
  net.zero_input(out, 0, 6);  // one of two for channel 0
  net.zero_input(out, 2, 6);  // both for channel 1
  net.zero_input(out, 3, 6);
  const Graph g = shrunk(net.finish({out}));
  EXPECT_EQ(channels(g, mid), 2);
  EXPECT_EQ(channels(g, deep), 4);
}

TEST(Channels, WhatTheModelAnswersStays) {
  Net net;
  const TensorId in = net.input({1, 3, 3, 3});
  const TensorId mid = net.conv(in, 4);
  net.zero_output(mid, 1, 5);
  const TensorId out = net.conv(mid, 3);
  net.zero_input(mid, 2, 3);  // the model's input has three channels, read or not
  net.zero_output(out, 2, 100);
  const Graph g = shrunk(net.finish({out, mid}));
  EXPECT_EQ(channels(g, in), 3);
  EXPECT_EQ(channels(g, mid), 4);
  EXPECT_EQ(channels(g, out), 3);
}

/// conv -> a -> conv -> b, add(a, b) -> conv; channels 1 of a, 2 of b, 3 of both constant, 0 of the sum not read.
struct Residual {
  Net net;
  TensorId a, b, sum, out;
  Residual() {
    const TensorId in = net.input({1, 4, 4, 2});
    a = net.conv(in, 5);
    b = net.conv(a, 5, 3, true);
    Attrs attrs;
    attrs.set("activation", std::string("relu"));
    sum = net.node("add", {a, b}, {1, 4, 4, 5}, attrs);
    out = net.conv(sum, 2);
    net.zero_output(a, 1, -9);
    net.zero_output(b, 2, -9);
    net.zero_output(a, 3, -9);
    net.zero_output(b, 3, -9);
    net.zero_input(out, 0, 5);
    net.finish({out});
  }
};

TEST(Channels, ASumKeepsWhatEitherSideNeeds) {
  Residual r;
  const Graph g = shrunk(r.net.graph);
  // 0 is read by b's convolution, 1 and 2 are constant on one side only, 3 is constant.
  for (TensorId id : {r.a, r.b, r.sum}) EXPECT_EQ(channels(g, id), 4);
  Residual unread;
  unread.net.zero_input(unread.b, 0, 5);
  const Graph h = shrunk(unread.net.graph);
  for (TensorId id : {unread.a, unread.b, unread.sum}) EXPECT_EQ(channels(h, id), 3);
}

TEST(Channels, ConstantsBesideThemShrinkToo) {
  Net net;
  const TensorId in = net.input({1, 4, 4, 2});
  const TensorId mid = net.conv(in, 4);
  const TensorId c = net.constant<int8_t>({4}, {10, 20, 30, 40}, {{0.1F}, {0}, 0});
  const TensorId one = net.constant<int8_t>({1}, {17}, {{0.1F}, {0}, 0});
  Attrs attrs;
  attrs.set("activation", std::string("none"));
  const TensorId product = net.node("mul", {mid, c}, {1, 4, 4, 4}, attrs);
  const TensorId sum = net.node("add", {one, product}, {1, 4, 4, 4}, attrs);
  const TensorId out = net.conv(sum, 2);
  net.zero_input(out, 1, 4);
  const Graph g = shrunk(net.finish({out}));
  EXPECT_EQ(channels(g, sum), 3);
  EXPECT_EQ(std::vector<int8_t>(g.at(g.nodes[1].in(1)).as<int8_t>(), g.at(g.nodes[1].in(1)).as<int8_t>() + 3),
            (std::vector<int8_t>{10, 30, 40}));
  EXPECT_EQ(g.at(g.nodes[2].in(0)).shape, Shape{1});
}

TEST(Channels, ThroughPoolingFlattenAndLayersBehind) {
  for (const char* pool : {"average_pool_2d", "max_pool_2d"}) {
    Net net;
    const TensorId in = net.input({1, 4, 4, 2});
    const TensorId mid = net.conv(in, 4);
    net.zero_output(mid, 2, 1234);
    Attrs attrs;
    for (const char* name : {"filter_h", "filter_w", "stride_h", "stride_w"}) attrs.set(name, int64_t{2});
    for (const char* name : {"pad_top", "pad_bottom", "pad_left", "pad_right"}) attrs.set(name, int64_t{0});
    attrs.set("activation", std::string("none"));
    const TensorId pooled = net.node(pool, {mid}, {1, 2, 2, 4}, attrs);
    const TensorId out = net.dense(pooled, 3);
    net.zero_input(out, 0, 4);
    const Graph g = shrunk(net.finish({out}));
    EXPECT_EQ(channels(g, pooled), 2) << pool;
    EXPECT_EQ(g.at(g.nodes[2].in(1)).shape, (Shape{3, 8}));
  }
}

TEST(Channels, ThroughConcatenation) {
  Net net;
  const TensorId in = net.input({1, 3, 3, 2});
  const TensorId a = net.conv(in, 3);
  const TensorId b = net.conv(in, 4);
  net.zero_output(a, 0, -5);
  net.zero_output(b, 3, 800);
  Attrs attrs;
  attrs.set("axis", int64_t{3});
  const TensorId both = net.node("concatenation", {a, b}, {1, 3, 3, 7}, attrs);
  const TensorId out = net.conv(both, 2);
  net.zero_input(out, 4, 7);  // b's channel 1
  const Graph g = shrunk(net.finish({out}));
  EXPECT_EQ(channels(g, a), 2);
  EXPECT_EQ(channels(g, b), 2);
  EXPECT_EQ(channels(g, both), 4);
}

TEST(Channels, WhatMixesThemKeepsThem) {
  Net net;
  const TensorId in = net.input({1, 2, 2, 2});
  const TensorId mid = net.conv(in, 4);
  net.zero_output(mid, 1, -5);
  Attrs attrs;
  const TensorId flat = net.node("reshape", {mid}, {1, 16}, attrs);  // read as a flat row: 16 channels now
  const TensorId out = net.dense(flat, 2);
  EXPECT_EQ(channels(shrunk(net.finish({out})), mid), 4);

  Net grouped;
  const TensorId image = grouped.input({1, 3, 3, 2});
  const TensorId wide = grouped.conv(image, 4);
  grouped.zero_output(wide, 0, -5);
  const TensorId groups = grouped.conv(wide, 4, 1, false, 1, 2);
  EXPECT_EQ(channels(shrunk(grouped.finish({groups})), wide), 4);
}

TEST(Channels, SeveralReaders) {
  Net net;
  const TensorId in = net.input({1, 3, 3, 2});
  const TensorId mid = net.conv(in, 4);
  const TensorId a = net.conv(mid, 2);
  const TensorId b = net.conv(mid, 2, 3, true);
  net.zero_input(a, 0, 4);
  net.zero_input(a, 2, 4);
  net.zero_input(b, 2, 4);
  const Graph g = shrunk(net.finish({a, b}));
  EXPECT_EQ(channels(g, mid), 3) << "channel 0 has one reader left, channel 2 none";
}

TEST(Channels, ATensorKeepsAChannel) {
  Net net;
  const TensorId in = net.input({1, 3, 3, 2});
  const TensorId mid = net.conv(in, 4);
  for (int c = 0; c < 4; ++c) net.zero_output(mid, c, 100 * c);
  const TensorId out = net.conv(mid, 2);
  const Graph g = shrunk(net.finish({out}));
  EXPECT_EQ(channels(g, mid), 2) << "two, as the weights have a scale for each";
}

TEST(Channels, ScalesOfAFullyConnectedLayerStayAsTheyWere) {
  // With one scale for all weights the reference multiplies scales in single precision, with several in double. Here the
  // two give different multipliers, so that a layer must not go from several to one.
  Net net;
  net.activation = "none";
  net.zero = 0;
  const TensorId in = net.input({1, 1, 1, 8});
  const TensorId mid = net.dense(in, 3);
  const TensorId out = net.dense(mid, 2);
  net.zero_input(out, 0, 3);
  net.zero_input(out, 1, 3);
  const Graph g = shrunk(net.finish({out}));
  EXPECT_EQ(channels(g, mid), 2);
  EXPECT_TRUE(g.at(g.nodes[0].in(1)).quant.per_channel());
}

TEST(Channels, AnOutputThatItsClampHoldsFastLosesItsWeights) {
  Net net;
  net.zero = -128;
  const TensorId in = net.input({1, 3, 3, 2});
  const TensorId mid = net.conv(in, 3);
  const TensorId out = net.conv(mid, 2);
  // |weights * inputs| is below 2 * 255 * 127 < 100,000, so the first is always clamped; the second is once not.
  net.edit(mid, [](std::vector<int8_t>& w, std::vector<int32_t>& b) {
    w = {127, 127, 127, 127, 3, 4};
    b = {-100000, -60000, 5};
  });
  const Graph g = shrunk(net.finish({out}));
  EXPECT_EQ(channels(g, mid), 2);
}

TEST(Channels, AFlushedMultiplierGivesAConstant) {
  // Scales so small that the multiplier is shifted out, as training leaves them for dead channels: 2^30 * 2^-37 is far
  // from one half.
  Net net;
  net.zero = 5;
  net.activation = "none";
  const TensorId in = net.input({1, 3, 3, 2});
  net.per_channel = false;
  net.weight_scale = 1e-12F;
  const TensorId mid = net.conv(in, 3, 3, true);
  net.edit(mid, [](std::vector<int8_t>&, std::vector<int32_t>& b) { b = {1 << 30, -(1 << 30), 17}; });
  net.weight_scale = 0.02F;
  const TensorId out = net.conv(mid, 2);
  PassLog log;
  const Graph g = shrunk(net.finish({out}), &log);
  EXPECT_EQ(channels(g, mid), 1);
  EXPECT_NE(log.to_string().find("the same whatever comes in"), std::string::npos) << log.to_string();
}

TEST(Channels, SumsThatWrapProveNothing) {
  Net net;
  net.zero = 0;
  net.activation = "relu";
  const TensorId in = net.input({1, 2, 2, 1});
  const TensorId mid = net.conv(in, 2);
  net.edit(mid, [](std::vector<int8_t>& w, std::vector<int32_t>& b) {  // positive without wrapping
    w = {127, 127};
    b = {std::numeric_limits<int32_t>::max(), std::numeric_limits<int32_t>::max() - 20000};
  });
  const TensorId out = net.conv(mid, 2);
  const Graph g = shrunk(net.finish({out}));
  EXPECT_EQ(channels(g, mid), 2) << "the second is always 127 but keeps company, the first is not";
  EXPECT_NE(g.at(g.nodes[0].in(1)).as<int8_t>()[0], 0);
  EXPECT_EQ(g.at(g.nodes[0].in(1)).as<int8_t>()[1], 0);
}

TEST(Channels, EqualOnesBecomeOne) {
  for (const int weight : {50, 90}) {
    Net net;
    net.per_channel = false;
    const TensorId in = net.input({1, 4, 4, 2});
    const TensorId mid = net.conv(in, 3);
    net.edit(mid, [](std::vector<int8_t>& w, std::vector<int32_t>& b) {
      w[4] = w[0];
      w[5] = w[1];
      b[2] = b[0];
    });
    const TensorId deep = net.depthwise(mid, 3, true);
    net.edit(deep, [](std::vector<int8_t>& w, std::vector<int32_t>& b) {
      for (size_t k = 0; k < w.size(); k += 3) w[k + 2] = w[k];
      b[2] = b[0];
    });
    const TensorId out = net.conv(deep, 2, 3, true);
    net.edit(out, [&](std::vector<int8_t>& w, std::vector<int32_t>&) {
      for (int8_t& x : w) x = static_cast<int8_t>(weight);
    });
    const Graph g = shrunk(net.finish({out}));
    EXPECT_EQ(channels(g, mid), weight == 50 ? 2 : 3) << "100 is an int8 weight, 180 is none";
    EXPECT_EQ(channels(g, deep), weight == 50 ? 2 : 3);
  }
}

TEST(Channels, AlmostEqualOnesStay) {
  for (const int what : {0, 1, 2}) {
    Net net;
    const TensorId in = net.input({1, 4, 4, 2});
    const TensorId mid = net.conv(in, 2);
    net.edit(mid, [&](std::vector<int8_t>& w, std::vector<int32_t>& b) {
      w = {5, 6, 5, static_cast<int8_t>(what == 0 ? 7 : 6)};
      b = {3000, what == 1 ? 3001 : 3000};
    });
    Quantization& q = net.graph.at(net.graph.nodes[0].in(1)).quant;
    q.scale = {0.02F, what == 2 ? 0.03F : 0.02F};
    const TensorId out = net.conv(mid, 2);
    net.edit(out, [](std::vector<int8_t>& w, std::vector<int32_t>&) { w = {1, 2, 3, 4}; });
    EXPECT_EQ(channels(shrunk(net.finish({out})), mid), 2) << what;
  }
}

TEST(Channels, FloatsAreLeftAlone) {
  const std::string text = R"(graph "g"
    tensor %0 "in" f32[1, 2, 2, 1]
    tensor %1 "w1" f32[2, 1, 1, 1] data=[0, 1]
    tensor %2 "mid" f32[1, 2, 2, 2]
    tensor %3 "w2" f32[1, 1, 1, 2] data=[0, 1]
    tensor %4 "out" f32[1, 2, 2, 1]
    inputs (%0) outputs (%4)
    node %2 = conv_2d(%0, %1, _) {activation="none", dilation_h=1, dilation_w=1, pad_bottom=0, pad_left=0, pad_right=0,
      pad_top=0, stride_h=1, stride_w=1}
    node %4 = conv_2d(%2, %3, _) {activation="none", dilation_h=1, dilation_w=1, pad_bottom=0, pad_left=0, pad_right=0,
      pad_top=0, stride_h=1, stride_w=1})";
  for (const test::Pass pass : {fold_channels, merge_channels, remove_channels}) test::expect_unchanged(pass, text);
}

}  // namespace
}  // namespace smelt
