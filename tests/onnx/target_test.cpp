// Layers that become several of Smelt's own, on the emulated target, against closed forms.
#include "passes/pipeline.hpp"
#include "tests/golden.hpp"
#include "tests/on_target.hpp"
#include "tests/onnx/layers.hpp"

namespace smelt {
namespace {

using namespace test;

class OnnxOnTarget : public ::testing::TestWithParam<std::string> {};

TEST_P(OnnxOnTarget, LayersEqualTheirClosedForms) {
  const std::vector<LayerCase> cases = layer_cases();
  std::vector<TargetCase> runs;
  for (const LayerCase& c : cases) {
    Result<Graph> graph = c.model.read();
    ASSERT_TRUE(graph) << c.name << ": " << graph.failure().to_string();
    PassLog log;
    run_passes(*graph, log);
    runs.push_back({std::move(*graph), {c.input}});
  }
  std::vector<std::vector<Bytes>> results;
  run_on_target(GetParam(), runs, results);
  for (size_t c = 0; c < results.size(); ++c) {
    const Graph& g = runs[c].graph;
    for (size_t o = 0; o < g.outputs.size(); ++o)
      EXPECT_TRUE(same(g.at(g.outputs[o]), cases[c].want[o], results[c][o])) << cases[c].name;
  }
}

INSTANTIATE_TEST_SUITE_P(Default, OnnxOnTarget, ::testing::Values("cortex-m4"), target_name);
INSTANTIATE_TEST_SUITE_P(Slow, OnnxOnTarget, ::testing::Values("cortex-m0plus", "cortex-m55", "rv32imac"), target_name);

}  // namespace
}  // namespace smelt
