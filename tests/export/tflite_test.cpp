// Every golden case is written as .tflite, read again, and still gives TensorFlow Lite's own answers.
#include "export/tflite.hpp"

#include <gtest/gtest.h>

#include "import/tflite.hpp"
#include "ops/op.hpp"
#include "passes/pipeline.hpp"
#include "tests/golden.hpp"

namespace smelt {
namespace {

class WrittenTflite : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    Result<Graph> read = read_model(GetParam());
    ASSERT_TRUE(read) << read.failure().to_string();
    graph_ = std::move(*read);
    answers_ = test::known_answers(graph_);
  }

  void expect_answers(const Graph& graph) const {
    ASSERT_FALSE(answers_.outputs.empty());
    std::vector<Value> values;
    for (size_t r = 0; r < answers_.outputs.size(); ++r) {
      values = evaluate(graph, answers_.inputs[r], r == 0 ? nullptr : &values);
      for (size_t o = 0; o < graph.outputs.size(); ++o) {
        const TensorId id = graph.outputs[o];
        EXPECT_TRUE(test::same(graph.at(id), answers_.outputs[r][o], values[static_cast<size_t>(id)].bytes)) << "run " << r;
      }
    }
  }

  Graph graph_;
  test::KnownAnswers answers_;
};

Graph read_again(const Graph& graph) {
  const Result<Bytes> bytes = to_tflite(graph);
  EXPECT_TRUE(bytes) << bytes.failure().to_string();
  if (!bytes) return graph;
  Result<Graph> read = parse_tflite(*bytes, "written.tflite");
  EXPECT_TRUE(read) << read.failure().to_string();
  return read ? *read : graph;
}

/// Name, type, shape, quantization; a constant's bytes.
void expect_same(const Tensor& a, const Tensor& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.dtype, b.dtype) << a.name;
  EXPECT_EQ(a.shape, b.shape) << a.name;
  EXPECT_EQ(a.quant, b.quant) << a.name;
  EXPECT_EQ(a.constant(), b.constant()) << a.name;
  EXPECT_EQ(a.state, b.state) << a.name;
  if (a.constant() && b.constant()) {
    EXPECT_EQ(*a.data, *b.data) << a.name;
  }
}

TEST_P(WrittenTflite, ReadsBackAsTheSameGraph) {
  if (graph_.nodes[0].op == "rnn") {  // the way back is not there yet
    const Result<Bytes> bytes = to_tflite(graph_);
    ASSERT_FALSE(bytes);
    EXPECT_EQ(bytes.failure().diagnostics.at(0).code, "E0310");
    return;
  }
  const Graph again = read_again(graph_);
  ASSERT_EQ(again.nodes.size(), graph_.nodes.size());
  for (size_t n = 0; n < graph_.nodes.size(); ++n) {
    const Node& a = graph_.nodes[n];
    const Node& b = again.nodes[n];
    EXPECT_EQ(a.op, b.op);
    EXPECT_EQ(a.attrs, b.attrs) << a.op;
    ASSERT_EQ(a.inputs.size(), b.inputs.size()) << a.op;
    for (size_t i = 0; i < a.inputs.size(); ++i) {
      ASSERT_EQ(a.in(i) == no_tensor, b.in(i) == no_tensor);
      if (a.in(i) != no_tensor) expect_same(graph_.at(a.in(i)), again.at(b.in(i)));
    }
    ASSERT_EQ(a.outputs.size(), b.outputs.size()) << a.op;
    for (size_t i = 0; i < a.outputs.size(); ++i) expect_same(graph_.at(a.out(i)), again.at(b.out(i)));
  }
  expect_answers(again);
}

std::string name(const ::testing::TestParamInfo<std::string>& info) { return test::case_name(info.param); }
INSTANTIATE_TEST_SUITE_P(Ops, WrittenTflite, ::testing::ValuesIn(test::golden_files("ops")), name);
INSTANTIATE_TEST_SUITE_P(Models, WrittenTflite, ::testing::ValuesIn(test::golden_files("models")), name);

