// Networks as PyTorch, tf2onnx and ONNX Runtime's quantizer write them, against the answers of ONNX Runtime.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "import/file.hpp"
#include "import/import.hpp"
#include "lower/compile.hpp"
#include "passes/pipeline.hpp"
#include "passes/row_layout.hpp"

namespace smelt {
namespace {

namespace fs = std::filesystem;

std::vector<float> floats(const Bytes& bytes) {
  std::vector<float> v(bytes.size() / sizeof(float));
  std::memcpy(v.data(), bytes.data(), bytes.size());
  return v;
}

float distance(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  float most = 0;
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

struct Case {
  Graph graph;
  std::vector<Bytes> inputs;
  std::vector<float> expected;
};

Case load(const std::string& name) {
  const fs::path folder = fs::path(SMELT_SOURCE_DIR) / "tests/onnx/models";
  Case c;
  Result<Graph> graph = read_model((folder / (name + ".onnx")).string());
  EXPECT_TRUE(graph) << (graph ? "" : graph.failure().to_string());
  if (!graph) return c;
  c.graph = std::move(*graph);
  for (size_t i = 0; i < c.graph.inputs.size(); ++i) c.inputs.push_back(*read_file((folder / (name + ".in_" + std::to_string(i) + ".bin")).string()));
  c.expected = floats(*read_file((folder / (name + ".out_0.bin")).string()));
  return c;
}

/// The compiled program's outputs.
std::vector<Bytes> compiled(Graph graph, const std::vector<Bytes>& inputs, Graph* passed = nullptr) {
  PassLog log;
  run_passes(graph, log);
  if (passed != nullptr) *passed = graph;
  const Result<Program> program = lower(graph, LowerOptions{});
  EXPECT_TRUE(program) << (program ? "" : program.failure().to_string());
  if (!program) return {};
  return Interpreter(*program).run(inputs);
}

std::vector<std::string> names(bool quantized) {
  std::vector<std::string> all;
  for (const auto& entry : fs::directory_iterator(fs::path(SMELT_SOURCE_DIR) / "tests/onnx/models")) {
    const std::string stem = entry.path().stem().string();
    const bool is = stem.find("_qdq_") != std::string::npos || stem.find("_qop_") != std::string::npos;
    if (entry.path().extension() == ".onnx" && is == quantized) all.push_back(stem);
  }
  std::sort(all.begin(), all.end());
  return all;
}

class OnnxFloat : public ::testing::TestWithParam<std::string> {};

TEST_P(OnnxFloat, OracleAndProgramAgreeWithOnnxRuntime) {
  const Case c = load(GetParam());
  ASSERT_FALSE(c.expected.empty());
  const std::vector<Value> oracle = evaluate(c.graph, c.inputs);
  EXPECT_LT(distance(floats(oracle[static_cast<size_t>(c.graph.outputs[0])].bytes), c.expected), 1e-5F);
  const std::vector<Bytes> outputs = compiled(c.graph, c.inputs);
  ASSERT_EQ(outputs.size(), c.graph.outputs.size());
  EXPECT_LT(distance(floats(outputs[0]), c.expected), 1e-5F);
}

/// Inputs in the order of rows give the same numbers, and then no transposition is left in a network of images.
TEST_P(OnnxFloat, InTheOrderOfRowsItComputesTheSame) {
  const Case c = load(GetParam());
  ASSERT_FALSE(c.expected.empty());
  Graph graph = c.graph;
  const RowLayout layout = take_rows(graph);
  ASSERT_TRUE(verify_graph(graph));
  std::vector<Bytes> inputs = c.inputs;
  if (layout.inputs[0]) inputs[0] = reordered(inputs[0], layout.inputs[0]->file, layout.inputs[0]->order, sizeof(float));
  Graph passed;
  std::vector<Bytes> outputs = compiled(graph, inputs, &passed);
  ASSERT_EQ(outputs.size(), 1U);
  if (layout.outputs[0]) {
    DimOrder back(layout.outputs[0]->order.size());
    for (size_t d = 0; d < back.size(); ++d) back[static_cast<size_t>(layout.outputs[0]->order[d])] = static_cast<int>(d);
    outputs[0] = reordered(outputs[0], graph.at(graph.outputs[0]).shape, back, sizeof(float));
  }
  EXPECT_LT(distance(floats(outputs[0]), c.expected), 1e-5F);
  const bool image = c.graph.at(c.graph.inputs[0]).shape.size() == 4;
  if (!image) return;
  for (const Node& node : passed.nodes) EXPECT_NE(node.op, "transpose") << print(passed, {.data = false});
}

INSTANTIATE_TEST_SUITE_P(Models, OnnxFloat, ::testing::ValuesIn(names(false)), [](const auto& test) { return test.param; });

class OnnxQuantized : public ::testing::TestWithParam<std::string> {};

/// The file in floats, node by node, is what ONNX Runtime computes; a rounding may fall the other way at a tie.
TEST_P(OnnxQuantized, OracleOfTheFileAgreesWithinAStep) {
  const Case c = load(GetParam());
  ASSERT_FALSE(c.expected.empty());
  const std::vector<Value> oracle = evaluate(c.graph, c.inputs);
  const Node& last = c.graph.nodes.at(static_cast<size_t>(c.graph.producer(c.graph.outputs[0])));
  const float step = c.graph.at(last.in(0)).quant.scale.at(0);
  EXPECT_LE(distance(floats(oracle[static_cast<size_t>(c.graph.outputs[0])].bytes), c.expected), 1.01F * step);
}

/// In integers each layer may add a step of its scale: a few of the last one's in all.
TEST_P(OnnxQuantized, IntegersAreBitExactAndFewStepsAway) {
  const Case c = load(GetParam());
  ASSERT_FALSE(c.expected.empty());
  const Node& last = c.graph.nodes.at(static_cast<size_t>(c.graph.producer(c.graph.outputs[0])));
  const float step = c.graph.at(last.in(0)).quant.scale.at(0);
  Graph passed;
  const std::vector<Bytes> outputs = compiled(c.graph, c.inputs, &passed);
  ASSERT_EQ(outputs.size(), 1U);
  EXPECT_LE(distance(floats(outputs[0]), c.expected), 3.01F * step);
  const std::vector<Value> oracle = evaluate(passed, c.inputs);
  EXPECT_EQ(outputs[0], oracle[static_cast<size_t>(passed.outputs[0])].bytes);
  for (const Node& node : passed.nodes) {
    if (node.op == "quantize" || node.op == "dequantize") continue;
    for (TensorId id : node.outputs) EXPECT_NE(passed.at(id).dtype, DType::f32) << node.op << "\n" << print(passed, {.data = false});
  }
}

INSTANTIATE_TEST_SUITE_P(Models, OnnxQuantized, ::testing::ValuesIn(names(true)), [](const auto& test) { return test.param; });

}  // namespace
}  // namespace smelt
