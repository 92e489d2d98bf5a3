// Operators that no .tflite file has, on every emulated target: all in one image.
#include <gtest/gtest.h>

#include <memory>

#include "lower/compile.hpp"
#include "targets/target.hpp"
#include "tests/functions.hpp"
#include "tests/golden.hpp"
#include "verify/measure.hpp"

namespace smelt {
namespace {

class FunctionsOnTarget : public ::testing::TestWithParam<std::string> {};

TEST_P(FunctionsOnTarget, EqualTheirClosedForms) {
  const Result<targets::Target> target = targets::load_target(GetParam());
  ASSERT_TRUE(target) << target.failure().to_string();
  if (!verify::find_program(target->compiler.command) || !verify::find_program(target->emulator->command)) {
    GTEST_SKIP() << target->name << ": its compiler or emulator is not installed";
  }
  const std::vector<test::FunctionCase> cases = test::function_cases();
  std::vector<std::unique_ptr<verify::TempDir>> directories;
  verify::ImageSpec spec;
  spec.kind = verify::ImageKind::trace;
  verify::Job job;
  for (size_t c = 0; c < cases.size(); ++c) {
    const Result<Program> program = lower(cases[c].graph, plan::Rings::minimum, target->vector);
    ASSERT_TRUE(program) << program.failure().to_string();
    directories.push_back(std::make_unique<verify::TempDir>());
    const Result<verify::ModelSpec> model =
        verify::emit_model(*program, "case_" + std::to_string(c), *directories.back(), false);
    ASSERT_TRUE(model) << model.failure().to_string();
    job.batches.push_back({c, {cases[c].inputs}});
    spec.models.push_back(*model);
  }
  const Result<verify::Image> image = verify::build_image(*target, spec);
  ASSERT_TRUE(image) << image.failure().to_string();
  const Result<verify::RunResult> result = verify::run_image(*target, *image, job);
  ASSERT_TRUE(result) << result.failure().to_string();
  for (size_t c = 0; c < cases.size(); ++c) {
    const Graph& g = cases[c].graph;
    EXPECT_TRUE(test::same(g.at(g.outputs[0]), cases[c].want, result->batches[c][0].outputs[0])) << g.file;
  }
}

std::string name(const ::testing::TestParamInfo<std::string>& info) {
  std::string text = info.param;
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}
INSTANTIATE_TEST_SUITE_P(Default, FunctionsOnTarget, ::testing::Values("cortex-m4"), name);
INSTANTIATE_TEST_SUITE_P(Slow, FunctionsOnTarget,
                         ::testing::Values("cortex-m0plus", "cortex-m3", "cortex-m7", "cortex-m33", "cortex-m55", "rv32imac"),
                         name);

}  // namespace
}  // namespace smelt
