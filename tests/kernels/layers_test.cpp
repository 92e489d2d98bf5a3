// Random layers: the compiled program at both ring depths, with every set of primitives, against the oracle.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <random>

#include "lower/compile.hpp"
#include "ops/op.hpp"
#include "runtime/ops/conv_2d.hpp"
#include "runtime/ops/conv_2d_s16.hpp"
#include "runtime/arch/host.hpp"
#include "runtime/ops/depthwise_3x3.hpp"
#include "runtime/ops/depthwise_conv_2d.hpp"
#include "runtime/ops/fully_connected.hpp"
#include "runtime/ops/fully_connected_s16.hpp"
#include "runtime/ops/depthwise_conv_2d_s16.hpp"
#include "tests/kernels/random_layers.hpp"

namespace smelt {
namespace {

using test::Layer;

void expect_equal(const Bytes& got, const Bytes& want, DType dtype, const std::string& what) {
  ASSERT_EQ(got.size(), want.size()) << what;
  if (dtype != DType::f32) {
    ASSERT_EQ(got, want) << what;
    return;
  }
  const auto* a = reinterpret_cast<const float*>(got.data());
  const auto* b = reinterpret_cast<const float*>(want.data());
  const size_t n = got.size() / 4;
  float range = 1;
  for (size_t i = 0; i < n; ++i) range = std::max(range, std::fabs(b[i]));
  for (size_t i = 0; i < n; ++i) ASSERT_NEAR(a[i], b[i], 1e-6F * range) << what << ", value " << i;
}

/// Outputs that are not all alike; otherwise a comparison shows little.
bool telling(const Bytes& bytes) {
  return std::any_of(bytes.begin(), bytes.end(), [&](uint8_t b) { return b != bytes[0]; });
}

/// False where infer refuses the layer.
int fast = 0;
int fallbacks = 0;
std::map<Vector, int> vectorized;
bool check(Layer layer, std::mt19937& random, int& told) {
  Graph g = test::graph_of(layer, random);
  const auto types = find_op(layer.op)->infer(g, g.nodes[0]);
  if (!types) return false;
  g.at(g.outputs[0]).shape = types->at(0).shape;
  const Outcome sound = verify_graph(g);
  EXPECT_TRUE(sound) << (sound ? "" : sound.failure().to_string());
  if (!sound) return false;
  const Bytes input = test::random_bytes(random, layer.dtype, elements(layer.input), layer.extremes);
  const Bytes want = evaluate(g, {input})[static_cast<size_t>(g.outputs[0])].bytes;
  told += telling(want) ? 1 : 0;
  const std::string what = layer.op + " " + to_string(layer.input) + " by " + to_string(layer.weights);
  for (const plan::Rings rings : {plan::Rings::full, plan::Rings::minimum}) {
    auto program = lower(g, rings);
    EXPECT_TRUE(program) << (program ? "" : program.failure().to_string());
    if (!program) return false;
    expect_equal(Interpreter(*program).run({input})[0], want, layer.dtype, what);
    const Kernel function = program->operations[0].function;
    const bool of_3x3 = function == &depthwise_3x3_s8 || function == &depthwise_3x3_stride_2_s8;
    std::vector<Kernel> others;
    if (function == &conv_2d_s8) others = {&conv_2d<ConvPairs<HostConvS8>>};
    if (function == &pointwise_s8) others = {&pointwise<ConvPairs<HostConvS8>>};
    if (function == &fully_connected_slices_s8) others = {&fully_connected_slices<ScalarDotS8>};
    if (function == &fully_connected_s8) others = {&fully_connected_pairs<ScalarDotS8>};
    if (function == &depthwise_conv_2d_s8) others = {&depthwise_conv_2d<DepthwiseBlocks<ScalarDepthwiseS8>>};
    for (Kernel kernel : others) {
      program->operations[0].function = kernel;
      expect_equal(Interpreter(*program).run({input})[0], want, layer.dtype, what);
    }
    if (layer.dtype == DType::i8) ++(others.empty() && !of_3x3 ? fallbacks : fast);
    if (layer.dtype == DType::i16) {
      const bool narrow = function == &conv_2d_s16 || function == &depthwise_conv_2d_s16 || function == &fully_connected_s16;
      ++(narrow ? fast : fallbacks);
    }
    for (const auto& [vector, suffix] : {std::pair(Vector::helium, "helium"), std::pair(Vector::swar, "swar")}) {
      const auto other = lower(g, rings, vector);
      EXPECT_TRUE(other) << (other ? "" : other.failure().to_string());
      if (!other) return false;
      if (other->operations[0].kernel.find(suffix) == std::string::npos) continue;
      ++vectorized[vector];
      expect_equal(Interpreter(*other).run({input})[0], want, layer.dtype, what + " for " + suffix);
    }
  }
  return true;
}

class Layers : public testing::TestWithParam<DType> {
 protected:
  /// Runs `make` until `count` layers were accepted. `words`: layers of int8 have a form for cores without vectors, too.
  template <class F>
  void run(uint32_t seed, int count, F make, bool words = true) {
    std::mt19937 random(seed);
    int accepted = 0;
    int told = 0;
    for (int tries = 0; accepted < count && tries < 20 * count; ++tries) {
      if (check(make(random), random, told)) ++accepted;
      if (HasFatalFailure()) return;
    }
    EXPECT_EQ(accepted, count) << "too few of the random layers were valid";
    EXPECT_GT(told, count / 2) << "too many outputs were constant";
    std::printf("%d with fast kernels, %d with those for any layer; %d for Helium, %d for words\n", fast, fallbacks,
                vectorized[Vector::helium], vectorized[Vector::swar]);
    const bool bytes = GetParam() == DType::i8;
    EXPECT_TRUE(!bytes || vectorized[Vector::helium] > 0);
    EXPECT_TRUE(!bytes || !words || vectorized[Vector::swar] > 0);
  }
};

TEST_P(Layers, Convolution) {
  run(1, 400, [](std::mt19937& random) { return test::random_conv_2d(random, GetParam()); });
}

TEST_P(Layers, Pointwise) {
  run(2, 200, [](std::mt19937& random) { return test::random_pointwise(random, GetParam()); });
}

TEST_P(Layers, DeepConvolution) {
  run(3, 6, [](std::mt19937& random) { return test::random_deep_convolution(random, GetParam()); });
}

TEST_P(Layers, DepthwiseConvolution) {
  run(4, 400, [](std::mt19937& random) { return test::random_depthwise(random, GetParam()); }, false);
}

TEST_P(Layers, DepthwiseConvolutionOf3x3) {
  run(6, 300, [](std::mt19937& random) { return test::random_depthwise_3x3(random, GetParam()); }, false);
}

TEST_P(Layers, FullyConnected) {
  run(5, 300, [](std::mt19937& random) { return test::random_fully_connected(random, GetParam()); });
}

TEST_P(Layers, FullyConnectedBehindAFlatten) {
  run(8, 100, [](std::mt19937& random) { return test::random_flattened(random, GetParam()); });
}

// Sums of |w| beyond 2^16, which pairs of units do not bear in one go.
TEST_P(Layers, FullyConnectedOfLongVectors) {
  run(9, 10, [](std::mt19937& random) { return test::random_long_fully_connected(random, GetParam()); });
}

INSTANTIATE_TEST_SUITE_P(Types, Layers, testing::Values(DType::i8, DType::i16, DType::f32),
                         [](const auto& info) { return std::string(to_string(info.param)); });

}  // namespace
}  // namespace smelt
