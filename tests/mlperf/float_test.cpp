// The float models against TensorFlow Lite's reference interpreter: answers made by tools/goldens/float_models.py.
#include <cmath>
#include <cstring>
#include <sstream>

#include "ops/op.hpp"
#include "runtime/check.hpp"
#include "tests/mlperf/support.hpp"

namespace smelt {
namespace {

using namespace test;

/// Name, and the formula of its inputs: pattern * scale + offset. `tolerance`: of the largest answer. That of kws is wide: its
/// weights are int8, and the reference rounds activations to int8, too, where these stay floats.
struct FloatModel {
  const char* name;
  float scale, offset, tolerance;
};

class MlperfFloat : public ::testing::TestWithParam<FloatModel> {
 protected:
  void SetUp() override { SKIP_WITHOUT_DATA(); }
};

std::vector<std::vector<float>> answers(const std::string& model) {
  std::ifstream file(std::string(SMELT_SOURCE_DIR) + "/tests/mlperf/float_answers.txt");
  std::vector<std::vector<float>> runs;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    size_t run = 0;
    words >> name >> run;
    if (name != model) continue;
    runs.emplace_back();
    for (float v = 0; words >> v;) runs.back().push_back(v);
  }
  return runs;
}

TEST_P(MlperfFloat, OracleAndKernelsAnswerAsTheReference) {
  const FloatModel& model = GetParam();
  Result<Graph> graph = read_model((data() / "models/mlperf_tiny" / (std::string(model.name) + "_float.tflite")).string());
  ASSERT_TRUE(graph) << graph.failure().to_string();
  const Graph original = *graph;
  PassLog log;
  run_passes(*graph, log);
  const Result<Program> program = lower(*graph, plan::Rings::automatic);
  ASSERT_TRUE(program) << program.failure().to_string();
  Interpreter interpreter(*program);
  uint32_t state = 0x12345678;
  const auto expected = answers(model.name);
  ASSERT_EQ(expected.size(), 2U);
  for (const std::vector<float>& wanted : expected) {
    std::vector<float> values(static_cast<size_t>(elements(original.at(original.inputs[0]).shape)));
    pattern_floats(values.data(), values.size(), state);
    for (float& v : values) v = v * model.scale + model.offset;
    Bytes input(values.size() * sizeof(float));
    std::memcpy(input.data(), values.data(), input.size());
    float largest = 0;
    for (const float v : wanted) largest = std::max(largest, std::abs(v));
    const Bytes oracle = evaluate(original, {input})[static_cast<size_t>(original.outputs[0])].bytes;
    for (const Bytes& got : {oracle, interpreter.run({input}).at(0)}) {
      ASSERT_EQ(got.size(), wanted.size() * sizeof(float));
      for (size_t i = 0; i < wanted.size(); ++i) {
        EXPECT_NEAR(reinterpret_cast<const float*>(got.data())[i], wanted[i], model.tolerance * largest) << i;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Tiny, MlperfFloat,
                         ::testing::Values(FloatModel{"ad", 20, -10, 2e-6F}, FloatModel{"ic", 127.5F, 127.5F, 1e-5F}, FloatModel{"vww", 0.5F, 0.5F, 1e-5F}, FloatModel{"kws", 60, 0, 0.02F}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace smelt
