// Some of the models on the emulated target, against Keras itself.
#include "passes/pipeline.hpp"
#include "tests/golden.hpp"
#include "tests/keras/models.hpp"
#include "tests/on_target.hpp"

namespace smelt {
namespace {

using namespace test;

class KerasOnTarget : public ::testing::TestWithParam<std::string> {};

TEST_P(KerasOnTarget, ComputesWhatKerasDoes) {
  std::vector<KerasModel> models;
  for (const char* name : {"v2/lstm.h5", "v3/gru.keras", "v3/bidirectional.keras", "v3/states.keras", "v2/conv1d.h5",
                           "v3/folded.keras", "v2/sequential.h5"}) {
    models.push_back(keras_model(name));
  }
  std::vector<TargetCase> runs;
  for (KerasModel& m : models) {
    PassLog log;
    run_passes(m.graph, log);
    runs.push_back({m.graph, m.inputs});
  }
  std::vector<std::vector<Bytes>> results;
  run_on_target(GetParam(), runs, results);
  for (size_t m = 0; m < results.size(); ++m) {
    const Graph& g = models[m].graph;
    for (size_t o = 0; o < g.outputs.size(); ++o) {
      EXPECT_TRUE(same(g.at(g.outputs[o]), models[m].outputs[o], results[m][o])) << g.file << ", output " << o;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Default, KerasOnTarget, ::testing::Values("cortex-m4"), target_name);
INSTANTIATE_TEST_SUITE_P(Slow, KerasOnTarget, ::testing::Values("cortex-m0plus", "cortex-m55", "rv32imac"),
                         target_name);

}  // namespace
}  // namespace smelt
