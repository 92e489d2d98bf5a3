// Real models, and the answers of the format's own interpreter about them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "import/import.hpp"
#include "import/tflite.hpp"
#include "ops/op.hpp"

namespace smelt {
namespace {

namespace fs = std::filesystem;

class MlperfTiny : public ::testing::TestWithParam<const char*> {};

/// ops.txt lists each operator with its output tensor as TFLite's interpreter sees them:
/// `op00 FULLY_CONNECTED tensor=21 INT8 1x128 scale=0.0494591296 zp=-128`.
TEST_P(MlperfTiny, HasTheOperatorsAndTensorsOfTheReference) {
  const char* data = std::getenv("SMELT_DATA_DIR");
  if (data == nullptr) GTEST_SKIP() << "SMELT_DATA_DIR is not set";
  const fs::path model = fs::path(data) / "models/mlperf_tiny" / (std::string(GetParam()) + "_int8.tflite");
  const Result<Graph> graph = read_model(model.string());
  ASSERT_TRUE(graph) << graph.failure().to_string();

  std::ifstream listing(fs::path(data) / "golden" / GetParam() / "ops/in_00/ops.txt");
  ASSERT_TRUE(listing);
  size_t n = 0;
  for (std::string line; std::getline(listing, line); ++n) {
    std::istringstream words(line);
    std::string index, builtin, tensor, type, shape, scale, zero_point;
    words >> index >> builtin >> tensor >> type >> shape >> scale >> zero_point;
    ASSERT_FALSE(zero_point.empty()) << line;
    ASSERT_LT(n, graph->nodes.size());
    const Node& node = graph->nodes[n];
    const OpDef* op = find_tflite_op(builtin);
    ASSERT_NE(op, nullptr) << builtin;
    EXPECT_EQ(node.op, op->name) << line;
    EXPECT_EQ(node.source, static_cast<int>(n));
    const Tensor& out = graph->at(node.out());
    EXPECT_EQ(out.source, std::stoi(tensor.substr(tensor.find('=') + 1))) << line;
    EXPECT_EQ(type, "INT8");
    EXPECT_EQ(out.dtype, DType::i8) << line;
    EXPECT_EQ(to_string(out.shape), shape) << line;
    ASSERT_EQ(out.quant.scale.size(), 1u) << line;
    EXPECT_EQ(out.quant.scale[0], std::stof(scale.substr(scale.find('=') + 1))) << line;
    EXPECT_EQ(out.quant.zero_point[0], std::stoi(zero_point.substr(zero_point.find('=') + 1))) << line;
  }
  EXPECT_EQ(n, graph->nodes.size());
  EXPECT_GT(n, 5u);
}

INSTANTIATE_TEST_SUITE_P(Int8, MlperfTiny, ::testing::Values("kws", "vww", "ic", "ad"),
                         [](const auto& info) { return std::string(info.param); });

TEST(MlperfTinyFloat, IsReadToo) {
  const char* data = std::getenv("SMELT_DATA_DIR");
  if (data == nullptr) GTEST_SKIP() << "SMELT_DATA_DIR is not set";
  for (const char* name : {"vww", "ic", "ad"}) {
    const fs::path model = fs::path(data) / "models/mlperf_tiny" / (std::string(name) + "_float.tflite");
    const Result<Graph> graph = read_tflite(model.string());
    ASSERT_TRUE(graph) << graph.failure().to_string();
    EXPECT_EQ(graph->at(graph->inputs.at(0)).dtype, DType::f32);
    EXPECT_FALSE(graph->at(graph->inputs.at(0)).quant.present());
  }
}

/// Its weights are int8 and its activations float ("dynamic range"): read as a model of floats.
TEST(MlperfTinyFloat, HybridKwsHasFloatWeights) {
  const char* data = std::getenv("SMELT_DATA_DIR");
  if (data == nullptr) GTEST_SKIP() << "SMELT_DATA_DIR is not set";
  const Result<Graph> graph = read_tflite((fs::path(data) / "models/mlperf_tiny/kws_float.tflite").string());
  ASSERT_TRUE(graph) << graph.failure().to_string();
  for (const Node& node : graph->nodes) {
    for (TensorId id : node.inputs) {
      if (id == no_tensor) continue;
      EXPECT_NE(graph->at(id).dtype, DType::i8) << place(*graph, node);
    }
  }
}

}  // namespace
}  // namespace smelt
