// Layers that become several of Smelt's own, against closed forms: reader, oracle, compiled program.
#include "tests/onnx/layers.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "lower/compile.hpp"
#include "ops/op.hpp"
#include "passes/pipeline.hpp"
#include "tests/golden.hpp"

namespace smelt {
namespace {

using namespace test;

class OnnxLayers : public ::testing::TestWithParam<LayerCase> {};

TEST_P(OnnxLayers, ReaderOracleAndProgramEqualTheClosedForm) {
  const LayerCase& c = GetParam();
  Result<Graph> graph = c.model.read();
  ASSERT_TRUE(graph) << graph.failure().to_string();
  ASSERT_EQ(graph->outputs.size(), c.want.size());
  const std::vector<Value> oracle = evaluate(*graph, {c.input});
  for (size_t o = 0; o < c.want.size(); ++o) {
    const TensorId id = graph->outputs[o];
    EXPECT_TRUE(same(graph->at(id), c.want[o], oracle[static_cast<size_t>(id)].bytes));
  }
  PassLog log;
  run_passes(*graph, log);
  for (const plan::Rings rings : {plan::Rings::full, plan::Rings::minimum}) {
    const Result<Program> program = lower(*graph, rings);
    ASSERT_TRUE(program) << program.failure().to_string();
    const std::vector<Bytes> outputs = Interpreter(*program).run({c.input});
    for (size_t o = 0; o < c.want.size(); ++o) EXPECT_TRUE(same(graph->at(graph->outputs[o]), c.want[o], outputs[o]));
  }
}

INSTANTIATE_TEST_SUITE_P(All, OnnxLayers, ::testing::ValuesIn(layer_cases()),
                         [](const auto& test) { return test.param.name; });

std::string said(const OnnxModel& model) {
  const Result<Graph> graph = model.read();
  return graph ? "" : graph.failure().to_string();
}

void expect_refused(const OnnxModel& model, const std::string& words) {
  EXPECT_NE(said(model).find(words), std::string::npos) << words << "\n" << said(model);
}

/// One node over x, with the attributes that are lists.
OnnxModel one_node(const std::string& op, const Ints& shape, const Attributes& lists, const Attributes& numbers = {}) {
  OnnxModel m(22);
  m.input("x", shape);
  onnx::NodeProto& node = m.node(op, {"x"}, {"y"});
  set(node, lists, {});
  for (const auto& [name, values] : numbers) OnnxModel::attribute(node, name, values.at(0));
  m.output("y");
  return m;
}

TEST(OnnxReader, RefusesWindowsThatItCannotBear) {
  expect_refused(one_node("MaxPool", {1, 1, 2, 2, 2, 2}, {{"kernel_shape", {1, 1, 1, 1}}}), "one to three dimensions");
  expect_refused(one_node("MaxPool", {1, 1, 4, 4, 4}, {{"kernel_shape", {2, 5, 2}}}), "larger than the padded input");
  expect_refused(one_node("AveragePool", {1, 1, 90, 90}, {{"kernel_shape", {30, 30}}, {"dilations", {2, 2}}}),
                 "more than 256 elements");
  expect_refused(one_node("AveragePool", {1, 1, 6}, {{"kernel_shape", {2}}, {"dilations", {2}}, {"pads", {3, 0}}}),
                 "nothing but padding");
  expect_refused(one_node("LpPool", {1, 1, 6}, {{"kernel_shape", {2}}}, {{"p", {0}}}), "p must be at least 1");
}

TEST(OnnxReader, RefusesVolumesThatDoNotFitTheirWeights) {
  const auto conv = [](const std::string& op, const Ints& weights, int64_t groups, const Attributes& lists) {
    OnnxModel m;
    m.input("x", {1, 4, 3, 3, 3});
    m.constant("w", weights, noise(weights, 1).v);
    onnx::NodeProto& node = m.node(op, {"x", "w"}, {"y"});
    set(node, lists, {});
    OnnxModel::attribute(node, "group", groups);
    m.output("y");
    return m;
  };
  for (int64_t groups : {-1, 0, 3, 5}) expect_refused(conv("Conv", {4, 4, 2, 2, 2}, groups, {}), "group");
  expect_refused(conv("Conv", {4, 3, 2, 2, 2}, 1, {}), "do not fit");
  expect_refused(conv("Conv", {4, 4, 4, 2, 2}, 1, {}), "larger than the padded input");
  expect_refused(conv("Conv", {1, 4, 65, 1, 1}, 1, {{"pads", {40, 0, 0, 40, 0, 0}}}), "65 slices");
  expect_refused(conv("ConvTranspose", {4, 4, 2, 2}, 1, {}), "do not fit");
  expect_refused(conv("ConvTranspose", {4, 2, 2, 2, 2}, 3, {}), "do not fit");
  expect_refused(conv("ConvTranspose", {4, 2, 2, 2, 2}, 1, {{"output_shape", {int64_t{1} << 62, 4, 4}}}),
                 "output_shape");
  expect_refused(conv("ConvTranspose", {4, 2, 2, 2, 2}, 1, {{"output_shape", {1 << 27, 1 << 27, 4}}}), "too large");
}

TEST(OnnxReader, RefusesModesThatItDoesNotKnow) {
  for (const char* op : {"SpaceToDepth", "DepthToSpace"}) {
    OnnxModel m = one_node(op, {1, 4, 4, 4}, {}, {{"blocksize", {2}}});
    m.proto.mutable_opset_import(0)->set_version(28);
    set_words(*m.graph().mutable_node(0), {{"mode", "RCD"}});
    expect_refused(m, "mode RCD");
  }
}

TEST(OnnxReader, RefusesSizesAndPaddingsOutOfRange) {
  constexpr int64_t least = std::numeric_limits<int64_t>::min();
  expect_refused(one_node("AveragePool", {1, 1, 6, 4}, {{"kernel_shape", {1, 2}}, {"pads", {0, 5, least, 4}}}),
                 "pads are out of range");
  for (int64_t size : {int64_t{1} << 62, int64_t{1} << 40, int64_t{0}, int64_t{-1}, least}) {
    for (const char* policy : {"stretch", "not_larger", "not_smaller"}) {
      OnnxModel m(19);
      m.input("x", {1, 4, 3});
      m.integers("sizes", {1, size, 3});
      onnx::NodeProto& node = m.node("Resize", {"x", "", "", "sizes"}, {"y"});
      set_words(node, {{"keep_aspect_ratio_policy", policy}});
      m.output("y");
      const bool fits =
          std::string(policy) == "not_larger" ? size > 0 : std::string(policy) == "not_smaller" && size < 1;
      if (!fits) expect_refused(m, "a resize from");
    }
  }
}

/// A kernel that widens with a scale of next to nothing, while the region makes up for it.
TEST(OnnxReader, RefusesKernelsWithoutEnd) {
  OnnxModel m(19);
  m.input("x", {1000});
  m.constant("roi", {2}, {-1e6F, 1e6F});
  m.constant("scales", {1}, {1e-9F});
  onnx::NodeProto& node = m.node("Resize", {"x", "roi", "scales"}, {"y"});
  set_words(node, {{"mode", "linear"}, {"coordinate_transformation_mode", "tf_crop_and_resize"}});
  OnnxModel::attribute(node, "antialias", 1);
  m.output("y");
  expect_refused(m, "a resize from 1000 to 1");
}

TEST(OnnxReader, RefusesBatchesThatIndicesDoNotShare) {
  for (int64_t shared : {-1, 2, 3}) {
    OnnxModel m;
    m.input("x", {2, 3, 4});
    m.integers("i", {0, 1});
    OnnxModel::attribute(m.node("GatherND", {"x", "i"}, {"y"}), "batch_dims", shared);
    m.output("y");
    expect_refused(m, "batch_dims");
  }
}

}  // namespace
}  // namespace smelt
