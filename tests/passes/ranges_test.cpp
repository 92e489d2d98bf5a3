// What is proven of sums, against all that can come in.
#include "ops/ranges.hpp"

#include <algorithm>
#include <limits>

#include "tests/passes/net.hpp"
#include "tests/passes/pass_test.hpp"

namespace smelt {
namespace {

using test::Net;

/// A layer of two inputs: every pair of values is tried.
struct Tried {
  Interval sum{std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()};
  bool below = false;  ///< the clamp cut something off
  bool above = false;
  std::vector<Interval> outputs;
};

Tried try_all(const Net& net, TensorId mid) {
  const Graph& g = net.graph;
  const Node& node = g.nodes.at(static_cast<size_t>(g.producer(mid)));
  const WeightedSum s = *weighted_sum(g, node);
  const Tensor& in = g.at(node.in(0));
  const auto* w = g.at(node.in(1)).as<int8_t>();
  Tried t;
  for (int32_t o = 0; o < s.outputs; ++o) {
    Interval y{127, -128};
    for (int a = -128; a < 128; ++a) {
      for (int b = -128; b < 128; ++b) {
        const int64_t sum = int64_t{bias_of(g, node, o)} + (a - in.quant.zero_point[0]) * w[2 * o] +
                            (b - in.quant.zero_point[0]) * w[2 * o + 1];
        t.sum = {std::min(t.sum.low, sum), std::max(t.sum.high, sum)};
        const int64_t v = int64_t{oracle::requantize(static_cast<int32_t>(sum), s.scales[static_cast<size_t>(o)])} +
                          g.at(mid).quant.zero_point[0];
        t.below = t.below || v < s.clamp.low;
        t.above = t.above || v > s.clamp.high;
        const int64_t clamped = std::clamp<int64_t>(v, s.clamp.low, s.clamp.high);
        y = {std::min(y.low, clamped), std::max(y.high, clamped)};
      }
    }
    t.outputs.push_back(y);
  }
  return t;
}

TEST(Ranges, AreWhatTryingGives) {
  int clamped = 0;
  int free = 0;
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    Net net(seed);
    net.zero = net.draw(-128, 127);
    net.weight_scale = seed % 3 == 0 ? 0.0005F : 0.01F;
    net.activation = seed % 2 == 0 ? "relu" : "none";
    const TensorId mid = net.conv(net.input({1, 1, 1, 2}), 2);
    net.finish({mid});
    const Tried t = try_all(net, mid);
    const WeightedSum s = *weighted_sum(net.graph, net.graph.nodes[0]);
    const SumProof p = prove_sums(net.graph, net.graph.nodes[0], s);
    EXPECT_EQ(p.sum, t.sum);
    EXPECT_EQ(p.clamps_low, t.below);
    EXPECT_EQ(p.clamps_high, t.above);
    EXPECT_TRUE(p.never_overflows);
    EXPECT_TRUE(p.shifts_right_only);
    EXPECT_GE(t.sum.low, -(int64_t{1} << (p.bits - 1)));
    EXPECT_LT(t.sum.high, int64_t{1} << (p.bits - 1));
    EXPECT_TRUE(t.sum.low < -(int64_t{1} << (p.bits - 2)) || t.sum.high >= int64_t{1} << (p.bits - 2)) << "no bit fewer";
    EXPECT_EQ(channel_ranges(net.graph)[static_cast<size_t>(mid)], t.outputs);
    (p.clamps_high ? clamped : free) += 1;
  }
  EXPECT_GT(clamped, 5);
  EXPECT_GT(free, 5);
}

TEST(Ranges, PartialSumsInAnyOrder) {
  for (uint32_t seed = 1; seed <= 100; ++seed) {
    Net net(seed);
    net.zero = net.draw(-128, 127);
    const TensorId out = net.conv(net.input({1, 3, 3, 2}), 2, 3, true);
    net.finish({out});
    const Node& node = net.graph.nodes[0];
    const WeightedSum s = *weighted_sum(net.graph, node);
    const SumProof p = prove_sums(net.graph, node, s);
    const auto* w = net.graph.at(node.in(1)).as<int8_t>();
    const int64_t limit = int64_t{1} << (p.partial_bits - 1);
    for (int round = 0; round < 50; ++round) {
      const int o = net.draw(0, 1);
      std::vector<int> order(18);
      for (int k = 0; k < 18; ++k) order[static_cast<size_t>(k)] = k;
      std::shuffle(order.begin(), order.end(), net.random);
      int64_t sum = bias_of(net.graph, node, o);
      for (int k = 0; k < 18; ++k) sum -= int64_t{net.zero} * w[o * 18 + k];
      for (const int k : order) {
        EXPECT_TRUE(sum >= -limit && sum < limit);
        // The worst that can come in, and the zero point where padding is read.
        const int x = round % 3 == 0 ? net.zero : (w[o * 18 + k] > 0) == (round % 3 == 1) ? 127 : -128;
        sum += int64_t{x} * w[o * 18 + k];
      }
      EXPECT_TRUE(sum >= -limit && sum < limit);
    }
  }
}

TEST(Ranges, OfInputsThatAnActivationLimits) {
  Net net;
  net.zero = -20;
  const TensorId in = net.input({1, 2, 2, 1});
  const TensorId mid = net.conv(in, 1);
  const TensorId out = net.conv(mid, 1);
  net.edit(out, [](std::vector<int8_t>& w, std::vector<int32_t>& b) {
    w = {3};
    b = {7};
  });
  net.finish({out});
  EXPECT_EQ(stored_range(net.graph, in), (Interval{-128, 127}));
  EXPECT_EQ(stored_range(net.graph, mid), (Interval{-20, 127}));
  const Node& node = net.graph.nodes[1];
  const SumProof p = prove_sums(net.graph, node, *weighted_sum(net.graph, node));
  EXPECT_EQ(p.sum, (Interval{7, 7 + 147 * 3}));
  EXPECT_TRUE(p.negatives_are_clamped);
  EXPECT_FALSE(p.clamps_low);
}

TEST(Ranges, PaddingAddsNothing) {
  Net net;
  net.zero = -128;  // so that all inputs are positive
  const TensorId out = net.conv(net.input({1, 2, 2, 1}), 1, 3, true);
  net.edit(out, [](std::vector<int8_t>& w, std::vector<int32_t>& b) {
    w.assign(9, 1);
    b = {0};
  });
  net.finish({out});
  const Node& node = net.graph.nodes[0];
  const WeightedSum s = *weighted_sum(net.graph, node);
  EXPECT_EQ(s.tap_leaves, (std::vector<char>{1, 1, 1, 1, 0, 1, 1, 1, 1}));
  EXPECT_EQ(prove_sums(net.graph, node, s, {{-128 + 10, -128 + 20}}).sum, (Interval{10, 180}));
}

TEST(Ranges, OverflowProvesNothing) {
  Net net;
  const TensorId out = net.conv(net.input({1, 1, 1, 2}), 1);
  net.edit(out, [](std::vector<int8_t>&, std::vector<int32_t>& b) { b = {std::numeric_limits<int32_t>::max() - 5}; });
  net.finish({out});
  const Node& node = net.graph.nodes[0];
  const WeightedSum s = *weighted_sum(net.graph, node);
  const SumProof p = prove_sums(net.graph, node, s);
  EXPECT_FALSE(p.never_overflows);
  EXPECT_FALSE(p.negatives_are_clamped);
  EXPECT_GT(p.bits, 32);
  EXPECT_EQ(channel_ranges(net.graph)[static_cast<size_t>(out)][0], (Interval{s.clamp.low, s.clamp.high}));

  Net left;  // 3 * 0.1 / 0.1: a shift of 2 to the left
  left.weight_scale = 3;
  const TensorId wide = left.conv(left.input({1, 1, 1, 2}), 1);
  left.edit(wide, [](std::vector<int8_t>&, std::vector<int32_t>& b) { b = {1 << 30}; });
  left.finish({wide});
  const SumProof q = prove_sums(left.graph, left.graph.nodes[0], *weighted_sum(left.graph, left.graph.nodes[0]));
  EXPECT_FALSE(q.shifts_right_only);
  EXPECT_FALSE(q.never_overflows);
  EXPECT_LE(q.bits, 32);
}

}  // namespace
}  // namespace smelt
