// Every golden case through importer, verifier, oracle, and the compiled program at full and at minimum ring depth.
#include <gtest/gtest.h>

#include "lower/compile.hpp"
#include "ops/op.hpp"
#include "passes/pipeline.hpp"
#include "tests/golden.hpp"

namespace smelt {
namespace {

class Golden : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    Result<Graph> read = read_model(GetParam());
    ASSERT_TRUE(read) << read.failure().to_string();
    graph_ = std::move(*read);
    answers_ = test::known_answers(graph_);
    ASSERT_FALSE(answers_.outputs.empty());
  }

  void run_program(const Graph& graph, plan::Rings rings) const {
    const Result<Program> program = lower(graph, rings);
    ASSERT_TRUE(program) << program.failure().to_string();
    Interpreter interpreter(*program);
    for (size_t r = 0; r < answers_.outputs.size(); ++r) {
      const std::vector<Bytes> outputs = interpreter.run(answers_.inputs[r]);
      for (size_t o = 0; o < outputs.size(); ++o) {
        EXPECT_TRUE(test::same(graph.at(graph.outputs[o]), answers_.outputs[r][o], outputs[o])) << "run " << r;
      }
    }
  }

  Graph graph_;
  test::KnownAnswers answers_;
};

TEST_P(Golden, Oracle) {
  std::vector<Value> values;
  for (size_t r = 0; r < answers_.outputs.size(); ++r) {
    values = evaluate(graph_, answers_.inputs[r], r == 0 ? nullptr : &values);
    for (size_t o = 0; o < graph_.outputs.size(); ++o) {
      const TensorId id = graph_.outputs[o];
      EXPECT_TRUE(test::same(graph_.at(id), answers_.outputs[r][o], values[static_cast<size_t>(id)].bytes)) << "run " << r;
    }
  }
}

TEST_P(Golden, Compiled) {
  Graph graph = graph_;
  PassLog log;
  run_passes(graph, log);
  for (const plan::Rings rings : {plan::Rings::full, plan::Rings::minimum}) run_program(graph, rings);
}

std::string name(const ::testing::TestParamInfo<std::string>& info) { return test::case_name(info.param); }
INSTANTIATE_TEST_SUITE_P(Ops, Golden, ::testing::ValuesIn(test::golden_files("ops")), name);
INSTANTIATE_TEST_SUITE_P(Models, Golden, ::testing::ValuesIn(test::golden_files("models")), name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Golden);

TEST(GoldenCases, EveryOperatorHasSome) {
  for (const OpDef* op : operators()) {
    bool found = op->tflite.empty();  // made by passes, in no file
    for (const char* builtin : op->tflite) {
      std::string folder = builtin;
      std::transform(folder.begin(), folder.end(), folder.begin(), [](unsigned char c) { return std::tolower(c); });
      found = found || !test::golden_files("ops/" + folder).empty();
    }
    EXPECT_TRUE(found) << op->name << " has no golden cases";
  }
}

}  // namespace
}  // namespace smelt