/// Paddings that passes have fused into a convolution come out as operators of their own where TFLite has no word for them.
TEST(WrittenTfliteAfterPasses, KeepsItsAnswers) {
  size_t padded = 0;
  for (const std::string& file : test::golden_files("models")) {
    SCOPED_TRACE(file);
    Result<Graph> read = read_model(file);
    ASSERT_TRUE(read);
    const test::KnownAnswers answers = test::known_answers(*read);
    Graph graph = *read;
    PassLog log;
    run_passes(graph, log);
    if (!to_tflite(graph)) continue;  // tables that passes composed have no form in the file
    const Graph again = read_again(graph);
    padded += again.nodes.size() > graph.nodes.size() ? 1 : 0;
    std::vector<Value> values;
    for (size_t r = 0; r < answers.outputs.size(); ++r) {
      values = evaluate(again, answers.inputs[r], r == 0 ? nullptr : &values);
      for (size_t o = 0; o < again.outputs.size(); ++o) {
        const TensorId id = again.outputs[o];
        EXPECT_TRUE(test::same(again.at(id), answers.outputs[r][o], values[static_cast<size_t>(id)].bytes));
      }
    }
  }
  EXPECT_GT(padded, 0u);
}

TEST(WrittenTfliteFailures, NameWhatTheFormatCannotSay) {
  Result<Graph> graph = parse(R"(graph "g"
    tensor %0 "in" f32[1, 5, 5, 1]
    tensor %1 "out" f32[1, 3, 3, 1]
    inputs (%0)
    outputs (%1)
    node %1 = average_pool_2d(%0) {activation="none", filter_h=3, filter_w=3, pad_bottom=0, pad_left=1, pad_right=1, pad_top=2, stride_h=2, stride_w=2})");
  ASSERT_TRUE(graph) << graph.failure().to_string();
  ASSERT_TRUE(verify_graph(*graph)) << verify_graph(*graph).failure().to_string();
  const Result<Bytes> bytes = to_tflite(*graph);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.failure().diagnostics.at(0).code, "E0310");
  EXPECT_NE(bytes.failure().diagnostics.at(0).place.find("out"), std::string::npos);
}

/// A layer that goes backwards and one that only gives its last state are several nodes in a file.
TEST(WrittenTfliteAfterPasses, SpellsLstmsOut) {
  for (const char* form : {"reverse=1, sequence=1", "sequence=0", "reverse=1, sequence=0", "time_major=1, sequence=0"}) {
    SCOPED_TRACE(form);
    const std::string words = form;
    const bool last = words.find("sequence=0") != std::string::npos, time_major = words.find("time_major") != std::string::npos;
    const std::string shape = time_major ? "3, 1" : "1, 3";
    Result<Graph> graph = parse("graph \"g\" tensor %0 \"x\" f32[" + shape + ", 2] tensor %1 \"w\" f32[4, 2] data=[0.5, 1, 0.25, -1, 1, "
                                "0.75, -0.5, 1] tensor %2 \"r\" f32[4, 1] data=[0.5, -1, 0.25, 1] tensor %3 \"b\" f32[4] data=[0, 1, 0.5, 0] "
                                "tensor %4 \"y\" f32[" + (last ? "1" : shape) + ", 1] inputs (%0) outputs (%4) "
                                "node %4 = lstm(%0, _, _, %1, %2, %3) {" + words + "}");
    ASSERT_TRUE(graph) << graph.failure().to_string();
    ASSERT_TRUE(verify_graph(*graph));
    EXPECT_EQ(to_tflite(*graph).failure().diagnostics.at(0).code, "E0310");
    Graph written = *graph;
    PassLog log;
    PipelineOptions options;
    options.writable = true;
    run_passes(written, log, options);
    const Graph again = read_again(written);
    const float x[] = {1, -0.5F, 0.25F, 2, -1, 0.75F};
    const Bytes in(reinterpret_cast<const uint8_t*>(x), reinterpret_cast<const uint8_t*>(x) + sizeof x);
    EXPECT_EQ(evaluate(again, {in})[static_cast<size_t>(again.outputs[0])].bytes,
              evaluate(*graph, {in})[static_cast<size_t>(graph->outputs[0])].bytes);
  }
}

}  // namespace
}  // namespace smelt
