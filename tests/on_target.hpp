// Graphs on an emulated target, all in one image.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "lower/compile.hpp"
#include "targets/target.hpp"
#include "verify/measure.hpp"

namespace smelt::test {

struct TargetCase {
  Graph graph;  ///< as it is compiled
  std::vector<Bytes> inputs;
};

/// The outputs of each case in `results`; a test that lacks the compiler or the emulator skips.
inline void run_on_target(const std::string& name, const std::vector<TargetCase>& cases,
                          std::vector<std::vector<Bytes>>& results) {
  const Result<targets::Target> target = targets::load_target(name);
  ASSERT_TRUE(target) << target.failure().to_string();
  if (!verify::find_program(target->compiler.command) || !verify::find_program(target->emulator->command)) {
    GTEST_SKIP() << target->name << ": its compiler or emulator is not installed";
  }
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
  for (const auto& batch : result->batches) results.push_back(batch.at(0).outputs);
  ASSERT_EQ(results.size(), cases.size());
}

/// "cortex_m4", as names of tests want it.
inline std::string target_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string text = info.param;
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

}  // namespace smelt::test
