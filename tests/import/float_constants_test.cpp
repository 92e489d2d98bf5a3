// Weights of fewer bits than their activations are read as floats. The reference quantizes a layer's input to int8 while it
// runs, symmetrically to its largest magnitude or over its range: each input is off by at most half a step, which is
// max|x| / 254. What an output can be off by is that times the sum of its weights' magnitudes.
#include "import/float_constants.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "lower/compile.hpp"
#include "ir/half.hpp"
#include "ops/op.hpp"
#include "passes/pipeline.hpp"
#include "tests/golden.hpp"

namespace smelt {
namespace {

std::vector<float> floats(const Bytes& bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

float largest(const std::vector<float>& values) {
  float m = 0;
  for (float v : values) m = std::max(m, std::fabs(v));
  return m;
}

/// The largest sum of one output's weights' magnitudes: weights stand by output first, or last where depthwise.
double most_weight(const Graph& graph) {
  const Node& node = graph.nodes[0];
  const Tensor& w = graph.at(node.in(1));
  const bool last = node.op == "depthwise_conv_2d";
  const auto outputs = static_cast<size_t>(last ? w.shape.back() : w.shape.front());
  const auto count = static_cast<size_t>(elements(w.shape));
  std::vector<double> sums(outputs);
  for (size_t i = 0; i < count; ++i) sums[last ? i % outputs : i / (count / outputs)] += std::fabs(w.as<float>()[i]);
  return *std::max_element(sums.begin(), sums.end());
}

class Hybrid : public ::testing::TestWithParam<std::string> {};

TEST_P(Hybrid, LiesWithinTheReferencesOwnError) {
  Result<Graph> graph = read_model(GetParam());
  ASSERT_TRUE(graph) << graph.failure().to_string();
  ASSERT_EQ(graph->at(graph->nodes[0].in(1)).dtype, DType::f32);
  const test::KnownAnswers answers = test::known_answers(*graph);
  const double weight = most_weight(*graph);
  const TensorId out = graph->outputs[0];
  double worst = 0;
  for (size_t r = 0; r < answers.outputs.size(); ++r) {
    const double bound = weight * largest(floats(answers.inputs[r][0])) / 254 * 1.001 + 1e-5;
    const std::vector<float> want = floats(answers.outputs[r][0]);
    const std::vector<float> got = floats(evaluate(*graph, answers.inputs[r])[static_cast<size_t>(out)].bytes);
    for (size_t i = 0; i < want.size(); ++i) {
      EXPECT_NEAR(got[i], want[i], bound) << i;
      worst = std::max(worst, std::fabs(static_cast<double>(got[i]) - want[i]));
    }
  }
  EXPECT_GT(worst, 0) << "the reference is exact here, which tells nothing";
}

std::string name(const ::testing::TestParamInfo<std::string>& info) { return test::case_name(info.param); }
INSTANTIATE_TEST_SUITE_P(Cases, Hybrid, ::testing::ValuesIn(test::golden_files("hybrid")), name);

TEST(Half, EveryOneBecomesTheFloatOfItsValue) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const double exponent = bits >> 10 & 31, fraction = bits & 1023;
    double want = exponent == 0 ? fraction * std::pow(2.0, -24) : (1 + fraction / 1024) * std::pow(2.0, exponent - 15);
    if (exponent == 31) want = fraction == 0 ? INFINITY : NAN;
    const float got = from_half(half);
    if (std::isnan(want)) {
      ASSERT_TRUE(std::isnan(got)) << bits;
    } else {
      ASSERT_EQ(got, bits >> 15 != 0 ? -want : want) << bits;
      ASSERT_EQ(std::signbit(got), bits >> 15 != 0) << bits;
    }
  }
}

}  // namespace
}  // namespace smelt
