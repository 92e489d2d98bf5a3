#include <algorithm>

#include "lower/compile.hpp"
#include "ops/ranges.hpp"
#include "tests/passes/net.hpp"
#include "tests/passes/pass_test.hpp"

namespace smelt {
namespace {

using test::Net;

/// The pass on `net`, which must compute the same afterwards; the names of the operators that are left.
std::vector<std::string> composed(const Graph& original) {
  const Outcome sound = verify_graph(original);
  EXPECT_TRUE(sound) << (sound ? "" : sound.failure().to_string());
  if (!sound) return {};
  Graph g = original;
  PassLog log;
  compose_lookups(g, log);
  const Outcome still = verify_graph(g);
  EXPECT_TRUE(still) << (still ? "" : still.failure().to_string()) << print(g);
  if (still) test::expect_same_function(original, g);
  const Result<Program> program = lower(g, plan::Rings::minimum);
  EXPECT_TRUE(program);
  if (program) {
    std::mt19937 random(2);
    const std::vector<Bytes> in = {test::random_content(g.at(g.inputs[0]), random)};
    EXPECT_EQ(Interpreter(*program).run(in).at(0), evaluate(original, in)[static_cast<size_t>(original.outputs[0])].bytes);
  }
  std::vector<std::string> ops;
  for (const Node& node : g.nodes) ops.push_back(node.op);
  EXPECT_EQ(log.lines.empty(), ops.size() == original.nodes.size());
  return ops;
}

const Shape shape = {1, 3, 4, 8};
using Names = std::vector<std::string>;

TEST(ComposeLookups, SeveralBecomeOne) {
  Net net;
  const TensorId in = net.input(shape);
  net.scale = 1.0F / 128;
  net.zero = 0;
  const TensorId a = net.node("tanh", {in}, shape);
  net.scale = 0.01F;
  net.zero = 7;
  const TensorId b = net.node("quantize", {a}, shape);
  const TensorId c = net.node("relu6", {b}, shape);
  EXPECT_EQ(composed(net.finish({c})), Names{"lookup"});
}

TEST(ComposeLookups, FromUnsignedBytesToo) {
  Net net;
  const TensorId in = net.input(shape);
  net.graph.at(in).dtype = DType::u8;
  net.graph.at(in).quant = {{0.1F}, {128}, 0};
  net.zero = -5;
  const TensorId a = net.node("quantize", {in}, shape);
  const TensorId b = net.node("relu", {a}, shape);
  EXPECT_EQ(composed(net.finish({b})), Names{"lookup"});
}

TEST(ComposeLookups, ThereAndBackIsNothing) {
  Net net;
  const TensorId in = net.input(shape);
  net.zero = 3;
  net.scale = 0.05F;
  const TensorId a = net.node("relu", {in}, shape);
  net.zero = -1;
  net.scale = 0.1F;
  const TensorId there = net.node("quantize", {a}, shape);  // a byte is worth two: information is lost
  net.zero = 3;
  net.scale = 0.05F;
  const TensorId back = net.node("quantize", {there}, shape);
  EXPECT_EQ(composed(net.finish({back})), Names{"lookup"});

  Net flip;
  const TensorId x = flip.input(shape);
  const TensorId same = flip.node("leaky_relu", {x}, shape, [] {
    Attrs alpha;
    alpha.set("alpha", 1.0);
    return alpha;
  }());
  const TensorId sum = flip.conv(same, 2);
  EXPECT_EQ(composed(flip.finish({sum})), Names{"conv_2d"});

  Net signs;
  const TensorId u = signs.input(shape);
  signs.zero = 28;  // -100 + 128: the same numbers, as unsigned bytes
  const TensorId v = signs.node("quantize", {u}, shape);
  signs.graph.at(v).dtype = DType::u8;
  signs.zero = -100;
  const TensorId w = signs.node("quantize", {v}, shape);
  const TensorId y = signs.conv(w, 2);
  EXPECT_EQ(composed(signs.finish({y})), Names{"conv_2d"});
}

TEST(ComposeLookups, NotWhereSomeoneElseReads) {
  Net net;
  const TensorId in = net.input(shape);
  const TensorId a = net.node("relu6", {in}, shape);
  net.zero = 4;
  const TensorId b = net.node("quantize", {a}, shape);
  EXPECT_EQ(composed(net.finish({b, a})), (Names{"relu6", "quantize"}));
  const TensorId c = net.node("relu", {a}, shape);
  EXPECT_EQ(composed(net.finish({b, c})), (Names{"relu6", "quantize", "relu"}));
}

TEST(ComposeLookups, AFunctionOfTwoIsNone) {
  Net net;
  const TensorId in = net.input(shape);
  const TensorId a = net.node("relu6", {in}, shape);
  Attrs none;
  none.set("activation", std::string("none"));
  const TensorId b = net.node("add", {a, a}, shape, none);
  EXPECT_EQ(composed(net.finish({b})), (Names{"relu6", "add"}));
}

TEST(Lookup, RefusesWhatIsNoTable) {
  for (const int64_t last : {int64_t{-1}, int64_t{256}, int64_t{255}}) {
    for (const size_t size : {size_t{255}, size_t{256}, size_t{257}}) {
      Net net;
      const TensorId in = net.input(shape);
      std::vector<int64_t> table(size, 3);
      table.back() = last;
      Attrs attrs;
      attrs.set("table", table);
      const TensorId out = net.node("lookup", {in}, shape, attrs);
      EXPECT_EQ(verify_graph(net.finish({out})).ok(), size == 256 && last == 255);
    }
  }
}

TEST(Lookup, RangesGoThroughTables) {
  Net net;
  net.zero = -100;
  const TensorId in = net.input({1, 2, 2, 1});
  const TensorId mid = net.conv(in, 1);
  net.edit(mid, [](std::vector<int8_t>& w, std::vector<int32_t>&) { w = {127}; });  // -100 to 127
  std::vector<int64_t> table(256);
  for (size_t x = 0; x < 256; ++x) table[x] = x < 128 ? 5 : 6;  // by bits: numbers below 0 are the upper half
  table[static_cast<uint8_t>(int8_t{-101})] = 200;              // never looked up
  Attrs attrs;
  attrs.set("table", table);
  const TensorId out = net.node("lookup", {mid}, {1, 2, 2, 1}, attrs);
  net.finish({out});
  ASSERT_TRUE(verify_graph(net.graph));
  const ChannelRanges ranges = channel_ranges(net.graph);
  EXPECT_EQ(ranges[static_cast<size_t>(out)], (std::vector<Interval>{{5, 6}}));
}

}  // namespace
}  // namespace smelt
