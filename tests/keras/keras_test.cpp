// Every layer as Keras 2 and Keras 3 save it, against what Keras itself computes: reader, oracle, compiled program.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "import/import.hpp"
#include "lower/compile.hpp"
#include "ops/op.hpp"
#include "passes/pipeline.hpp"
#include "tests/golden.hpp"
#include "tests/keras/models.hpp"

namespace smelt {
namespace {

using namespace test;

class KerasModels : public ::testing::TestWithParam<std::string> {};

TEST_P(KerasModels, OracleComputesWhatKerasDoes) {
  const KerasModel m = keras_model(GetParam());
  const std::vector<Value> values = evaluate(m.graph, m.inputs);
  for (size_t o = 0; o < m.outputs.size(); ++o) {
    const TensorId id = m.graph.outputs[o];
    EXPECT_TRUE(same(m.graph.at(id), m.outputs[o], values[static_cast<size_t>(id)].bytes)) << "output " << o;
  }
}

TEST_P(KerasModels, CompiledProgramComputesWhatKerasDoes) {
  KerasModel m = keras_model(GetParam());
  PassLog log;
  run_passes(m.graph, log);
  for (const plan::Rings rings : {plan::Rings::full, plan::Rings::minimum}) {
    const Result<Program> program = lower(m.graph, rings);
    ASSERT_TRUE(program) << program.failure().to_string();
    const std::vector<Bytes> outputs = Interpreter(*program).run(m.inputs);
    for (size_t o = 0; o < outputs.size(); ++o) {
      EXPECT_TRUE(same(m.graph.at(m.graph.outputs[o]), m.outputs[o], outputs[o])) << "output " << o;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, KerasModels, ::testing::ValuesIn(keras_models()), keras_name);

std::string mlperf(const std::string& file) {
  const char* data = std::getenv("SMELT_DATA_DIR");
  const std::string path = data == nullptr ? "" : std::string(data) + "/models/mlperf_tiny/" + file;
  return std::filesystem::exists(path) ? path : "";
}

#define SKIP_WITHOUT(path) \
  if ((path).empty()) GTEST_SKIP() << "SMELT_DATA_DIR is not set, or has no such model"

Bytes as_bytes(const std::vector<float>& values) {
  Bytes bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

Bytes output_of(const Graph& graph, const std::vector<float>& input) {
  return evaluate(graph, {as_bytes(input)})[static_cast<size_t>(graph.outputs.at(0))].bytes;
}

/// The benchmark's networks from their .h5 against their .tflite, both float: 1e-5 of the largest output.
class KerasTwins : public ::testing::TestWithParam<const char*> {};

TEST_P(KerasTwins, EqualTheirTfliteFiles) {
  const std::string name = GetParam(), path = mlperf(name + "_keras.h5");
  SKIP_WITHOUT(path);
  Result<Graph> keras = read_model(path);
  const Result<Graph> tflite = read_model(mlperf(name + "_float.tflite"));
  ASSERT_TRUE(keras) << keras.failure().to_string();
  ASSERT_TRUE(tflite) << tflite.failure().to_string();
  // The converter that made ad_float.tflite lost the biases of dense layers in front of batch normalizations: those in
  // the file are beta - mean * scale. Without them the twins are equal; what Keras computes is tested below.
  if (name == "ad") {
    for (Node& node : keras->nodes) {
      if (node.op == "fully_connected" && node.out() != keras->outputs.at(0)) node.inputs.resize(2);
    }
  }
  std::minstd_rand random(1);
  const Tensor& input = keras->at(keras->inputs.at(0));
  ASSERT_EQ(input.shape, tflite->at(tflite->inputs.at(0)).shape);
  for (const float scale : {1.0F, 0.01F}) {
    std::vector<float> x;
    for (int64_t i = 0; i < elements(input.shape); ++i) x.push_back(scale * static_cast<float>(random() % 256));
    EXPECT_TRUE(same(keras->at(keras->outputs.at(0)), output_of(*tflite, x), output_of(*keras, x)));
  }
}
INSTANTIATE_TEST_SUITE_P(Tiny, KerasTwins, ::testing::Values("ic", "vww", "ad"),
                         [](const auto& info) { return std::string(info.param); });

TEST(KerasTwin, AdComputesWhatKerasDoes) {
  const std::string path = mlperf("ad_keras.h5");
  SKIP_WITHOUT(path);
  const Result<Graph> graph = read_model(path);
  ASSERT_TRUE(graph) << graph.failure().to_string();
  std::vector<float> x;
  for (int i = 0; i < 640; ++i) x.push_back(static_cast<float>(i * 37 % 256) / 8 - 32);
  const Bytes bytes = output_of(*graph, x);
  std::vector<float> y(640);
  std::memcpy(y.data(), bytes.data(), bytes.size());
  // Every 80th output of Keras 2.15; the largest of all is 43.
  const double expected[] = {-38.484867095947266, -21.281150817871094, -16.531797409057617, -16.640249252319336,
                             -20.603057861328125, -14.141192436218262, -22.594274520874023, -17.58327865600586};
  for (size_t i = 0; i < 8; ++i) EXPECT_NEAR(y[80 * i], expected[i], 4.3e-4) << i;
}

}  // namespace
}  // namespace smelt
