// Operators that no .tflite file has, on every emulated target: all in one image.
#include "tests/functions.hpp"
#include "tests/golden.hpp"
#include "tests/on_target.hpp"

namespace smelt {
namespace {

class FunctionsOnTarget : public ::testing::TestWithParam<std::string> {};

TEST_P(FunctionsOnTarget, EqualTheirClosedForms) {
  const std::vector<test::FunctionCase> cases = test::function_cases();
  std::vector<test::TargetCase> runs;
  for (const test::FunctionCase& c : cases) runs.push_back({c.graph, c.inputs});
  std::vector<std::vector<Bytes>> results;
  test::run_on_target(GetParam(), runs, results);
  for (size_t c = 0; c < results.size(); ++c) {
    const Graph& g = cases[c].graph;
    EXPECT_TRUE(test::same(g.at(g.outputs[0]), cases[c].want, results[c][0])) << g.file;
  }
}

INSTANTIATE_TEST_SUITE_P(Default, FunctionsOnTarget, ::testing::Values("cortex-m4"), test::target_name);
INSTANTIATE_TEST_SUITE_P(Slow, FunctionsOnTarget,
                         ::testing::Values("cortex-m0plus", "cortex-m3", "cortex-m7", "cortex-m33", "cortex-m55",
                                           "rv32imac"),
                         test::target_name);

}  // namespace
}  // namespace smelt
