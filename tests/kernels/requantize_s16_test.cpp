// QUANTIZE from int8 to int16, for which the reference has no kernel: against scales whose ratio is exact.
#include <gtest/gtest.h>

#include <cmath>

#include "lower/compile.hpp"
#include "ops/op.hpp"

namespace smelt {
namespace {

/// All int8 values, of `from`, as int16 of `to`.
Graph widening(Quantization from, Quantization to) {
  Graph g;
  g.name = g.file = "test";
  Tensor in, out;
  in.name = "in";
  in.dtype = DType::i8;
  out.name = "out";
  out.dtype = DType::i16;
  in.shape = out.shape = {2, 128};
  in.quant = std::move(from);
  out.quant = std::move(to);
  Node node;
  node.op = "quantize";
  node.inputs = {g.add(in)};
  node.outputs = {g.add(out)};
  g.inputs = node.inputs;
  g.outputs = node.outputs;
  g.nodes = {node};
  return g;
}

void check(float from, int32_t zero, float to) {
  const Graph g = widening({{from}, {zero}, 0}, {{to}, {0}, 0});
  const Outcome sound = verify_graph(g);
  ASSERT_TRUE(sound) << sound.failure().to_string();
  Bytes input(256);
  for (size_t i = 0; i < input.size(); ++i) input[i] = static_cast<uint8_t>(i);
  const Bytes oracle = evaluate(g, {input})[1].bytes;
  const auto program = lower(g, plan::Rings::full);
  ASSERT_TRUE(program) << program.failure().to_string();
  const Bytes device = Interpreter(*program).run({input})[0];
  EXPECT_EQ(device, oracle);
  for (size_t i = 0; i < input.size(); ++i) {
    const double real = static_cast<double>(from) / static_cast<double>(to) * (static_cast<int8_t>(input[i]) - zero);
    const double want = std::fmin(std::fmax(std::floor(real + 0.5), -32768.0), 32767.0);
    EXPECT_EQ(reinterpret_cast<const int16_t*>(oracle.data())[i], want) << "of " << int{static_cast<int8_t>(input[i])};
  }
}

TEST(RequantizeS16, WidensExactly) { check(0.5F, 3, 0.5F / 256); }
TEST(RequantizeS16, SaturatesBeyondSixteenBits) { check(0.5F, -128, 0.5F / 256); }
// The doubling high multiplication, which a ratio of a half comes down to, rounds so.
TEST(RequantizeS16, RoundsHalvesUp) { check(0.25F, -7, 0.5F); }

TEST(RequantizeS16, RefusesWhatTheReferenceHasNoWordFor) {
  Graph g = widening({{0.5F}, {3}, 0}, {{0.5F}, {1}, 0});
  EXPECT_FALSE(find_op("quantize")->infer(g, g.nodes[0])) << "a zero point of 16 bits";
  g = widening({{0.5F}, {3}, 0}, {{0.5F}, {0}, 0});
  g.at(0).dtype = DType::u8;
  EXPECT_FALSE(find_op("quantize")->infer(g, g.nodes[0])) << "uint8 to int16";
}

}  // namespace
}  // namespace smelt
