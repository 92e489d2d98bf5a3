// Some of the models on the emulated target, against Keras itself.
#include "targets/target.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "lower/compile.hpp"
#include "passes/pipeline.hpp"
#include "tests/golden.hpp"
#include "tests/keras/models.hpp"
#include "verify/measure.hpp"

namespace smelt {
namespace {

using namespace test;

class KerasOnTarget : public ::testing::TestWithParam<std::string> {};

TEST_P(KerasOnTarget, ComputesWhatKerasDoes) {
  const Result<targets::Target> target = targets::load_target(GetParam());
  ASSERT_TRUE(target) << target.failure().to_string();
  if (!verify::find_program(target->compiler.command) || !verify::find_program(target->emulator->command)) {
    GTEST_SKIP() << target->name << ": its compiler or emulator is not installed";
  }
  std::vector<KerasModel> models;
  for (const char* name : {"v2/lstm.h5", "v3/gru.keras", "v3/bidirectional.keras", "v3/states.keras", "v2/conv1d.h5",
                           "v3/folded.keras", "v2/sequential.h5"}) {
    models.push_back(keras_model(name));
  }
  std::vector<std::unique_ptr<verify::TempDir>> directories;
  verify::ImageSpec spec;
  spec.kind = verify::ImageKind::trace;
  verify::Job job;
  for (size_t m = 0; m < models.size(); ++m) {
    PassLog log;
    run_passes(models[m].graph, log);
    const Result<Program> program = lower(models[m].graph, plan::Rings::minimum, target->vector);
    ASSERT_TRUE(program) << program.failure().to_string();
    directories.push_back(std::make_unique<verify::TempDir>());
    const Result<verify::ModelSpec> model =
        verify::emit_model(*program, "model_" + std::to_string(m), *directories.back(), false);
    ASSERT_TRUE(model) << model.failure().to_string();
    job.batches.push_back({m, {models[m].inputs}});
    spec.models.push_back(*model);
  }
  const Result<verify::Image> image = verify::build_image(*target, spec);
  ASSERT_TRUE(image) << image.failure().to_string();
  const Result<verify::RunResult> result = verify::run_image(*target, *image, job);
  ASSERT_TRUE(result) << result.failure().to_string();
  for (size_t m = 0; m < models.size(); ++m) {
    const Graph& g = models[m].graph;
    for (size_t o = 0; o < g.outputs.size(); ++o) {
      EXPECT_TRUE(same(g.at(g.outputs[o]), models[m].outputs[o], result->batches[m][0].outputs[o]))
          << g.file << ", output " << o;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Default, KerasOnTarget, ::testing::Values("cortex-m4"), keras_name);
INSTANTIATE_TEST_SUITE_P(Slow, KerasOnTarget, ::testing::Values("cortex-m0plus", "cortex-m55", "rv32imac"), keras_name);

}  // namespace
}  // namespace smelt
